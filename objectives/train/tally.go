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

// objectiveOf is what Backward starts from: the terms of one micro-batch as one number, nil where nothing is counted.
// It is weighted so that dividing by the first term's count of the whole step divides each term by its own. With more than one term
// that holds for a step of one micro-batch only: their counts would have to be known before the first Backward.
func objectiveOf(terms []loss.Term) *torch.Tensor {
	var total *torch.Tensor
	var first float64
	for _, term := range terms {
		if term.Count == 0 {
			continue
		}
		part := term.Sum
		if total == nil {
			first = term.Count
		}
		if factor := term.Weight * first / term.Count; factor != 1 {
			part = part.MulScalar(factor)
		}
		if total == nil {
			total = part
		} else {
			total = total.Add(part)
		}
	}
	return total
}
