//go:build torch

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/pipeline"
	"github.com/go-cloze/cloze/objectives"
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
	Masking    objectives.MaskConfig  `yaml:"masking"`
	Train      train.Config           `yaml:"train"`
	Checkpoint train.CheckpointConfig `yaml:"checkpoint"`
	Device     string                 `yaml:"device"`  // cpu or cuda
	Threads    int                    `yaml:"threads"` // 0 is all that this process may use
}

// modelSection is a preset and what differs from it; the keys are those of the preset's family.
type modelSection struct {
	Preset string `yaml:"preset"`
	ModelKeys
}

// ModelKeys is a pointer to a family's configuration.
type ModelKeys any

// allFamilies holds the keys of every family, for reading a file whose preset is not known yet. Where two have a key,
// the first takes it: Llama, whose ids may be lists too.
type allFamilies struct {
	LlamaKeys
	GPTKeys
	BERTKeys
	ModernBERTKeys
}

type (
	LlamaKeys      any
	GPTKeys        any
	BERTKeys       any
	ModernBERTKeys any
)

func newModelSection(preset string, c models.Config) modelSection {
	return modelSection{preset, models.Settings(c)}
}

// config is the network that the section describes.
func (m modelSection) config() models.Config { return models.Configured(m.ModelKeys) }

// setVocab makes the table as long as the tokenizer wants it.
func (m *modelSection) setVocab(rows int) error {
	c, err := models.WithKeys(m.config(), map[string]any{"vocab_size": rows})
	if err == nil {
		m.ModelKeys = models.Settings(c)
	}
	return err
}

// dataSection says what of the corpus is held out, and how much is taken.
type dataSection struct {
	objectives.SplitConfig
	// MaxTokens bounds the token shards, two or four bytes a token; a larger corpus is refused.
	MaxTokens int64 `yaml:"max_tokens"`
	// Mix is corpora and their weights, WEIGHT=PATH each, in place of paths on the command line: which share of the blocks read is of which.
	Mix []string `yaml:"mix"`
	// MixAlpha multiplies each weight of Mix by its corpus's number of tokens to this power (Lample and Conneau 2019, section 3.1): 0 takes the weights as
	// they are, 1 makes weights of 1 the share of the tokens, 0.5 or 0.7 reads small languages more often than their share.
	MixAlpha float64 `yaml:"mix_alpha"`
	// Blocks is what a block of train.block_size tokens holds: tokens (documents one behind the other, cut at its end), documents (whole ones, as many as
	// fit) or bucketed (whole ones of about equal length).
	Blocks string `yaml:"blocks"`
}

func defaultPretrain() pretrainConfig {
	preset := models.GPTPresets()[0]
	network, err := models.Preset(preset)
	if err != nil {
		panic(err) // a preset that lists itself and cannot be made is our bug
	}
	return pretrainConfig{
		Objective: "next-token", Model: newModelSection(preset, network), Tokenizer: defaultTokenizer(), Corpus: defaultCorpus(),
		Data: dataSection{SplitConfig: objectives.DefaultSplit(), MaxTokens: 1 << 36, Blocks: blocksOfTokens}, Masking: objectives.DefaultMask(),
		Train: train.DefaultConfig(), Checkpoint: train.DefaultCheckpoint(), Device: "cpu",
	}
}

// resolve lays file, --set and flags over the defaults, the preset below all of them, and fits what was not given to
// what was: a block is the model's context but at most 2048 tokens, a step about as many tokens as by default, the
// warm-up a tenth of the steps at most.
func (c *pretrainConfig) resolve(f *pretrainFlags) error {
	given, err := c.load(f)
	if err != nil {
		return err
	}
	f.lay(c)
	tokens := c.Train.StepTokens()
	if !slices.Contains(given, "train.block_size") {
		c.Train.BlockSize = max(1, min(c.Model.config().Shape().NumContext-c.rowExtra(), 2048))
	}
	if !slices.Contains(given, "train.batch_size") {
		c.Train.BatchSize = int(max(1, tokens/int64(c.Train.BlockSize)))
	}
	if !slices.Contains(given, "train.warmup_steps") {
		c.Train.WarmupSteps = min(c.Train.WarmupSteps, c.Train.Steps/10)
	}
	if c.Objective == translation && !slices.Contains(given, "data.blocks") {
		c.Data.Blocks = blocksOfDocuments
	}
	f.vocabGiven = slices.Contains(given, "model.vocab_size") || strings.HasSuffix(f.model, ".json") || f.init != ""
	if err := c.Corpus.resolve(&f.reading); err != nil {
		return err
	}
	return c.validate()
}

// load reads the keys twice: the first time to learn which preset they stand on.
func (c *pretrainConfig) load(f *pretrainFlags) ([]string, error) {
	first := *c
	first.Model.ModelKeys = &allFamilies{&models.LlamaConfig{}, &models.GPTConfig{}, &models.BERTConfig{}, &models.ModernBERTConfig{}}
	named, err := config.Load(&first, f.config.file, f.config.sets)
	if err != nil {
		return nil, err
	}
	if f.changed("objective") {
		first.Objective = f.objective
	}
	if first.masks() && !slices.Contains(named, "model.preset") {
		first.Model.Preset = models.BERTPresets()[0]
	}
	name, network, err := first.Model.Preset, models.Config(nil), error(nil)
	switch {
	case f.init != "" && f.model != "":
		return nil, errors.New("--init brings the model that --model names; leave one of them out")
	case f.init != "":
		name = f.init
		network, err = pipeline.ReadConfig(f.init)
	case f.model != "":
		name = f.model
		fallthrough
	default:
		network, err = modelConfig(name)
	}
	if err != nil {
		return nil, err
	}
	c.Model = newModelSection(name, network)
	given, err := config.Load(c, f.config.file, f.config.sets)
	c.Model.Preset = name
	if err == nil && f.init != "" && !sameConfig(network, c.Model.config()) {
		keys := slices.DeleteFunc(slices.Clone(given), func(key string) bool { return !strings.HasPrefix(key, "model.") })
		err = fmt.Errorf("--init %s brings the model as it is, and %s would make it another; leave out what differs", f.init, strings.Join(keys, ", "))
	}
	return given, err
}

// sameConfig says whether two configurations are one, key by key.
func sameConfig(a, b models.Config) bool {
	one, errA := a.ConfigJSON()
	other, errB := b.ConfigJSON()
	return errA == nil && errB == nil && bytes.Equal(one, other)
}

// modelConfig is the configuration of a preset, of a config.json, or of the model in a folder.
func modelConfig(name string) (models.Config, error) {
	if !strings.HasSuffix(name, ".json") && !strings.ContainsRune(name, os.PathSeparator) {
		return models.Preset(name)
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return pipeline.ReadConfig(name)
	}
	network, err := models.ReadConfig(name)
	if err != nil && !strings.Contains(err.Error(), name) {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return network, err
}

// validate checks each section and what they say together.
func (c *pretrainConfig) validate() error {
	if err := c.checkObjective(); err != nil {
		return err
	}
	for _, section := range []interface{ Validate() error }{c.Model.config(), c.Data, c.Train, c.Checkpoint} {
		if err := section.Validate(); err != nil {
			return err
		}
	}
	switch context := c.Model.config().Shape().NumContext; {
	case c.Train.BlockSize > context:
		return fmt.Errorf("train.block_size %d is more than the model's context of %d tokens (model.n_positions, model.max_position_embeddings); lower the one or raise the other",
			c.Train.BlockSize, context)
	case c.Train.BlockSize+c.rowExtra() > context:
		return fmt.Errorf("train.block_size %d and the %d tokens around a text are more than the model's context of %d; lower the one to %d, or raise model.max_position_embeddings",
			c.Train.BlockSize, c.rowExtra(), context, context-c.rowExtra())
	case !slices.Contains([]string{blocksOfTokens, blocksOfDocuments, blocksByLength}, c.Data.Blocks):
		return fmt.Errorf("data.blocks: unknown %q; %s", c.Data.Blocks, config.Suggest(c.Data.Blocks, []string{blocksOfTokens, blocksOfDocuments, blocksByLength}))
	case !(c.Data.MixAlpha >= 0 && c.Data.MixAlpha <= 1):
		return fmt.Errorf("data.mix_alpha is %g; give an exponent from 0 (the weights as they are) to 1 (times the tokens)", c.Data.MixAlpha)
	case c.Data.MaxTokens < 1:
		return fmt.Errorf("data.max_tokens is %d; give at least 1", c.Data.MaxTokens)
	case c.Threads < 0:
		return fmt.Errorf("threads is %d; give 0 for all, or a number", c.Threads)
	}
	return nil
}
