package pipeline

import (
	"fmt"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/tokenize"
)

// InitOptions say how training goes on from a model.
type InitOptions struct {
	// Tokenizer replaces the model's own where it is not nil. It must give every token of the old one its old id; what
	// it has beyond grows the vocabulary.
	Tokenizer  *tokenize.Tokenizer
	Checkpoint string // as in Options
	Seed       uint64 // of new rows
}

// Init opens a run or Hugging Face folder as the start of more training, for instance on texts of another domain: its
// weights and its tokenizer, with rows for the tokens that a larger tokenizer adds. The growth says how many; its
// Rows is 0 where nothing was added.
func Init(path string, o InitOptions) (*LM, models.Growth, error) {
	lm, err := Options{Checkpoint: o.Checkpoint}.Open(path)
	if err != nil || o.Tokenizer == nil {
		return lm, models.Growth{}, err
	}
	growth, err := lm.grow(path, o)
	if err != nil {
		lm.Close()
		return nil, models.Growth{}, err
	}
	return lm, growth, nil
}

// grow puts the larger tokenizer in the old one's place.
func (lm *LM) grow(path string, o InitOptions) (growth models.Growth, err error) {
	old, new := lm.Tokenizer, o.Tokenizer
	for id := range int32(old.VocabSize()) {
		was, exists := old.Token(id)
		if is, still := new.Token(id); exists && (!still || is != was) {
			return growth, fmt.Errorf("%s: id %d is %q in the model's tokenizer and %q in the one given: its vector would stand for another text; add tokens behind the %d of the model's own, or train from the start",
				path, id, was, is, old.VocabSize())
		}
	}
	if new.VocabSize() > old.VocabSize() {
		err = torch.Do(func() error {
			larger, g, err := models.Grow(lm.Model, old.VocabSize(), new.VocabSize(), o.Seed)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			lm.Model.Params().Free()
			lm.Model, growth = larger, g
			return nil
		})
		if err != nil {
			return growth, err
		}
	}
	lm.Tokenizer = new
	lm.Note, err = models.CheckVocab(lm.Model.Configuration().Shape().VocabSize, new.VocabSize(), nil)
	return growth, err
}
