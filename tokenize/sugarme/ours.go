package sugarme

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sugarme/tokenizer"
	"github.com/sugarme/tokenizer/normalizer"

	"github.com/go-cloze/cloze/tokenize"
)

// New returns a tokenizer of theirs that encodes as t does: added tokens are found, text is normalized, cut and looked up by t, and offsets are
// bytes of the input. Truncation and padding of the file are not set. It may be used by any number of goroutines.
func New(t *tokenize.Tokenizer) *tokenizer.Tokenizer {
	tk := tokenizer.NewTokenizer(Model(t))
	tk.WithPreTokenizer(whole{t})
	tk.WithPostProcessor(PostProcessor(t))
	tk.WithDecoder(Decoder(t))
	return tk
}

// Model returns the model of t alone: words come in as its pre-tokenizer spells them ("Ġtea"), offsets are bytes of the word. Text
// yields no special token but the unknown one.
func Model(t *tokenize.Tokenizer) tokenizer.Model { return model{t, t.Parts().Pieces} }

type model struct {
	t      *tokenize.Tokenizer
	pieces func(string) []tokenize.Part
}

// Tokenize never returns an error: theirs ends the process on one in EncodeBatch.
func (m model) Tokenize(word string) ([]tokenizer.Token, error) {
	parts := m.pieces(word)
	tokens := make([]tokenizer.Token, len(parts))
	for i, p := range parts {
		value, _ := m.t.Token(p.ID)
		tokens[i] = tokenizer.Token{Id: int(p.ID), Value: value, Offsets: []int{p.Start, p.End}}
	}
	return tokens, nil
}

func (m model) TokenToId(token string) (int, bool) {
	id, ok := m.t.ID(token)
	return int(id), ok
}

func (m model) IdToToken(id int) (string, bool) {
	if id != int(int32(id)) {
		return "", false
	}
	return m.t.Token(int32(id))
}

// GetVocab makes a new map at each call, added tokens in it.
func (m model) GetVocab() map[string]int {
	vocab := make(map[string]int, m.t.VocabSize())
	for id := range m.t.VocabSize() {
		if token, ok := m.t.Token(int32(id)); ok {
			vocab[token] = id
		}
	}
	return vocab
}

func (m model) GetVocabSize() int { return len(m.GetVocab()) }

// Save writes the whole tokenizer.json into a folder, with the prefix before its name.
func (m model) Save(dir string, prefix ...string) error {
	name := "tokenizer.json"
	if len(prefix) > 0 && prefix[0] != "" {
		name = prefix[0] + "-" + name
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	return m.t.Save(filepath.Join(dir, name))
}

// PreTokenizer returns the pre-tokenizer of t alone: it cuts normalized text, and writes it as t's model wants it (bytes as characters, ▁ for
// blanks). Splits that hold tokens already are left.
func PreTokenizer(t *tokenize.Tokenizer) tokenizer.PreTokenizer { return preTokenizer(t.Parts().Split) }

type preTokenizer func(string) []tokenize.Word

func (p preTokenizer) PreTokenize(text *tokenizer.PreTokenizedString) (*tokenizer.PreTokenizedString, error) {
	return text.Split(func(_ int, n *normalizer.NormalizedString) []tokenizer.SplitIdx {
		var out []tokenizer.SplitIdx
		for _, w := range p(n.GetNormalized()) {
			out = append(out, tokenizer.SplitIdx{Normalized: rewritten(n, w)})
		}
		return out
	}), nil
}

// Normalizer returns the normalizer of t.
func Normalizer(t *tokenize.Tokenizer) normalizer.Normalizer {
	return ourNormalizer(t.Parts().Normalize)
}

type ourNormalizer func(string) tokenize.Word

func (f ourNormalizer) Normalize(n *normalizer.NormalizedString) (*normalizer.NormalizedString, error) {
	w := f(n.GetNormalized())
	return aligned(n, w, 0, n.LenOriginal()), nil
}

// Decoder returns the decoder of t. Tokens are looked up by their spelling; one that t does not know stands for itself.
func Decoder(t *tokenize.Tokenizer) tokenizer.Decoder { return decoder{t} }

type decoder struct{ t *tokenize.Tokenizer }

func (d decoder) Decode(tokens []string) string {
	// Tokens between two unknown ones are decoded together: bytes of one character may be in several.
	out, ids := "", []int32(nil)
	for _, token := range tokens {
		if id, ok := d.t.ID(token); ok {
			ids = append(ids, id)
			continue
		}
		out += d.t.Decode(ids, false) + token
		ids = ids[:0]
	}
	return out + d.t.Decode(ids, false)
}

func (d decoder) DecodeChain(tokens []string) []string { return []string{d.Decode(tokens)} }

// whole is everything before the post-processor: it cuts a text and gives each part its tokens.
type whole struct{ t *tokenize.Tokenizer }

func (p whole) PreTokenize(text *tokenizer.PreTokenizedString) (*tokenizer.PreTokenizedString, error) {
	return text.Split(func(_ int, n *normalizer.NormalizedString) []tokenizer.SplitIdx {
		e := p.t.EncodeWith(n.GetNormalized(), tokenize.EncodeOptions{NoTemplate: true})
		var out []tokenizer.SplitIdx
		// Tokens come with the splits, so that their model is never asked: it would see one word at a time, and not what is around it.
		for from := 0; from < len(e.IDs); {
			to := from + 1
			start, end := e.Offsets[from][0], e.Offsets[from][1]
			for to < len(e.IDs) && e.WordIDs[to] == e.WordIDs[from] {
				start, end = min(start, e.Offsets[to][0]), max(end, e.Offsets[to][1])
				to++
			}
			out = append(out, split(n, &e, from, to, start, end))
			from = to
		}
		return out
	}), nil
}

// split is one word: tokens from..to of an encoding, over the bytes start..end of the text. A word without bytes (a blank that was put in front) gets
// those of the text around it, since theirs drops splits without text.
func split(n *normalizer.NormalizedString, e *tokenize.Encoding, from, to, start, end int) tokenizer.SplitIdx {
	text := n.GetNormalized()
	if start == end {
		if end < len(text) {
			end++
		} else {
			start--
		}
	}
	s := tokenizer.SplitIdx{Normalized: rewritten(n, sliced(text, start, end))}
	for i := from; i < to; i++ {
		s.Tokens = append(s.Tokens, tokenizer.Token{Id: int(e.IDs[i]), Value: e.Pieces[i], Offsets: []int{e.Offsets[i][0] - start, e.Offsets[i][1] - start}})
	}
	return s
}

// sliced is part of a text as a word.
func sliced(text string, start, end int) tokenize.Word {
	w := tokenize.Word{Text: text[start:end], Offsets: make([][2]int, end-start)}
	for i := range w.Offsets {
		w.Offsets[i] = [2]int{start + i, start + i + 1}
	}
	return w
}
