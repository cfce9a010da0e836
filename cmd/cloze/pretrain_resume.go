//go:build torch

package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/objectives/train"
	"github.com/go-cloze/cloze/tokenize"
)

// resumed is a run that is gone on with: what it was until now.
type resumed struct {
	config pretrainConfig
	inputs inputs
}

// mayChange are the keys that a run may be resumed with other values of: they change neither what was read nor what the weights and moments mean.
// All others are refused. Those of the learning rate hold for the steps to come.
var mayChange = map[string]bool{
	"train.steps": true, "train.learning_rate": true, "train.min_learning_rate": true, "train.max_grad_norm": true, "train.on_divergence": true,
	"train.eval_every": true, "train.log_every": true, "train.early_stopping_patience": true, "train.gradient_checkpointing": true,
	"checkpoint.every": true, "checkpoint.keep": true, "data.max_tokens": true, "device": true, "threads": true,
}

// openRun locks the folder of --out: a new one, or with --resume the one of the run. was is what the run was until now, nil where it has not begun.
func openRun(f *pretrainFlags) (folder *train.Folder, was *resumed, err error) {
	if !f.resume {
		folder, err = train.CreateFolder(f.out)
		return folder, nil, err
	}
	if folder, err = train.OpenFolder(f.out); err != nil {
		return nil, nil, err
	}
	for _, name := range []string{train.ConfigFile, train.TokenizerFile, train.ModelFile, inputsFile} {
		if folder.Has(name) {
			continue
		}
		if folder.ResumedStep() > 0 {
			folder.Close()
			return nil, nil, fmt.Errorf("%s: is missing, and the run cannot go on without it; bring it back, or start a new run from its weights with --init %s",
				filepath.Join(f.out, name), f.out)
		}
		return folder, nil, nil // killed before all was there, or never started
	}
	was = new(resumed)
	if was.config, err = runConfig(f.out); err == nil {
		was.inputs, err = readInputs(f.out)
	}
	if err != nil {
		folder.Close()
		return nil, nil, err
	}
	return folder, was, nil
}

// runConfig reads the configuration of a run from its folder.
func runConfig(run string) (pretrainConfig, error) {
	c := defaultPretrain()
	network, err := models.ReadConfig(filepath.Join(run, train.ModelFile))
	if err != nil {
		return c, err
	}
	c.Model = newModelSection("", network)
	if _, err = config.Load(&c, filepath.Join(run, train.ConfigFile), nil); err != nil {
		return c, err
	}
	return c, c.Corpus.resolve(&readingFlags{})
}

// resolveResumed lays what the command gives over the run's own configuration, so that the same command, or a shorter one, goes on with it.
func (c *pretrainConfig) resolveResumed(f *pretrainFlags) (err error) {
	if *c, err = runConfig(f.out); err != nil {
		return err
	}
	if _, err := config.Load(c, f.config.file, f.config.sets); err != nil {
		return err
	}
	f.lay(c)
	for _, model := range []string{f.model, f.init} {
		if model != "" {
			c.Model.Preset = model
		}
	}
	f.vocabGiven = true // by the run
	if err := c.Corpus.resolve(&f.reading); err != nil {
		return err
	}
	return c.validate()
}

// compareConfig refuses a configuration that is another run's, by its keys, and notes what else is new.
func (p *pretraining) compareConfig() error {
	if init := p.resumed.inputs.Init; p.flags.init != "" && p.flags.init != init {
		return fmt.Errorf("%s: the run began with --init %q, not %q; give the same, or leave it out", p.flags.out, init, p.flags.init)
	}
	var refused []string
	for _, change := range config.Changes(&p.resumed.config, &p.cfg) {
		text := fmt.Sprintf("%s was %s and is now %s", change.Key, orNothing(change.From), orNothing(change.To))
		if mayChange[change.Key] {
			p.changed = true
			p.note(text)
		} else {
			refused = append(refused, text)
		}
	}
	if done := p.folder.ResumedStep(); p.cfg.Train.Steps < done {
		refused = append(refused, fmt.Sprintf("train.steps is %d but %d are done", p.cfg.Train.Steps, done))
	}
	if len(refused) > 0 {
		return fmt.Errorf("%s: the run cannot go on with other settings: %s; give what it began with, leave it out, or start a new run", p.flags.out, strings.Join(refused, ", "))
	}
	return nil
}

func orNothing(value string) string {
	if value == "" {
		return "not there"
	}
	return value
}

// runTokenizer opens the tokenizer of the run that is resumed; another one given beside it is refused.
func (p *pretraining) runTokenizer() (err error) {
	own := filepath.Join(p.flags.out, train.TokenizerFile)
	if p.tokenizer, err = tokenize.Open(own); err != nil {
		return err
	}
	if p.flags.tokenizer == "" {
		return nil
	}
	given, err := tokenize.Open(p.flags.tokenizer)
	if err != nil {
		return err
	}
	if given, _, err = p.cfg.addRoles(given); err != nil {
		return err
	}
	if given.Hash() != p.tokenizer.Hash() {
		return fmt.Errorf("%s: is not the tokenizer that the run began with, %s: sha256 %.16s then, %.16s now; give that one, or leave --tokenizer out",
			p.flags.tokenizer, own, p.tokenizer.Hash(), given.Hash())
	}
	return nil
}

// sayWhere notes where a run goes on from.
func (p *pretraining) sayWhere() {
	switch step := p.folder.ResumedStep(); {
	case !p.flags.resume:
	case p.resumed == nil:
		p.note("nothing to go on with in " + p.flags.out + ": the run starts at step 0")
	case step == 0:
		p.note("no checkpoint of the run is complete: it starts at step 0")
	default:
		p.note(fmt.Sprintf("goes on after step %d", step))
	}
}
