package train

import (
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives/loss"
	"github.com/go-cloze/cloze/objectives/metrics"
)

// tally adds up the terms of a loss over micro-batches: each term has a sum and a count of its own.
type tally struct {
	terms []termSum
}

type termSum struct {
	name   string
	weight float64
	mean   metrics.Mean
}

// add adds the terms of a micro-batch. It reads their sums, which waits for the computation.
func (t *tally) add(terms []loss.Term) {
	for _, term := range terms {
		if term.Count > 0 {
			s := t.find(term)
			s.mean.Add(term.Sum.Item(), term.Count)
		}
	}
}

func (t *tally) find(term loss.Term) *termSum {
	for i := range t.terms {
		if t.terms[i].name == term.Name {
			return &t.terms[i]
		}
	}
	t.terms = append(t.terms, termSum{name: term.Name, weight: term.Weight})
	return &t.terms[len(t.terms)-1]
}

// means are the means by name, nil where there are fewer than two terms: a single one is the loss itself.
func (t *tally) means() map[string]float64 {
	if len(t.terms) < 2 {
		return nil
	}
	means := map[string]float64{}
	for _, s := range t.terms {
		means[s.name] = s.mean.Value()
	}
	return means
}

// loss is the weighted sum of the terms' means, NaN when nothing was counted.
func (t *tally) loss() float64 {
	if len(t.terms) == 0 {
		return metrics.Mean{}.Value()
	}
	var total float64
	for _, s := range t.terms {
		total += s.weight * s.mean.Value()
	}
	return total
}

// reset forgets everything and keeps the memory.
func (t *tally) reset() { t.terms = t.terms[:0] }

// objectiveOf is what Backward starts from: the terms of one micro-batch as one number, nil where nothing is counted. totals are what the whole
// step counts of each term, nil where this micro-batch is all of it. Dividing the gradient by divisor, which is the same for all micro-batches of
// a step, then divides each term by its own count.
func objectiveOf(terms []loss.Term, totals []float64) (total *torch.Tensor, divisor float64) {
	of := func(i int) float64 {
		if totals != nil {
			return totals[i]
		}
		return terms[i].Count
	}
	for i, term := range terms {
		if divisor == 0 {
			divisor = of(i)
		}
		if term.Count == 0 {
			continue
		}
		part := term.Sum
		if factor := term.Weight * divisor / of(i); factor != 1 {
			part = part.MulScalar(factor)
		}
		if total == nil {
			total = part
		} else {
			total = total.Add(part)
		}
	}
	return total, divisor
}

// totalsOf is what a step counts of each term, nil where the loss does not know it before it is computed.
func totalsOf(l loss.Loss, data *stepData) []float64 {
	counter, ok := l.(loss.Counter)
	if !ok {
		return nil
	}
	var totals []float64
	for i := range data.micro {
		for k, count := range counter.Counts(&data.micro[i]) {
			if k == len(totals) {
				totals = append(totals, 0)
			}
			totals[k] += count
		}
	}
	return totals
}
