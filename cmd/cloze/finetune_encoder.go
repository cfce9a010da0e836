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
	"github.com/go-cloze/cloze/models/pipeline"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/classify"
	"github.com/go-cloze/cloze/objectives/loss"
	"github.com/go-cloze/cloze/objectives/train"
)

// encoderTuning is one training of an encoder for classes.
type encoderTuning struct {
	*pipeline.Classifier
	cfg         encoderConfig
	valid       *labelled.Set
	best        string // file of the weights with the highest score on the validation part
	bestScore   float64
	bar         *progress
	cut, tokens int64
}

// fitEncoder is the fit of an encoder's folder. What it returns is closed by the caller.
func fitEncoder(cmd *cobra.Command, training, valid *labelled.Set, cfg finetuneConfig, f finetuneFlags, quiet bool) (fitted, error) {
	if err := useDevice("cpu", f.threads); err != nil {
		return fitted{}, err
	}
	card := classify.Card{Version: 1, Task: training.Task, Labels: training.Labels, Counts: training.Count(), Temperature: 1, Fold: cfg.Fold,
		MaxLength: cfg.Encoder.MaxLength, Records: len(training.Records), Seed: f.seed}
	c, err := pipeline.NewClassifier(f.model, card, f.seed)
	if err != nil {
		return fitted{}, err
	}
	t := &encoderTuning{Classifier: c, cfg: cfg.Encoder, valid: valid}
	result, err := t.fit(cmd, training, cfg, f, quiet)
	if err != nil {
		return fitted{}, errors.Join(err, c.Close())
	}
	return fitted{Classifier: c.Classifier, result: result, save: c.Save, close: c.Close}, nil
}

// fit trains, goes back to the weights that did best on the validation part, and settles temperature and thresholds there.
func (t *encoderTuning) fit(cmd *cobra.Command, training *labelled.Set, cfg finetuneConfig, f finetuneFlags, quiet bool) (*train.Result, error) {
	dir, err := os.MkdirTemp("", "cloze-finetune-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	t.best = filepath.Join(dir, "best.safetensors")
	rows := t.rows(training)
	config := cfg.Encoder.train(len(rows), t.Card.MaxLength, f.seed)
	t.bar = newProgress(cmd.ErrOrStderr(), quiet, "train", int64(config.Steps))
	terms := loss.Classify{Problem: t.Problem(), Smoothing: t.cfg.LabelSmoothing, FocalGamma: t.cfg.FocalGamma}
	if cfg.Weights == classify.WeightsBalanced && training.Task != labelled.Regression {
		terms.Weights = labelled.BalancedWeights(training.Count())
	}
	job := train.Job{Model: t.LM.Model, Objective: objectives.Classify{}, Loss: terms, Train: rows,
		OnStep: func(s train.Progress) { showStep(t.bar, s) },
		OnNote: func(text string) { t.bar.say("note: %s", text) },
	}
	if len(t.valid.Records) > 0 {
		job.Measure = t.measure
		job.OnEval = func(step int, e train.Evaluation) {
			t.bar.say("step %d: validation loss %.4f%s", step, e.Loss, scoreText(e.Score))
		}
	}
	result, err := train.Run(cmd.Context(), config, job)
	if err = cmp.Or(err, cmd.Context().Err()); err != nil {
		t.bar.end("stopped")
		return nil, err
	}
	t.bar.end(fmt.Sprintf("%s records, %s tokens, %s records cut to %d tokens", count(len(rows)), count(t.tokens), count(t.cut), t.Card.MaxLength))
	if result.Best.Step > 0 {
		if err := torch.Do(func() error { return t.LM.Model.Params().Load(t.best) }); err != nil {
			return nil, err
		}
	}
	t.Remember(training)
	if len(t.valid.Records) == 0 || t.valid.Task == labelled.Regression {
		t.Card.Valid = len(t.valid.Records)
		return &result, nil
	}
	return &result, t.Settle(cmd.Context(), t.valid, cfg.Calibrate, cfg.Thresholds, t.Sharpen)
}

func scoreText(score *float64) string {
	if score == nil {
		return ""
	}
	return fmt.Sprintf(", macro-F1 %.4f", *score)
}

// rows are the records as the network reads them.
func (t *encoderTuning) rows(s *labelled.Set) objectives.Labelled {
	rows := make(objectives.Labelled, len(s.Records))
	for i, r := range s.Records {
		row, cut, _ := t.Row(classify.Text{Text: r.Text, Pair: r.Pair})
		if cut {
			t.cut++
		}
		t.tokens += int64(len(row.IDs))
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
	return rows
}

// measure judges the validation part and keeps the weights where they are the best so far: by macro-F1, those of a regression by the squared error.
func (t *encoderTuning) measure(ctx context.Context) (e train.Evaluation, err error) {
	if t.valid.Task == labelled.Regression {
		e, err = train.Evaluate(ctx, t.LM.Model, loss.Classify{Problem: t.Problem()}, objectives.Classify{}, t.rows(t.valid), t.cfg.BatchSize, 0)
		if err != nil {
			return e, err
		}
		return e, t.keepBest(-e.Loss)
	}
	r, err := classify.Evaluate(ctx, t.Classifier.Classifier, t.valid, classify.EvalOptions{})
	if err != nil {
		return e, err
	}
	score := float64(r.MacroF1.Value)
	e = train.Evaluation{Loss: float64(r.Hamming), Tokens: int64(r.Records), Score: &score}
	if t.valid.Task == labelled.Single {
		e.Loss = float64(r.LogLoss)
	}
	return e, t.keepBest(score)
}

func (t *encoderTuning) keepBest(score float64) error {
	if _, err := os.Lstat(t.best); err == nil && score <= t.bestScore {
		return nil
	}
	t.bestScore = score
	return torch.Do(func() error { return t.LM.Model.Params().Save(t.best) })
}

// train is the loop's configuration for so many rows of at most maxLength tokens: as in BERT's paper, a linear fall to 0 after a warm-up.
func (c encoderConfig) train(rows, maxLength int, seed uint64) train.Config {
	perEpoch := max(1, (rows+c.BatchSize-1)/c.BatchSize)
	config := train.DefaultConfig()
	config.Steps = max(1, int(c.Epochs*float64(perEpoch)+0.5))
	config.BatchSize, config.BlockSize = c.BatchSize, maxLength
	config.LearningRate, config.MinLearningRate, config.LRSchedulerType = c.LearningRate, 0, "linear"
	config.WarmupSteps = int(c.WarmupRatio * float64(config.Steps))
	config.WeightDecay, config.AdamBeta2 = c.WeightDecay, 0.999
	config.EvalEvery, config.EarlyStoppingPatience = max(1, int(c.EvalEpochs*float64(perEpoch)+0.5)), c.EarlyStoppingPatience
	config.Seed = seed
	return config
}

// openClassifier opens a classifier's folder, of any model; close it.
func openClassifier(dir string) (c *classify.Classifier, closeIt func() error, err error) {
	if card, err := classify.ReadCard(dir); err == nil && card.Model == classify.NgramModel {
		c, err := classify.Open(dir)
		return c, func() error { return nil }, err
	}
	p, err := pipeline.OpenClassifier(dir)
	if err != nil {
		return nil, nil, err
	}
	return p.Classifier, p.Close, nil
}
