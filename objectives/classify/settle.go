package classify

import (
	"context"
	"math"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/metrics"
)

// What who trains a model of another room needs to make a whole classifier of it.

// Settle seeks temperature (calibrate) and thresholds on a validation part, and notes both in the card. divide divides the model's logits from now
// on, so that it is as sure wherever it is opened.
func (c *Classifier) Settle(ctx context.Context, valid *labelled.Set, calibrate, thresholds bool, divide func(temperature float64) error) error {
	c.Card.Valid = len(valid.Records)
	if calibrate && c.Card.Task == labelled.Single {
		p, err := c.probabilities(ctx, valid)
		if err != nil {
			return err
		}
		for i, x := range p { // a logarithm is a logit: softmax takes no notice of what is added to a row
			p[i] = math.Log(max(x, 1e-30))
		}
		gold := make([]int, len(valid.Records))
		for i, r := range valid.Records {
			gold[i] = r.Labels[0]
		}
		c.Card.Temperature = metrics.Temperature(gold, p, len(valid.Labels))
		if err := divide(c.Card.Temperature); err != nil {
			return err
		}
	}
	if !thresholds || c.Card.Task == labelled.Regression {
		return nil
	}
	p, err := c.probabilities(ctx, valid)
	if err != nil {
		return err
	}
	c.Card.Thresholds = Tune(valid, p)
	return nil
}

// probabilities are those of all records, [N,L].
func (c *Classifier) probabilities(ctx context.Context, s *labelled.Set) ([]float64, error) {
	var out []float64
	err := c.askAll(ctx, s, func(_ labelled.Record, p Prediction) { out = append(out, p.Probabilities...) })
	return out, err
}

// Remember notes the texts of a training set, so that they are known again.
func (c *Classifier) Remember(training *labelled.Set) { c.seen = hashes(training) }

// WriteCard writes the card and the hashes of the training texts into a folder.
func (c *Classifier) WriteCard(dir string) error { return c.Card.write(dir, c.seen) }

// ReadSeen reads those hashes from a folder; one without them has seen nothing.
func (c *Classifier) ReadSeen(dir string) (err error) {
	c.seen, err = readSeen(dir)
	return err
}
