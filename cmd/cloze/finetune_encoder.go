//go:build torch

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/pipeline"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/classify"
	"github.com/go-cloze/cloze/objectives/loss"
	"github.com/go-cloze/cloze/objectives/train"
)

// fitEncoder is the fit of an encoder's folder. What it returns is closed by the caller.
func fitEncoder(cmd *cobra.Command, training, valid *labelled.Set, cfg finetuneConfig, f finetuneFlags, quiet bool) (fitted, error) {
	if err := useDevice("cpu", f.threads); err != nil {
		return fitted{}, err
	}
	card := classify.NewCard(training, f.seed)
	card.Fold, card.MaxLength = cfg.Fold, cfg.Encoder.MaxLength
	c, err := pipeline.NewClassifier(f.model, card, cfg.Encoder.Dropout, f.seed)
	if err != nil {
		return fitted{}, err
	}
	result, err := tuneEncoder(cmd, c, training, valid, cfg, quiet)
	if err != nil {
		return fitted{}, errors.Join(err, c.Close())
	}
	return fitted{Classifier: c.Classifier, result: result, save: c.Save, close: c.Close}, nil
}

// tuneEncoder trains, goes back to the weights that did best on the validation part, and settles temperature and thresholds there.
func tuneEncoder(cmd *cobra.Command, c *pipeline.Classifier, training, valid *labelled.Set, cfg finetuneConfig, quiet bool) (*train.Result, error) {
	dir, err := os.MkdirTemp("", "cloze-finetune-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	best := filepath.Join(dir, "best.safetensors")
	rows, tokens, cut := classRows(c, training)
	config, perEpoch := cfg.Encoder.train(len(rows), c.Card.MaxLength, c.Card.Seed)
	job, free, err := encoderJob(cmd.Context(), c, training, rows, perEpoch, cfg)
	if err != nil {
		return nil, err
	}
	defer free()
	bar := newProgress(cmd.ErrOrStderr(), quiet, "train", int64(config.Steps))
	job.OnStep = func(s train.Progress) { showStep(bar, s) }
	job.OnNote = func(text string) { bar.say("note: %s", text) }
	job.OnBest = func() error { return torch.Do(func() error { return c.LM.Model.Params().Save(best) }) }
	job.OnEval = func(step int, e train.Evaluation) {
		bar.say("step %d: validation loss %.4f%s", step, e.Loss, scoreText(e.Score))
	}
	if len(valid.Records) > 0 {
		job.Measure = func(ctx context.Context) (train.Evaluation, error) { return measureClasses(ctx, c.Classifier, valid) }
	}
	result, err := train.Run(cmd.Context(), config, job)
	if err = cmp.Or(err, cmd.Context().Err()); err != nil {
		bar.end("stopped")
		return nil, err
	}
	bar.end(fmt.Sprintf("%s records, %s tokens, %s records cut to %d tokens", count(len(rows)), count(tokens), count(cut), c.Card.MaxLength))
	if result.Best.Step > 0 {
		if err := torch.Do(func() error { return c.LM.Model.Params().Load(best) }); err != nil {
			return nil, err
		}
	}
	c.Remember(training)
	if len(valid.Records) == 0 {
		return &result, nil
	}
	return &result, c.Settle(cmd.Context(), valid, cfg.Calibrate, cfg.Thresholds, c.Sharpen)
}

// encoderJob is what is trained, on what and how, without a word to anybody; free what it holds when it is done.
func encoderJob(ctx context.Context, c *pipeline.Classifier, training *labelled.Set, rows objectives.Labelled, perEpoch int, cfg finetuneConfig) (job train.Job, free func(), err error) {
	l := loss.Classify{Problem: c.Problem(), Smoothing: cfg.Encoder.LabelSmoothing, FocalGamma: cfg.Encoder.FocalGamma}
	job = train.Job{Model: c.LM.Model, Objective: objectives.Classify{}, Train: rows}
	if l.Weights, err = classify.LabelWeights(cfg.Weights, training); err != nil {
		return job, nil, err
	}
	if cfg.Weights == classify.WeightsSampling {
		each, err := training.SampleWeights()
		if err != nil {
			return job, nil, fmt.Errorf("weights=sampling: %w", err)
		}
		job.Order = objectives.NewWeighted(each, c.Card.Seed)
	}
	layers := c.LM.Model.Configuration().Shape().NumLayers
	first, err := cfg.Encoder.firstTrained(layers)
	if err != nil {
		return job, nil, err
	}
	if first > layers {
		if l.Features, err = frozenFeatures(ctx, c, rows); err != nil {
			return job, nil, err
		}
	}
	job.Loss = l
	job.Rate = func(p models.Param, step int) float64 {
		return cfg.Encoder.rate(p.Layer, layers, first, step, perEpoch)
	}
	return job, func() { _ = torch.Do(func() error { torch.Free(l.Features); return nil }) }, nil
}

// frozenFeatures are what the head reads of all rows: below it nothing changes, so the network is asked about each of them once.
func frozenFeatures(ctx context.Context, c *pipeline.Classifier, rows objectives.Labelled) (*torch.Tensor, error) {
	if err := c.Freeze(); err != nil {
		return nil, err
	}
	return c.Features(ctx, rows)
}

func scoreText(score *float64) string {
	if score == nil {
		return ""
	}
	return fmt.Sprintf(", macro-F1 %.4f", *score)
}

// classRows are the records as the network reads them, with their tokens in all, and how many were cut.
func classRows(c *pipeline.Classifier, s *labelled.Set) (rows objectives.Labelled, tokens, cut int64) {
	rows = make(objectives.Labelled, len(s.Records))
	for i, r := range s.Records {
		row, short, _ := c.Row(classify.Text{Text: r.Text, Pair: r.Pair})
		if short {
			cut++
		}
		tokens += int64(len(row.IDs))
		row.Label.Record = int32(i)
		switch s.Task {
		case labelled.Single:
			row.Label.Class = int32(r.Labels[0])
		case labelled.Multi:
			for _, l := range r.Labels {
				row.Label.Classes = append(row.Label.Classes, int32(l))
			}
		default:
			row.Label.Value = float32(r.Value)
		}
		rows[i] = row
	}
	return rows, tokens, cut
}

// measureClasses judges the validation part; the score, by which the best weights are chosen, is macro-F1. A regression has none: there it is the least
// squared error.
func measureClasses(ctx context.Context, c *classify.Classifier, valid *labelled.Set) (train.Evaluation, error) {
	r, err := classify.Evaluate(ctx, c, valid, classify.EvalOptions{})
	if err != nil {
		return train.Evaluation{}, err
	}
	e := train.Evaluation{Tokens: int64(r.Records)}
	if r.Values != nil {
		e.Loss = float64(r.MSE.Value)
		return e, nil
	}
	score := float64(r.MacroF1.Value)
	if e.Loss, e.Score = float64(r.Hamming), &score; valid.Task == labelled.Single {
		e.Loss = float64(r.LogLoss)
	}
	return e, nil
}

// train is the loop's configuration for so many rows of at most maxLength tokens, and the steps of an epoch: as in BERT's paper, a linear fall to 0
// after a warm-up.
func (c encoderConfig) train(rows, maxLength int, seed uint64) (config train.Config, perEpoch int) {
	perEpoch = max(1, (rows+c.BatchSize-1)/c.BatchSize)
	config = train.DefaultConfig()
	config.Steps = max(1, int(c.Epochs*float64(perEpoch)+0.5))
	config.BatchSize, config.BlockSize = c.BatchSize, maxLength
	config.LearningRate, config.MinLearningRate, config.LRSchedulerType = c.LearningRate, 0, "linear"
	config.WarmupSteps = int(c.WarmupRatio * float64(config.Steps))
	config.WeightDecay, config.AdamBeta2 = c.WeightDecay, 0.999
	config.EvalEvery, config.EarlyStoppingPatience = max(1, int(c.EvalEpochs*float64(perEpoch)+0.5)), c.EarlyStoppingPatience
	config.Seed = seed
	return config, perEpoch
}

// openClassifier opens a classifier's folder, of any model, on request an encoder's to answer by numbers of 8 bits; close it.
func openClassifier(dir string, int8 bool) (c *classify.Classifier, closeIt func() error, err error) {
	if card, err := classify.ReadCard(dir); err == nil && card.Model == classify.NgramModel {
		if int8 {
			return nil, nil, fmt.Errorf("%s: --int8 is for encoders; an ngram model is small and fast as it is", dir)
		}
		c, err := classify.Open(dir)
		return c, func() error { return nil }, err
	}
	p, err := pipeline.ClassifierOptions{Int8: int8}.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	return p.Classifier, p.Close, nil
}
