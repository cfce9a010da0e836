//go:build torch

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/pipeline"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/train"
	"github.com/go-cloze/cloze/tokenize"
)

// pretraining is one call of "pretrain"; run reads downwards.
type pretraining struct {
	cmd   *cobra.Command
	cfg   pretrainConfig
	flags pretrainFlags
	paths []string

	tokenizer *tokenize.Tokenizer
	folder    *train.Folder
	resumed   *resumed     // the run that is gone on with, nil for a new one
	changed   bool         // the run goes on with other keys
	init      *pipeline.LM // of --init, nil without and where a checkpoint takes its place
	aside     string       // where the token shards are until they are whole; "" with --cache, and where they are there
	parts     []*part      // the corpora
	excluded  []textFile   // whose texts are not trained on
	report    pretrainReport
	train     objectives.Side
	valid     objectives.Side
	data      blended
}

func (p *pretraining) run() error {
	defer p.closeTokens()
	defer func() {
		if p.init != nil {
			p.init.Close()
		}
	}()
	steps := []func() error{p.openTokenizer, p.encode, p.split, p.trainModel}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return p.finish()
}

func (p *pretraining) stderr() io.Writer { return p.cmd.ErrOrStderr() }

// openTokenizer opens --tokenizer or that of --init, or trains one on the corpus.
func (p *pretraining) openTokenizer() (err error) {
	if p.sayWhere(); p.resumed != nil {
		if err := p.compareConfig(); err != nil {
			return err
		}
		if err := p.runTokenizer(); err != nil {
			return err
		}
		if p.flags.init = p.resumed.inputs.Init; p.flags.init != "" && p.folder.ResumedStep() == 0 {
			return p.openInit()
		}
		return nil
	}
	if p.flags.tokenizer != "" {
		if p.tokenizer, err = tokenize.Open(p.flags.tokenizer); err != nil {
			return err
		}
		if p.flags.init != "" { // what is added grows the model's vocabulary
			if err := p.addRoles(); err != nil {
				return err
			}
		}
	}
	if p.flags.init != "" {
		return p.openInit()
	}
	if p.tokenizer != nil {
		return p.addRoles()
	}
	if p.paths[0] == "-" {
		return errors.New("standard input can be read only once, to train a tokenizer it would be read twice; give --tokenizer, or put the text into a file")
	}
	src, err := p.cfg.Corpus.open(nil, p.paths)
	if err != nil {
		return err
	}
	defer src.Close()
	listFiles(p.stderr(), p.flags.quiet, src.Files())
	p.tokenizer, _, err = trainTokenizer(p.cmd.Context(), p.stderr(), p.flags.quiet, src, p.cfg.Tokenizer, p.cfg.Threads)
	if err != nil {
		return err
	}
	return p.addRoles()
}

func (p *pretraining) addRoles() (err error) {
	var note string
	if p.tokenizer, note, err = p.cfg.addRoles(p.tokenizer); note != "" {
		p.note(note)
	}
	return err
}

// openInit opens the model of --init, and grows its vocabulary where --tokenizer has more.
func (p *pretraining) openInit() error {
	lm, growth, err := pipeline.Init(p.flags.init, pipeline.InitOptions{Tokenizer: p.tokenizer, Seed: p.cfg.Train.Seed})
	if err != nil {
		return err
	}
	p.init, p.tokenizer = lm, lm.Tokenizer
	p.cfg.Model = newModelSection(p.flags.init, lm.Model.Configuration())
	if p.cfg.masks() && lm.Tokenizer.Roles().Mask < 0 {
		return fmt.Errorf("%s: its tokenizer has no mask token, [MASK] or <mask>; give it as --tokenizer too: the run adds what is missing and grows the model's table", p.flags.init)
	}
	p.note("weights of " + lm.Weights)
	if growth.Rows > 0 {
		p.note(growth.String())
	}
	return nil
}

func (p *pretraining) note(text string) { p.report.Notes = append(p.report.Notes, text) }

// split holds documents out, looks at the whole before the first step, and says what it sees.
func (p *pretraining) split() (err error) {
	if !p.flags.vocabGiven {
		if err := p.cfg.Model.setVocab(p.tokenizer.VocabSize()); err != nil {
			return err
		}
	}
	network, err := p.cfg.network()
	if err != nil {
		return err
	}
	p.splitParts()
	repeats, texts := 0, 0
	for _, part := range p.parts {
		repeats, texts = repeats+objectives.Repeats(part.set), texts+part.set.Documents()
	}
	objective, err := p.cfg.newObjective(p.tokenizer, p.train.Blocks(p.cfg.cut))
	if err != nil {
		return err
	}
	p.report.Preflight, err = objectives.Check{
		Objective: objective.examples, Train: p.train, Valid: p.valid, BlockSize: p.cfg.Train.BlockSize, Cut: p.cfg.cut, Rows: network.Shape().VocabSize,
		TokenizerSize: p.tokenizer.VocabSize(), Parameters: network.NumParams(), StepTokens: p.cfg.Train.StepTokens(),
		Repeats: repeats, AllTexts: texts,
	}.Preflight()
	if err != nil {
		return err
	}
	if p.cfg.masks() { // bits a byte of a seventh of the tokens would be of no text
		p.report.Preflight.UnigramBitsPerByte = 0
	}
	if err := p.blend(); err != nil {
		return err
	}
	if warning := p.report.Repeats.warning(); warning != "" {
		p.note(warning)
	}
	if !p.flags.quiet {
		fmt.Fprintf(p.stderr(), "\n%sheld out    %s\nlines       %s\n", p.report.Preflight, p.report.Split, p.report.Repeats)
		p.printMix(p.stderr())
		for _, note := range p.report.Notes {
			fmt.Fprintln(p.stderr(), "note: "+note)
		}
		fmt.Fprintln(p.stderr())
	}
	return nil
}

// writeFolder writes the first files of the run. Whatever is missing after a kill in between is made anew by --resume.
func (p *pretraining) writeFolder() error {
	modelJSON, err := p.cfg.Model.config().ConfigJSON()
	if err != nil {
		return err
	}
	inputs, err := p.inputs()
	if err != nil {
		return err
	}
	var files []train.File
	if p.resumed == nil || p.changed {
		files = append(files, train.File{Name: train.ConfigFile, Data: p.resolved()})
	}
	if p.resumed == nil {
		files = append(files, train.File{Name: train.TokenizerFile, Data: p.tokenizer.Bytes()},
			train.File{Name: train.ModelFile, Data: modelJSON}, train.File{Name: inputsFile, Data: inputs})
	}
	if err := p.folder.Write(files...); err != nil {
		return err
	}
	return p.keepTokens()
}

// trainModel writes the run folder and trains.
func (p *pretraining) trainModel() error {
	if err := p.writeFolder(); err != nil {
		return err
	}
	p.report.Out = p.flags.out
	network, err := p.cfg.network()
	if err != nil {
		return err
	}
	model, err := p.model(network)
	if err != nil {
		return err
	}
	defer torch.Do(func() error { model.Params().Free(); return nil })
	objective, err := p.cfg.newObjective(p.tokenizer, p.data.train)
	if err != nil {
		return err
	}
	validBytes := p.valid.Bytes()
	if p.cfg.masks() {
		validBytes = 0 // as in split
	}
	bar := newProgress(p.stderr(), p.flags.quiet, "train", int64(p.cfg.Train.Steps))
	job := train.Job{
		Model: model, Objective: objective.examples, Loss: objective.loss,
		Train: p.data.train, Order: p.data.order, Valid: p.data.valid, ValidBytes: validBytes,
		Checkpoint: p.cfg.Checkpoint, Folder: p.folder, DataSet: p.data.fingerprint,
		Tokenizer: p.tokenizer.Hash(), Baseline: p.report.Preflight.UnigramNats,
		OnStep: func(s train.Progress) { showStep(bar, s) },
		OnEval: func(step int, e train.Evaluation) {
			bar.say("step %d: held-out %s", step, p.evaluationLine(e))
		},
		OnNote: func(text string) { bar.say("note: %s", text) },
	}
	p.report.Result, err = train.Run(p.cmd.Context(), p.cfg.Train, job)
	bar.end(p.report.Result.Ended)
	if err != nil && !strings.HasPrefix(err.Error(), p.flags.out) {
		err = fmt.Errorf("%s: %w", p.flags.out, err)
	}
	return err
}

// model is that of --init, that of the checkpoint which the run goes on from, or a fresh one. The checkpoint's file says which heads there are, of which
// model.json does not tell.
func (p *pretraining) model(c models.Config) (model models.Network, err error) {
	if p.init != nil {
		err := p.extendInit(c)
		return p.init.Model, err
	}
	err = torch.Do(func() error {
		if _, weights, ok := p.folder.Resumed(); ok {
			model, err = models.Load(c, weights)
			return err
		}
		model, err = models.New(c, p.cfg.Train.Seed)
		return err
	})
	return model, err
}
