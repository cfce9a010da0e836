package train

import (
	"fmt"
	"iter"

	"github.com/go-cloze/cloze/tokenize"
)

// BPEConfig says what tokenizer to train.
type BPEConfig struct{ Config }

// DefaultBPE is GPT-2's kind of tokenizer with 8,192 pieces.
func DefaultBPE() BPEConfig {
	return BPEConfig{Config{VocabSize: 8192, SpecialTokens: []string{"<|endoftext|>"}, MinFrequency: 1, MemoryBytes: 1 << 30}}
}

// Validate says what is wrong with a configuration.
func (c BPEConfig) Validate() error {
	why := fmt.Sprintf("the 256 bytes and %d special tokens", len(c.SpecialTokens))
	if err := c.validate(256+len(c.SpecialTokens), why); err != nil {
		return err
	}
	_, err := tokenize.NewBPE(c.SpecialTokens, nil)
	return err
}

// BPE trains a byte-level BPE tokenizer on texts, a document each; a text may be overwritten once the next is asked for. An error that
// the texts give ends the training and is returned.
//
// The rule: the pair with the largest count merges first; of equals the one with the smaller left id, then the smaller right id. A
// pair that would spell a special token never merges, so that data cannot yield it.
func BPE(cfg BPEConfig, texts iter.Seq2[[]byte, error]) (*tokenize.Tokenizer, Report, error) {
	var t *tokenize.Tokenizer
	report, err := trained(cfg.Config, cfg.Validate, func(c Config, report *Report) error {
		list := &wordList{}
		if err := collect(c, func() splitter { return gptWords{} }, texts, list, report); err != nil {
			return err
		}
		m := newMerger(c, list, bytePieces(c, list))
		m.refused = func(raw string) bool { return len(raw) <= maxSpelled && m.special[spelled(raw)] }
		m.run()
		var err error
		if t, err = tokenize.NewBPE(c.SpecialTokens, m.merges); err == nil {
			report.VocabSize = t.VocabSize()
		}
		return err
	})
	return t, report, err
}

// gptWords cuts as GPT-2 does.
type gptWords struct{}

func (gptWords) split(w *counter, text []byte) {
	for i := 0; i < len(text); {
		end := tokenize.WordEnd(text, i)
		w.word(text[i:end])
		i = end
	}
}

// bytePieces turns a list of byte values into one of piece ids and returns what those pieces are.
func bytePieces(c Config, list *wordList) (pieces []string) {
	var id [256]int32
	for i, b := range tokenize.ByteAlphabet() {
		id[b] = int32(len(c.SpecialTokens) + i)
		pieces = append(pieces, string([]byte{b}))
	}
	for i, s := range list.symbols {
		if s >= 0 {
			list.symbols[i] = id[s]
		}
	}
	return pieces
}

// maxSpelled is more than any special token has.
const maxSpelled = 4096

// spelled returns the bytes as a byte-level vocabulary spells them.
func spelled(raw string) string {
	b := []rune{}
	for i := range len(raw) {
		b = append(b, tokenize.ByteRune(raw[i]))
	}
	return string(b)
}
