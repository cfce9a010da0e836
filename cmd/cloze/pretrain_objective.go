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
var objectiveNames = []string{"next-token", "masked-token"}

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
