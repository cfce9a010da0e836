//go:build torch

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
	"github.com/go-cloze/cloze/tokenize"
)

// objective is the two halves of what a model is trained for.
type objective struct {
	examples objectives.Objective
	loss     loss.Loss
}

// objectiveNames are the objectives that there are.
var objectiveNames = []string{"next-token", "masked-token", translation}

// translation is the objective of pairs of texts in two languages.
const translation = "translation"

// What data.blocks may be.
const (
	blocksOfTokens    = "tokens"
	blocksOfDocuments = "documents"
	blocksByLength    = "bucketed"
)

// languages is the number of languages that the model tells apart, 0 where it does not.
func (c *pretrainConfig) languages() int {
	if bert, ok := c.Model.config().(models.BERTConfig); ok && bert.NumLanguages > 1 {
		return bert.NumLanguages
	}
	return 0
}

// cut makes blocks of the stream of the i-th corpus. Where the model knows languages, each corpus of a mix is in one of its own.
func (c *pretrainConfig) cut(i int, stream *objectives.Stream) (blocks objectives.Blocks) {
	if c.Data.Blocks == blocksOfTokens {
		blocks = stream.Cut(c.Train.BlockSize)
	} else {
		blocks = objectives.CutDocuments(stream, c.Train.BlockSize, c.Data.Blocks == blocksByLength)
	}
	if i > 0 && (c.Objective == translation || c.languages() > 0) {
		blocks = objectives.Spoken{Blocks: blocks, Language: int16(i)}
	}
	return blocks
}

// checkLanguages checks that the model has a language for each corpus.
func (c *pretrainConfig) checkLanguages(corpora int) error {
	want := corpora
	if c.Objective == translation {
		want++ // the first text's is the same in all
	}
	if have := c.languages(); have > 0 && want > have {
		return fmt.Errorf("the model tells %d languages apart (model.n_langs) and the texts are in %d, one for each corpus of data.mix; raise the key, or mix fewer", have, want)
	}
	return nil
}

// masks says whether tokens are masked: the model is an encoder then.
func (c *pretrainConfig) masks() bool { return c.Objective != "next-token" }

// pairs says whether rows of two texts get a class.
func (c *pretrainConfig) pairs() bool {
	return c.masks() && c.Masking.Sentence != objectives.NoSentences
}

// rowExtra is the number of tokens that a row of the model may have beyond those of a block.
func (c *pretrainConfig) rowExtra() int {
	if c.masks() {
		return c.Masking.RowExtra()
	}
	return 0
}

// sentenceTerm is the name of the second term of the loss, "" where there is none.
func (c *pretrainConfig) sentenceTerm() string {
	switch {
	case !c.pairs():
		return ""
	case c.Masking.Sentence == objectives.NextSentence:
		return "next-sentence"
	}
	return "sentence-order"
}

// newObjective makes the objective for a tokenizer; elsewhere is where next-sentence finds other texts.
func (c *pretrainConfig) newObjective(t *tokenize.Tokenizer, elsewhere objectives.Blocks) (objective, error) {
	if !c.masks() {
		return objective{objectives.NextToken{}, loss.NextToken{}}, nil
	}
	examples, err := objectives.NewMaskedToken(c.Masking, rolesOf(t))
	if err != nil {
		return objective{}, err
	}
	if c.Objective == translation {
		t := objectives.Translation{MaskedToken: examples}
		for i := range max(1, len(c.Data.Mix)) { // the first text's language is the same in all corpora
			t.Languages = append(t.Languages, [2]int16{0, int16(i + 1)})
		}
		return objective{t, loss.MaskedToken{}}, nil
	}
	examples.Elsewhere = elsewhere
	return objective{examples, loss.MaskedToken{Sentence: c.sentenceTerm()}}, nil
}

// rolesOf are the ids that the examples of an encoder are made with.
func rolesOf(t *tokenize.Tokenizer) objectives.Roles {
	r, eot := t.Roles(), int32(objectives.IgnoreIndex)
	if id, ok := t.EndOfText(); ok {
		eot = id
	}
	return objectives.Roles{CLS: r.CLS, SEP: r.SEP, Mask: r.Mask, EndOfText: eot, Special: t.Special(), VocabSize: t.VocabSize()}
}

// checkObjective checks the objective's own keys, and that the model is of the kind that it trains.
func (c *pretrainConfig) checkObjective() error {
	if !slices.Contains(objectiveNames, c.Objective) {
		return fmt.Errorf("unknown objective %q; %s", c.Objective, config.Suggest(c.Objective, objectiveNames))
	}
	shape := c.Model.config().Shape()
	switch {
	case !c.masks() && !shape.Causal:
		return fmt.Errorf("objective %s and model %s: a token of an encoder sees the one that it is asked for: choose masked-token, or a causal model (%s)",
			c.Objective, shape.ModelType, strings.Join(models.GPTPresets(), ", "))
	case !c.masks():
		return nil
	case shape.Causal:
		return fmt.Errorf("objective %s and model %s: a causal model sees nothing of what follows a mask: choose next-token, or an encoder (%s)",
			c.Objective, shape.ModelType, strings.Join(models.BERTPresets(), ", "))
	}
	if err := c.Masking.Validate(); err != nil {
		return err
	}
	if c.Objective == translation {
		switch {
		case c.Data.Blocks == blocksOfTokens:
			return fmt.Errorf("data.blocks is %s, which would cut pairs of texts apart; for translation give %s or %s", c.Data.Blocks, blocksOfDocuments, blocksByLength)
		case c.Masking.Sentence != objectives.NoSentences || c.Masking.FullSentences:
			return fmt.Errorf("masking.sentence and masking.full_sentences make rows of one language's texts; leave them out for translation")
		}
	}
	_, err := c.network()
	return err
}

// network is the configuration of the model with the heads that the objective needs.
func (c *pretrainConfig) network() (models.Config, error) {
	if !c.masks() {
		return c.Model.config(), nil
	}
	return models.WithHeads(c.Model.config(), c.pairs())
}

// addRoles gives the tokenizer what an encoder's rows need, where it lacks it.
func (c *pretrainConfig) addRoles(t *tokenize.Tokenizer) (with *tokenize.Tokenizer, note string, err error) {
	if !c.masks() {
		return t, "", nil
	}
	with, added, err := t.WithRoles()
	if err == nil && len(added) > 0 {
		note = fmt.Sprintf("the tokenizer lacked %s for an encoder's rows: added behind its %s tokens, in the run's tokenizer.json", strings.Join(added, ", "), count(t.VocabSize()))
	}
	return with, note, err
}

// extendInit gives the model of --init the heads that it lacks.
func (p *pretraining) extendInit(want models.Config) error {
	have := p.init.Model
	if have.Configuration().NumParams() == want.NumParams() {
		return nil
	}
	p.note(fmt.Sprintf("%s has no head for what is trained: the weights of one are fresh", p.init.Weights))
	return torch.Do(func() error {
		p.init.Model = models.Extend(have, want, p.cfg.Train.Seed)
		have.Params().Free()
		return nil
	})
}
