package embeddings

import (
	"cmp"
	"math"
	"slices"
)

// collector keeps the rows that may be among the k best, of which only bounds
// are known: a row is out once k others are surely better.
type collector struct {
	k int
	// low is the k-th best lower bound so far: whose upper bound lies below is out.
	low    float64
	floors []float64 // a heap of the k best lower bounds, the least on top
	found  []candidate
	full   int // when to throw out of found what is out by now
}

type candidate struct {
	high float64
	row  int32
}

func newCollector(k int) collector {
	return collector{k: k, low: math.Inf(-1), full: 4*k + 256}
}

func (c *collector) add(row int, low, high float64) {
	if high < c.low {
		return
	}
	c.raise(low)
	c.found = append(c.found, candidate{high, int32(row)})
	if len(c.found) >= c.full {
		c.prune()
		c.full = 2*len(c.found) + 4*c.k + 256
	}
}

// raise takes a lower bound in.
func (c *collector) raise(low float64) {
	h := c.floors
	switch {
	case len(h) < c.k:
		h = append(h, low)
		for i := len(h) - 1; i > 0 && h[i] < h[(i-1)/2]; i = (i - 1) / 2 {
			h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
		}
		c.floors = h
	case low > h[0]:
		h[0] = low
		for i := 0; ; {
			child := 2*i + 1
			if child+1 < len(h) && h[child+1] < h[child] {
				child++
			}
			if child >= len(h) || h[i] <= h[child] {
				break
			}
			h[i], h[child] = h[child], h[i]
			i = child
		}
	}
	if len(h) == c.k {
		c.low = h[0]
	}
}

func (c *collector) prune() {
	c.found = slices.DeleteFunc(c.found, func(x candidate) bool { return x.high < c.low })
}

// finish scores what the parts have left and sorts it.
func (s *search) finish(parts []collector) []Neighbor {
	all := newCollector(s.k)
	for _, part := range parts {
		for _, low := range part.floors {
			all.raise(low)
		}
		all.found = append(all.found, part.found...)
	}
	all.prune()
	type scored struct {
		cosine float64
		row    int32
	}
	best := make([]scored, len(all.found))
	spans(len(best), len(parts), func(_, from, to int) {
		var buf []float32
		if s.v.DType() != Float32 {
			buf = make([]float32, s.v.dim)
		}
		for i := from; i < to; i++ {
			row := all.found[i].row
			best[i] = scored{s.cosine(int(row), buf), row}
		}
	})
	best = slices.DeleteFunc(best, func(x scored) bool { return math.IsNaN(x.cosine) })
	slices.SortFunc(best, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.cosine, a.cosine), cmp.Compare(a.row, b.row))
	})
	near := make([]Neighbor, min(s.k, len(best)))
	for i := range near {
		near[i] = Neighbor{Word: s.v.Word(int(best[i].row)), Row: int(best[i].row), Similarity: best[i].cosine}
	}
	return near
}
