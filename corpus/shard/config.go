package shard

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"github.com/go-cloze/cloze/tokenize"
)

// Config says what a set is made with.
type Config struct {
	Tokenizer string   // sha256 of the tokenizer, hexadecimal: tokenize.Tokenizer.Hash
	VocabSize int      // ids are below it; up to 65,536 an id takes two bytes, beyond four
	EndOfText int32    // the id put before each document; NoID for none
	Words     bool     // word starts are kept: a bit an id
	Languages []string // names of the languages; nil where there is one, and then no language is kept
	FileBytes int64    // a file is ended before the document that would make it longer
}

// DefaultFileBytes is 1 GiB: few files for a large corpus, each still easy to move.
const DefaultFileBytes = 1 << 30

// ConfigFor is the configuration for a tokenizer's ids, with word starts and one language.
func ConfigFor(t *tokenize.Tokenizer) Config {
	eot, ok := t.EndOfText()
	if !ok {
		eot = NoID
	}
	return Config{Tokenizer: t.Hash(), VocabSize: t.VocabSize(), EndOfText: eot, Words: true, FileBytes: DefaultFileBytes}
}

// Validate says what is wrong with the configuration, nil when nothing is.
func (c Config) Validate() error {
	if raw, err := hex.DecodeString(c.Tokenizer); err != nil || len(raw) != 32 {
		return fmt.Errorf("shard: tokenizer %q is not a sha256 in hexadecimal: give tokenize.Tokenizer.Hash", c.Tokenizer)
	}
	switch {
	case c.VocabSize < 1 || c.VocabSize > math.MaxInt32:
		return fmt.Errorf("shard: a vocabulary of %d: give the largest id plus one", c.VocabSize)
	case c.EndOfText != NoID && (c.EndOfText < 0 || int(c.EndOfText) >= c.VocabSize):
		return fmt.Errorf("shard: end of text %d is outside the vocabulary of %d: give one of its ids, or NoID", c.EndOfText, c.VocabSize)
	case c.FileBytes < 1:
		return fmt.Errorf("shard: files of %d bytes: give at least 1", c.FileBytes)
	case len(c.Languages) > math.MaxInt16:
		return fmt.Errorf("shard: %d languages: at most %d are kept", len(c.Languages), math.MaxInt16)
	}
	for _, name := range c.Languages {
		if name == "" || strings.ContainsAny(name, "\n\r") {
			return fmt.Errorf("shard: language name %q: give a name without a line break", name)
		}
	}
	return nil
}

func (c Config) header(part uint32, previous uint64) header {
	h := header{bits: idBits(int64(c.VocabSize)), part: part, vocab: uint32(c.VocabSize), eot: c.EndOfText, previous: previous}
	_, _ = hex.Decode(h.tokenizer[:], []byte(c.Tokenizer)) // Validate has seen to it
	if c.Words {
		h.flags |= flagWords
	}
	if len(c.Languages) > 0 {
		h.flags |= flagLanguages
	}
	return h
}

// Document is a document as the Writer takes it. Nothing of it is kept.
type Document struct {
	IDs       []int32
	Words     []uint64 // bit i is set where IDs[i] starts a word; used where Config.Words
	TextBytes int      // length of the text
	Hash      uint64   // of the text, HashText
	Language  int16    // index into Config.Languages; 0 without
}

// EstimateBytes is about what a set of that many ids and documents takes on disk.
func (c Config) EstimateBytes(ids, documents int) int64 {
	h := c.header(0, 0)
	h.documents, h.ids = uint64(documents), uint64(ids+documents) // an eot each
	return h.layout().end
}
