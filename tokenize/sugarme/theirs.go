package sugarme

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sugarme/tokenizer"
	"github.com/sugarme/tokenizer/normalizer"

	"github.com/go-cloze/cloze/tokenize"
)

// Normalize turns a normalizer of theirs into a step for [tokenize.Tokenizer.WithParts]. Where it fails or panics, onError is told (nil: nobody),
// from any goroutine, and the text goes on as it was.
func Normalize(n normalizer.Normalizer, onError func(error)) func(string) tokenize.Word {
	return func(text string) tokenize.Word {
		got, err := guarded(func() (*normalizer.NormalizedString, error) { return n.Normalize(normalizer.NewNormalizedFrom(text)) })
		if err == nil && got == nil {
			err = errors.New("it returned nothing")
		}
		if err != nil {
			tell(onError, "normalizer", err)
			return sliced(text, 0, len(text))
		}
		return word(got, 0)
	}
}

// Split turns a pre-tokenizer of theirs into a step. Where it fails, the text is one word.
func Split(p tokenizer.PreTokenizer, onError func(error)) func(string) []tokenize.Word {
	return func(text string) []tokenize.Word {
		got, err := guarded(func() (words []tokenize.Word, err error) {
			cut, err := p.PreTokenize(tokenizer.NewPreTokenizedString(text))
			if err != nil || cut == nil {
				return nil, errors.Join(err, nilError(cut == nil))
			}
			// Split passes over what has tokens, which would be lost without a word.
			for _, made := range cut.GetSplits(normalizer.OriginalTarget, tokenizer.Byte) {
				if made.Tokens != nil {
					return nil, errors.New("it makes tokens, which a model is for")
				}
			}
			cut.Split(func(_ int, n *normalizer.NormalizedString) []tokenizer.SplitIdx {
				words = append(words, word(n, n.Shift()))
				return nil
			})
			return words, nil
		})
		if err != nil {
			tell(onError, "pre-tokenizer", err)
			return []tokenize.Word{sliced(text, 0, len(text))}
		}
		return got
	}
}

// Pieces turns a model of theirs into a step; its ids must be those of the tokenizer that gets it. Where it fails, the word has no tokens,
// and its bytes are counted as dropped.
func Pieces(m tokenizer.Model, onError func(error)) func(string) []tokenize.Part {
	return func(text string) []tokenize.Part {
		tokens, err := guarded(func() ([]tokenizer.Token, error) { return m.Tokenize(text) })
		if err != nil {
			tell(onError, "model", err)
			return nil
		}
		parts := make([]tokenize.Part, 0, len(tokens))
		for _, t := range tokens {
			// Offsets that are missing or wrong do no harm: WithParts keeps them inside the word.
			p := tokenize.Part{ID: int32(t.Id), End: len(text)}
			if t.Id != int(p.ID) {
				p.ID = -1
			}
			if len(t.Offsets) == 2 {
				p.Start, p.End = t.Offsets[0], t.Offsets[1]
			}
			parts = append(parts, p)
		}
		return parts
	}
}

// FromModel makes a tokenizer of a model of theirs: its vocabulary, a word for the whole text (set Split for another), the unknown token
// unk, which is in the vocabulary. Save can't write the model and writes its vocabulary as one of whole words.
func FromModel(m tokenizer.Model, unk string, onError func(error)) (*tokenize.Tokenizer, error) {
	vocab, err := guarded(func() (map[string]int, error) { return m.GetVocab(), nil })
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if _, ok := vocab[unk]; !ok {
		return nil, fmt.Errorf("model: the unknown token %q is not in the vocabulary of %d pieces", unk, len(vocab))
	}
	file, err := json.Marshal(map[string]any{"model": map[string]any{"type": "WordLevel", "vocab": vocab, "unk_token": unk}})
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	t, err := tokenize.Parse(file)
	if err != nil {
		return nil, err
	}
	return t.WithParts(tokenize.Parts{Pieces: Pieces(m, onError)}), nil
}

// word is a string of theirs as a step of ours gives it; shift is where its original starts in the text that the step was given.
func word(n *normalizer.NormalizedString, shift int) tokenize.Word {
	w := tokenize.Word{Text: n.GetNormalized()}
	for _, a := range n.Alignments() {
		w.Offsets = append(w.Offsets, [2]int{shift + a[0], shift + a[1]})
	}
	return w
}

// guarded turns a panic of theirs into an error.
func guarded[T any](f func() (T, error)) (got T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return f()
}

func nilError(is bool) error {
	if is {
		return errors.New("it returned nothing")
	}
	return nil
}

func tell(onError func(error), part string, err error) {
	if onError != nil {
		onError(fmt.Errorf("sugarme %s: %w", part, err))
	}
}
