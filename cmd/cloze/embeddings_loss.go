package main

import (
	"fmt"

	"github.com/go-cloze/cloze/embeddings"
)

// shrinkage is what became of vectors that were made smaller.
type shrinkage struct {
	// Cosine is the mean cosine of a row with the original, where both have one dimension.
	Cosine float64 `json:"mean_cosine,omitempty"`
	// Kept is the share of the ten nearest words that still are among the ten.
	Kept    float64 `json:"neighbors_kept_at_10"`
	Queries int     `json:"queries"`
}

func (l shrinkage) String() string {
	s := fmt.Sprintf("neighbours kept@10: %.4f (of %s words)", l.Kept, count(l.Queries))
	if l.Cosine != 0 {
		s = fmt.Sprintf("mean cosine to the original: %.6f\n", l.Cosine) + s
	}
	return s
}

// lossQueries is how many words' neighbours are compared, spread evenly over the rows.
const lossQueries = 500

// measureLoss compares vectors with those they were made of, row by row.
func measureLoss(before, after *embeddings.Vectors, threads int) (*shrinkage, error) {
	var l shrinkage
	var rows []int
	step := max(1, before.Len()/lossQueries)
	for i := 0; i < before.Len(); i += step {
		if before.Norm(i) > 0 && after.Norm(i) > 0 {
			rows = append(rows, i)
		}
	}
	if before.Dim() == after.Dim() {
		var err error
		if l.Cosine, err = meanCosine(before, after); err != nil {
			return nil, err
		}
	}
	var near [2][][]embeddings.Neighbor
	for side, v := range []*embeddings.Vectors{before, after} {
		var queries []float32
		for _, i := range rows {
			queries = v.AppendRow(queries, i)
		}
		var err error
		if near[side], err = v.NearestBatch(queries, 11, embeddings.SearchOptions{Threads: threads}); err != nil {
			return nil, err
		}
	}
	kept, all := 0, 0
	for q, row := range rows {
		is := map[int]bool{}
		for _, n := range near[1][q] {
			is[n.Row] = true
		}
		for _, n := range near[0][q] {
			if n.Row == row { // the word itself
				continue
			}
			all++
			if is[n.Row] {
				kept++
			}
		}
	}
	l.Kept, l.Queries = float64(kept)/float64(max(all, 1)), len(rows)
	return &l, nil
}

// meanCosine is over all rows that are not zero.
func meanCosine(a, b *embeddings.Vectors) (float64, error) {
	sum, n := 0.0, 0
	var x []float32
	for i := range a.Len() {
		if a.Norm(i) == 0 || b.Norm(i) == 0 {
			continue
		}
		x = a.AppendRow(x[:0], i)
		near, err := b.Rank(x, []int{i}, 1)
		if err != nil {
			return 0, err
		}
		sum += near[0].Similarity
		n++
	}
	return sum / float64(max(n, 1)), nil
}
