package objectives

import (
	"math/rand/v2"
	"sort"
)

// Labelled is texts, each with what it is to be told apart by; it implements Blocks, a text a block. The sequences are the rows as the network reads
// them: whoever made them has put the tokenizer's template (CLS and SEP) around the text, or around the two texts of a pair.
type Labelled []Sequence

// Len is the number of texts.
func (l Labelled) Len() int { return len(l) }

// Sequences appends text i.
func (l Labelled) Sequences(i int, dst []Sequence) []Sequence { return append(dst, l[i]) }

// Classify asks of each row as a whole what its label says. Rows are packed without padding, so texts of any lengths go together and need not be
// sorted into buckets: a batch is as random as it can be, and costs its tokens alone.
type Classify struct{}

// Examples appends a row for each sequence, with its label. It draws nothing from rng, which may be nil.
func (Classify) Examples(dst *Batch, seqs []Sequence, _ *rand.Rand) {
	for i := range seqs {
		q := &seqs[i]
		at := len(dst.IDs)
		dst.IDs = append(dst.IDs, q.IDs...)
		for range q.IDs {
			dst.Targets = append(dst.Targets, IgnoreIndex)
		}
		for p, segment := range q.Segments {
			if segment != 0 || len(dst.Segments) > 0 {
				dst.Segments = upTo(dst.Segments, at+p, at+p+1, int32(segment))
			}
		}
		dst.endRow()
		dst.Labels = append(dst.Labels, q.Label)
	}
	if len(dst.Segments) > 0 {
		dst.Segments = upTo(dst.Segments, len(dst.IDs), len(dst.IDs), 0)
	}
}

// Weighted is an Order that draws texts with replacement, each with a chance by its weight, as torch's WeightedRandomSampler: rare classes are met
// more often. A pass over the set is as many draws as it has texts.
type Weighted struct {
	reach []float64 // sums of the weights up to each text
	seed  uint64
}

// NewWeighted makes one of weights that are 0 or more, at least one of them more.
func NewWeighted(weights []float64, seed uint64) Weighted {
	w, sum := Weighted{make([]float64, len(weights)), seed}, 0.0
	for i, x := range weights {
		sum += x
		w.reach[i] = sum
	}
	return w
}

// At is part of Order: draw number sample depends on it and the seed alone.
func (w Weighted) At(sample uint64) (text int, epoch uint64) {
	at := rand.New(rand.NewPCG(w.seed, sample)).Float64() * w.reach[len(w.reach)-1]
	// The first that reaches beyond: one of weight 0 reaches no further than the one before it.
	text = sort.Search(len(w.reach)-1, func(i int) bool { return w.reach[i] > at })
	return text, sample / uint64(len(w.reach))
}
