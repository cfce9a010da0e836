//go:build torch

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/objectives/train"
	"github.com/go-cloze/cloze/objectives/train/hogwild"
	"github.com/go-cloze/cloze/objectives/wordvec"
)

// vectorsConfig is all that "pretrain" can be told by keys when the objective is word vectors; RUN/config.yaml holds it resolved.
type vectorsConfig struct {
	Objective string `yaml:"objective"`
	hogwild.Config
	InitVectors string                 `yaml:"init-vectors"` // run, fastText .bin or vector file that the vectors start from
	UpdateVocab wordvec.Switch         `yaml:"update-vocab"` // 1 keeps the words of init-vectors and adds those of the texts
	Corpus      corpusSection          `yaml:"corpus"`
	Checkpoint  train.CheckpointConfig `yaml:"checkpoint"`
}

// The objectives that train word vectors.
const (
	word2vec = "word2vec"
	fastText = "fasttext"
)

var vectorObjectives = []string{word2vec, fastText}

func defaultVectors(objective string) vectorsConfig {
	c := vectorsConfig{
		Objective: objective, Config: hogwild.Config{Config: wordvec.DefaultWord2Vec(), Seed: 1}, Corpus: defaultCorpus(),
		Checkpoint: train.CheckpointConfig{Every: train.Interval{Time: 10 * time.Minute}, Keep: 2},
	}
	if objective == fastText {
		c.Config.Config = wordvec.DefaultFastText()
	}
	return c
}

// objectiveOf is the objective that flags, --set or a configuration file name, that of the run where it is resumed; "" where none does.
func objectiveOf(f *pretrainFlags) string {
	if f.changed("objective") {
		return f.objective
	}
	for _, set := range slices.Backward(f.config.sets) {
		if name, ok := strings.CutPrefix(set, "objective="); ok {
			return name
		}
	}
	files := []string{f.config.file}
	if f.resume {
		files = append(files, filepath.Join(f.out, train.ConfigFile))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // whoever loads it says so
		}
		for line := range bytes.Lines(data) {
			if name, ok := strings.CutPrefix(string(line), "objective:"); ok {
				name, _, _ = strings.Cut(name, "#")
				return strings.Trim(strings.TrimSpace(name), `"'`)
			}
		}
	}
	return ""
}

// resolve lays file, --set and flags over what c holds, the defaults or the run's own.
func (c *vectorsConfig) resolve(f *pretrainFlags) error {
	objective := c.Objective
	if _, err := config.Load(c, f.config.file, f.config.sets); err != nil {
		return err
	}
	if c.Objective != objective {
		return fmt.Errorf("objective is %q here and %q there; give it once", c.Objective, objective)
	}
	for flag, set := range map[string]func(){
		"seed":          func() { c.Seed = f.seed },
		"threads":       func() { c.Threads = f.threads },
		"deterministic": func() { c.Deterministic = f.deterministic },
		"keep":          func() { c.Checkpoint.Keep = f.keep },
		"init-vectors":  func() { c.InitVectors = f.initVectors },
		"update-vocab":  func() { c.UpdateVocab = wordvec.Switch(f.updateVocab) },
		"tokenizer":     func() { c.Words = f.tokenizer },
	} {
		if f.changed(flag) {
			set()
		}
	}
	if c.Objective == word2vec {
		c.MinN, c.MaxN, c.Buckets = 0, 0, 0
	}
	c.Config.Resolve()
	if err := c.Corpus.resolve(&f.reading); err != nil {
		return err
	}
	return c.validate()
}

func (c *vectorsConfig) validate() error {
	if err := c.Config.Validate(); err != nil {
		return err
	}
	if bool(c.UpdateVocab) && c.InitVectors == "" {
		return fmt.Errorf("update-vocab adds words to vectors that are there; name them with --init-vectors")
	}
	return c.Checkpoint.Validate()
}

// refuseForVectors refuses flags that mean nothing to word vectors.
func (f *pretrainFlags) refuseForVectors(objective string) error {
	for flag, instead := range map[string]string{
		"model": "set dim", "steps": "set epochs", "init": "give --init-vectors", "cache": "the numbers of the words are in RUN/tokens",
		"on-divergence": "a run that diverges stops",
	} {
		if f.changed(flag) {
			return fmt.Errorf("--%s is not for --objective %s: %s", flag, objective, instead)
		}
	}
	if f.changed("device") && f.device != "cpu" {
		return fmt.Errorf("--device %s: word vectors are trained on the processor; leave it out", f.device)
	}
	return nil
}

// refuseForModels refuses the flags that are of word vectors alone.
func (f *pretrainFlags) refuseForModels() error {
	for _, flag := range []string{"init-vectors", "update-vocab", "deterministic"} {
		if f.changed(flag) {
			return fmt.Errorf("--%s is for --objective %s; leave it out", flag, strings.Join(vectorObjectives, " and "))
		}
	}
	return nil
}

// vectorsConfigOf reads the configuration of a run of word vectors from its folder.
func vectorsConfigOf(run string) (vectorsConfig, error) {
	file := filepath.Join(run, train.ConfigFile)
	c := defaultVectors(objectiveOf(&pretrainFlags{config: configFlags{file: file}, changed: func(string) bool { return false }}))
	_, err := config.Load(&c, file, nil)
	return c, err
}

// addVectors adds the flags of word vectors.
func (f *pretrainFlags) addVectors(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.initVectors, "init-vectors", "", "run, fastText .bin or vector file that word vectors start from; the key init-vectors")
	cmd.Flags().BoolVar(&f.updateVocab, "update-vocab", false, "keep the words of --init-vectors and add those of the texts; the key update-vocab")
	cmd.Flags().BoolVar(&f.deterministic, "deterministic", false, "word vectors: the same bits for a seed and a number of threads; the key deterministic")
}

// vectorsHelp is what the help text says of word vectors.
func vectorsHelp() string {
	c, other := defaultVectors(word2vec), defaultVectors(fastText)
	var own []string
	for _, change := range config.Changes(&c, &other)[1:] { // the first is the objective
		own = append(own, change.Key+" "+change.To)
	}
	return `

Word vectors, --objective word2vec or fasttext, take a line (a document) as a sentence and write a run whose newest checkpoint
neighbors, analogy, embed and export read. --tokenizer makes its pieces the words. Their keys, with the defaults of word2vec;
fasttext's own are ` + strings.Join(own, ", ") + `:

` + indent(string(config.Format(&c)))
}
