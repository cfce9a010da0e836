//go:build torch

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
	"github.com/go-cloze/cloze/objectives/train"
)

// pretrainConfig is all that "pretrain" can be told by keys; RUN/config.yaml holds it resolved. Each section is the
// Config of the package that it configures.
type pretrainConfig struct {
	Objective  string                 `yaml:"objective"`
	Model      modelSection           `yaml:"model"`
	Tokenizer  tokenizerSection       `yaml:"tokenizer"`
	Corpus     corpusSection          `yaml:"corpus"`
	Data       dataSection            `yaml:"data"`
	Train      train.Config           `yaml:"train"`
	Checkpoint train.CheckpointConfig `yaml:"checkpoint"`
	Device     string                 `yaml:"device"`  // cpu or cuda
	Threads    int                    `yaml:"threads"` // 0 is all that this process may use
}

// modelSection is a preset and what differs from it.
type modelSection struct {
	Preset string `yaml:"preset"`
	models.GPTConfig
}

// dataSection says what of the corpus is held out, and how much is taken.
type dataSection struct {
	objectives.SplitConfig
	// MaxTokens bounds the token shards, two or four bytes a token; a larger corpus is refused.
	MaxTokens int64 `yaml:"max_tokens"`
}

// objective is the two halves of what a model is trained for.
type objective struct {
	examples objectives.Objective
	loss     loss.Loss
}

// objectiveNames are the objectives that there are.
var objectiveNames = []string{"next-token"}

func newObjective(name string) (objective, error) {
	if name == "next-token" {
		return objective{objectives.NextToken{}, loss.NextToken{}}, nil
	}
	return objective{}, fmt.Errorf("unknown objective %q; %s", name, config.Suggest(name, objectiveNames))
}

func defaultPretrain() pretrainConfig {
	preset := models.GPTPresets()[0]
	gpt, err := models.GPTPreset(preset)
	if err != nil {
		panic(err) // a preset that lists itself and cannot be made is our bug
	}
	return pretrainConfig{
		Objective: "next-token", Model: modelSection{preset, gpt}, Tokenizer: defaultTokenizer(), Corpus: defaultCorpus(),
		Data:  dataSection{objectives.DefaultSplit(), 1 << 36},
		Train: train.DefaultConfig(), Checkpoint: train.DefaultCheckpoint(), Device: "cpu",
	}
}

// resolve lays file, --set and flags over the defaults, the preset below all of them, and fits what was not given to
// what was: a block is the model's context, a step about as many tokens as by default, the warm-up a tenth of the
// steps at most.
func (c *pretrainConfig) resolve(f *pretrainFlags) error {
	given, err := c.load(f)
	if err != nil {
		return err
	}
	f.lay(c)
	tokens := c.Train.StepTokens()
	if !slices.Contains(given, "train.block_size") {
		c.Train.BlockSize = c.Model.NumContext
	}
	if !slices.Contains(given, "train.batch_size") {
		c.Train.BatchSize = int(max(1, tokens/int64(c.Train.BlockSize)))
	}
	if !slices.Contains(given, "train.warmup_steps") {
		c.Train.WarmupSteps = min(c.Train.WarmupSteps, c.Train.Steps/10)
	}
	f.vocabGiven = slices.Contains(given, "model.vocab_size") || strings.HasSuffix(f.model, ".json")
	if err := c.Corpus.resolve(&f.reading); err != nil {
		return err
	}
	return c.validate()
}

// load reads the keys twice: the first time to learn which preset they stand on.
func (c *pretrainConfig) load(f *pretrainFlags) ([]string, error) {
	first := *c
	if _, err := config.Load(&first, f.config.file, f.config.sets); err != nil {
		return nil, err
	}
	name := first.Model.Preset
	if f.model != "" {
		name = f.model
	}
	gpt, err := modelConfig(name)
	if err != nil {
		return nil, err
	}
	c.Model = modelSection{name, gpt}
	given, err := config.Load(c, f.config.file, f.config.sets)
	c.Model.Preset = name
	return given, err
}

// modelConfig is the configuration of a preset, or of a config.json.
func modelConfig(name string) (models.GPTConfig, error) {
	if !strings.HasSuffix(name, ".json") && !strings.ContainsRune(name, os.PathSeparator) {
		return models.GPTPreset(name)
	}
	gpt, err := models.ReadGPTConfig(name)
	if err != nil && !strings.Contains(err.Error(), name) {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return gpt, err
}

// validate checks each section and what they say together.
func (c *pretrainConfig) validate() error {
	if _, err := newObjective(c.Objective); err != nil {
		return err
	}
	for _, section := range []interface{ Validate() error }{c.Model, c.Data, c.Train, c.Checkpoint} {
		if err := section.Validate(); err != nil {
			return err
		}
	}
	switch {
	case c.Train.BlockSize > c.Model.NumContext:
		return fmt.Errorf("train.block_size %d is more than the model's context of %d tokens (model.n_positions); lower the one or raise the other",
			c.Train.BlockSize, c.Model.NumContext)
	case c.Data.MaxTokens < 1:
		return fmt.Errorf("data.max_tokens is %d; give at least 1", c.Data.MaxTokens)
	case c.Threads < 0:
		return fmt.Errorf("threads is %d; give 0 for all, or a number", c.Threads)
	}
	return nil
}
