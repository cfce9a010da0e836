package classify

import (
	"context"
	"fmt"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/ngram"
)

// How labels weigh.
const (
	WeightsNone     = "none"     // each record alike
	WeightsBalanced = "balanced" // each label alike: n/(L n_l)
	WeightsSampling = "sampling" // records are drawn by those weights, with replacement, and count alike
)

// LabelWeights are the weights [L] of a set's labels; nil weighs all alike, and so are the numbers of a regression.
func LabelWeights(kind string, s *labelled.Set) ([]float64, error) {
	switch kind {
	case "", WeightsNone, WeightsSampling:
		return nil, nil
	case WeightsBalanced:
		if s.Task == labelled.Regression {
			return nil, nil
		}
		return labelled.BalancedWeights(s.Count()), nil
	}
	return nil, fmt.Errorf("weights: unknown %q; known are none, balanced and sampling", kind)
}

// NgramOptions say how TrainNgram trains.
type NgramOptions struct {
	ngram.Config
	Weights    string // none or balanced
	Fold       bool   // texts pass Fold
	Calibrate  bool   // seek a temperature on the validation part
	Thresholds bool   // tune thresholds there
	Seed       uint64
	Progress   func(ngram.Progress) // may be nil
}

// TrainNgram trains a classifier on a set. valid may be nil or empty; calibration and thresholds then are left out. Both sets have the same
// label map. The card's fields are the caller's to fill in.
func TrainNgram(ctx context.Context, training, valid *labelled.Set, o NgramOptions) (*Classifier, ngram.Result, error) {
	if training.Task == labelled.Regression {
		return nil, ngram.Result{}, fmt.Errorf("the model ngram cannot learn numbers; take an encoder for --task regression")
	}
	if o.Weights == WeightsSampling {
		return nil, ngram.Result{}, fmt.Errorf("the model ngram draws each record once an epoch: set weights to balanced")
	}
	if err := training.Trainable(); err != nil {
		return nil, ngram.Result{}, err
	}
	if o.Loss == "" {
		o.Loss = "softmax"
		if training.Task == labelled.Multi {
			o.Loss = "ova"
		}
	}
	card := NewCard(training, o.Seed)
	card.Model, card.Lowercase, card.Fold = NgramModel, o.Lowercase, o.Fold
	weights, err := LabelWeights(o.Weights, training)
	if err != nil {
		return nil, ngram.Result{}, err
	}
	examples := make([]ngram.Example, len(training.Records))
	for i, r := range training.Records {
		examples[i] = ngram.Example{Text: card.joined(Text{r.Text, r.Pair}), Labels: r.Labels}
	}
	m, result, err := ngram.Train(ctx, examples, training.Labels, weights, o.Config, o.Seed, o.Progress)
	if err != nil {
		return nil, result, err
	}
	c := newNgram(card, m)
	c.seen = hashes(training)
	if valid == nil || len(valid.Records) == 0 {
		return c, result, nil
	}
	// The model itself is divided, so that it is as sure wherever it is opened.
	return c, result, c.Settle(ctx, valid, o.Calibrate, o.Thresholds, func(temperature float64) error {
		for i := range c.model.Output.Data {
			c.model.Output.Data[i] /= float32(temperature)
		}
		return nil
	})
}
