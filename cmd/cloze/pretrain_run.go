//go:build torch

package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/models"
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
	builder   *objectives.Builder
	report    pretrainReport
	train     *objectives.Stream
	valid     *objectives.Stream
}

func (p *pretraining) run() error {
	steps := []func() error{p.openTokenizer, p.encode, p.split, p.trainModel}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return p.finish()
}

func (p *pretraining) stderr() io.Writer { return p.cmd.ErrOrStderr() }

// openTokenizer opens --tokenizer or trains one on the corpus.
func (p *pretraining) openTokenizer() (err error) {
	if p.flags.tokenizer != "" {
		p.tokenizer, err = tokenize.Open(p.flags.tokenizer)
		return err
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
	return err
}

// encode turns the corpus into ids in memory and counts its repeated lines.
func (p *pretraining) encode() error {
	src, err := p.cfg.Corpus.open(p.cmd.InOrStdin(), p.paths)
	if err != nil {
		return err
	}
	defer src.Close()
	if p.flags.tokenizer != "" {
		listFiles(p.stderr(), p.flags.quiet, src.Files())
	}
	eot, ok := p.tokenizer.EndOfText()
	if !ok {
		eot = objectives.IgnoreIndex
		p.note("the tokenizer has no end-of-text token: the model learns neither where documents start nor where they end")
	}
	if note := missingBytesNote(p.tokenizer); note != "" {
		p.note(note)
	}
	p.builder = objectives.NewBuilder(p.tokenizer.VocabSize(), eot)
	repeats := newLineRepeats()
	_, total := src.Progress()
	bar := newProgress(p.stderr(), p.flags.quiet, "encode", total)
	show := readProgress(bar, src)
	err = encodeDocuments(p.cmd.Context(), src, p.tokenizer, p.cfg.Threads, func(text []byte, ids []int32) error {
		repeats.add(text)
		if err := p.builder.Add(text, ids); err != nil {
			return err
		}
		if tokens := int64(p.builder.Tokens()); tokens > p.cfg.Data.MaxTokens {
			return fmt.Errorf("the corpus has more than %s tokens, %s of memory (data.max_tokens); read less text, or raise the key",
				count(p.cfg.Data.MaxTokens), byteSize(4*p.cfg.Data.MaxTokens))
		}
		if p.builder.Documents()&63 == 0 {
			show(count(p.builder.Tokens()) + " tokens")
		}
		return nil
	})
	if err != nil {
		bar.end("stopped")
		return err
	}
	p.report.Corpus, p.report.Repeats, p.report.Empty = src.Report(), repeats.report(), p.builder.Empty()
	bar.end(count(p.builder.Tokens()) + " tokens")
	return p.report.Corpus.CheckDocuments()
}

func (p *pretraining) note(text string) { p.report.Notes = append(p.report.Notes, text) }

// split holds documents out, looks at the whole before the first step, and says what it sees.
func (p *pretraining) split() (err error) {
	if !p.flags.vocabGiven {
		p.cfg.Model.VocabSize = p.tokenizer.VocabSize()
	}
	repeats, all := p.builder.Repeats(), p.builder.Documents()
	textBytes := func(ids []int32) int64 { return int64(len(p.tokenizer.AppendBytes(nil, ids, true))) }
	p.train, p.valid, p.report.Split = p.builder.Split(p.cfg.Data.SplitConfig, textBytes)
	objective, err := newObjective(p.cfg.Objective)
	if err != nil {
		return err
	}
	p.report.Preflight, err = objectives.Check{
		Objective: objective.examples, Train: p.train, Valid: p.valid, BlockSize: p.cfg.Train.BlockSize, Rows: p.cfg.Model.VocabSize,
		TokenizerSize: p.tokenizer.VocabSize(), Parameters: p.cfg.Model.NumParams(), StepTokens: p.cfg.Train.StepTokens(),
		Repeats: repeats, AllTexts: all,
	}.Preflight()
	if err != nil {
		return err
	}
	if warning := p.report.Repeats.warning(); warning != "" {
		p.note(warning)
	}
	if !p.flags.quiet {
		fmt.Fprintf(p.stderr(), "\n%sheld out    %s\nlines       %s\n", p.report.Preflight, p.report.Split, p.report.Repeats)
		for _, note := range p.report.Notes {
			fmt.Fprintln(p.stderr(), "note: "+note)
		}
		fmt.Fprintln(p.stderr())
	}
	return nil
}

// trainModel makes the run folder and trains.
func (p *pretraining) trainModel() error {
	gpt := p.cfg.Model.GPTConfig
	modelJSON, err := gpt.ConfigJSON()
	if err != nil {
		return err
	}
	folder, err := train.CreateFolder(p.flags.out,
		train.File{Name: train.ConfigFile, Data: p.resolved()},
		train.File{Name: train.TokenizerFile, Data: p.tokenizer.Bytes()},
		train.File{Name: train.ModelFile, Data: modelJSON})
	if err != nil {
		return err
	}
	defer folder.Close()
	p.report.Out = p.flags.out
	var model *models.GPT
	if err := torch.Do(func() error {
		model, err = models.NewGPT(gpt, p.cfg.Train.Seed)
		return err
	}); err != nil {
		return err
	}
	defer torch.Do(func() error { model.Params().Free(); return nil })
	objective, err := newObjective(p.cfg.Objective)
	if err != nil {
		return err
	}
	bar := newProgress(p.stderr(), p.flags.quiet, "train", int64(p.cfg.Train.Steps))
	job := train.Job{
		Model: model, Objective: objective.examples, Loss: objective.loss,
		Train: p.train.Cut(p.cfg.Train.BlockSize), Valid: p.valid.Cut(p.cfg.Train.BlockSize), ValidBytes: p.valid.Bytes(),
		Checkpoint: p.cfg.Checkpoint, Folder: folder, DataSet: fmt.Sprintf("%016x", p.train.Fingerprint()),
		Tokenizer: p.tokenizer.Hash(), Baseline: p.report.Preflight.UnigramNats,
		OnStep: func(s train.Progress) { showStep(bar, s) },
		OnEval: func(step int, e train.Evaluation) {
			bar.say("step %d: held-out %s", step, evaluationLine(e))
		},
	}
	p.report.Result, err = train.Run(p.cmd.Context(), p.cfg.Train, job)
	bar.end(p.report.Result.Ended)
	if err != nil {
		return fmt.Errorf("%s: %w", p.flags.out, err)
	}
	return nil
}
