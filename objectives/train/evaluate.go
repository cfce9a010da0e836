package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
	"github.com/go-cloze/cloze/objectives/metrics"
)

// Evaluation is how well a model does on a set of blocks, each read once.
type Evaluation struct {
	Loss        float64 `json:"loss"`                    // nats a target, the sum of the parts where there are several
	Perplexity  float64 `json:"perplexity"`              // exp of Loss
	BitsPerByte float64 `json:"bits_per_byte,omitempty"` // of text; 0 when its bytes are not known
	Tokens      int64   `json:"tokens"`                  // targets
	Bytes       int64   `json:"bytes"`                   // of text

	Score *float64 `json:"score,omitempty"` // what the best weights have the most of (Job.Measure); nil where they have the lowest Loss

	Terms map[string]float64 `json:"terms,omitempty"` // mean of each part of a loss that has several; Perplexity and Tokens are of the first
}

// Evaluate measures a model over a set, batchSize blocks at a time; the result is the same for any batchSize but for rounding, and memory does
// not grow with the set. textBytes is the bytes of text that the set stands for, 0 when unknown. What an objective draws is the same each time.
// It stops with ctx's error when ctx ends.
func Evaluate(ctx context.Context, m models.Model, l loss.Loss, o objectives.Objective, set objectives.Blocks, batchSize int, textBytes int64) (Evaluation, error) {
	var (
		batch objectives.Batch
		seqs  []objectives.Sequence
		pcg   rand.PCG
		sums  tally
	)
	rng := rand.New(&pcg)
	for first := 0; first < set.Len(); first += batchSize {
		if err := ctx.Err(); err != nil {
			return Evaluation{}, err
		}
		batch.Reset()
		for i := first; i < min(first+batchSize, set.Len()); i++ {
			seqs = set.Sequences(i, seqs[:0])
			objectives.SeedSample(&pcg, 0, 0, uint64(i))
			o.Examples(&batch, seqs, rng)
		}
		if !batch.Asks() {
			continue
		}
		err := torch.Do(func() error {
			torch.Scope(func() { torch.NoGrad(func() { sums.add(l.Terms(m, &batch)) }) })
			return nil
		})
		if err != nil {
			return Evaluation{}, fmt.Errorf("evaluation, block %d: %w", first, err)
		}
	}
	if len(sums.terms) == 0 {
		return Evaluation{}, fmt.Errorf("evaluation: the set has %d blocks and asks for nothing", set.Len())
	}
	nats, tokens := sums.terms[0].mean.Sum, sums.terms[0].mean.Count
	e := Evaluation{Loss: sums.loss(), Tokens: int64(tokens), Bytes: textBytes, Terms: sums.means()}
	e.Perplexity = min(metrics.Perplexity(nats/tokens), math.MaxFloat64) // JSON holds no infinity
	if textBytes > 0 {
		e.BitsPerByte = metrics.BitsPerByte(nats, textBytes)
	}
	return e, nil
}

// better says whether an evaluation beats the best so far, which is of step 0 where there is none.
func (e Evaluation) better(best Best) bool {
	switch {
	case best.Step == 0:
		return true
	case e.Score != nil && best.Score != nil:
		return *e.Score > *best.Score
	}
	return e.Loss < best.Loss
}
