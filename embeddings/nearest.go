package embeddings

import (
	"fmt"
	"math"
	"runtime"
	"sort"
)

// Neighbor is one answer of a search.
type Neighbor struct {
	Word       string  `json:"word"`
	Row        int     `json:"row"`
	Similarity float64 `json:"similarity"` // cosine, -1 to 1
}

// SearchOptions narrow a search. The zero value searches all rows on all cores.
type SearchOptions struct {
	// Skip, where set, leaves out the rows it says true of. It is called by
	// several goroutines at once.
	Skip func(row int) bool
	// Threads is the number of goroutines; 0 = all cores. It changes no answer.
	Threads int
}

// Nearest returns the k words whose vectors have the largest cosine with that of
// word, best first; the word itself is left out. Fewer come back when there are
// fewer. A word that is not there gives an *UnknownWordError.
//
// The cosine is dot(a,b)/(|a||b|). A zero vector points nowhere: it is nobody's
// neighbour, and asking for its neighbours is an error. Equal cosines are
// ordered by row.
func (v *Vectors) Nearest(word string, k int, o SearchOptions) ([]Neighbor, error) {
	row, ok := v.Index(word)
	if !ok {
		return nil, v.Unknown(word)
	}
	if v.norms[row] == 0 {
		return nil, fmt.Errorf("the vector of word %s is zero: it has no direction and so no neighbours", quote(word))
	}
	skip := o.Skip
	o.Skip = func(i int) bool { return i == row || skip != nil && skip(i) }
	return v.NearestTo(v.Row(row), k, o)
}

// NearestTo is Nearest for a vector, [D] float32; no row is left out.
func (v *Vectors) NearestTo(query []float32, k int, o SearchOptions) ([]Neighbor, error) {
	length := norm(query)
	switch {
	case len(query) != v.dim:
		return nil, fmt.Errorf("the query has %d numbers, the vectors have %d", len(query), v.dim)
	case math.IsNaN(length) || math.IsInf(length, 0):
		return nil, fmt.Errorf("the query holds a number that is not finite")
	case length == 0:
		return nil, fmt.Errorf("the query is a zero vector: it has no direction and so no neighbours")
	case k < 1:
		return nil, fmt.Errorf("k is %d, ask for at least 1 neighbour", k)
	}
	unit := make([]float32, v.dim)
	for i, x := range query {
		unit[i] = float32(float64(x) / length)
	}
	threads := o.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	// The scan is in float32; a few more than k are kept and scored again in
	// float64, so that rounding in the scan cannot decide the order.
	const more = 16
	keep := min(k, v.Len()) + more
	parts := make([]heap, threads)
	spans(v.Len(), threads, func(part, from, to int) {
		parts[part] = v.scan(unit, from, to, keep, o.Skip)
	})
	var found []Neighbor
	for _, h := range parts {
		for _, c := range h {
			found = append(found, Neighbor{Word: v.Word(int(c.row)), Row: int(c.row), Similarity: v.cosine(unit, int(c.row))})
		}
	}
	sort.Slice(found, func(i, j int) bool {
		if found[i].Similarity != found[j].Similarity {
			return found[i].Similarity > found[j].Similarity
		}
		return found[i].Row < found[j].Row
	})
	return found[:min(k, len(found))], nil
}

// scan keeps the best rows of from..to in a heap whose top is the worst kept.
func (v *Vectors) scan(unit []float32, from, to, keep int, skip func(int) bool) heap {
	h := make(heap, 0, min(keep, to-from))
	for i := from; i < to; i++ {
		n := v.norms[i]
		if n == 0 || skip != nil && skip(i) {
			continue
		}
		c := candidate{score: float32(float64(dot(unit, v.Row(i))) / n), row: int32(i)}
		if !finite(c.score) { // the sum left float32's range
			c.score = float32(v.cosine(unit, i))
		}
		if len(h) < keep {
			h = append(h, c)
			h.up(len(h) - 1)
		} else if h[0].worse(c) {
			h[0] = c
			h.down()
		}
	}
	return h
}

// cosine is in float64; unit has length 1 to float32's precision, so its own
// length is divided out too.
func (v *Vectors) cosine(unit []float32, row int) float64 {
	var ab, aa, bb float64
	for i, y := range v.Row(row) {
		x, y := float64(unit[i]), float64(y)
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return max(-1, min(1, ab/math.Sqrt(aa*bb)))
}

// dot has four sums at work, since one would wait for itself at each addition.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + (s2 + s3)
}

type candidate struct {
	score float32
	row   int32
}

// worse orders by falling score, then by rising row.
func (c candidate) worse(d candidate) bool {
	return c.score < d.score || c.score == d.score && c.row > d.row
}

// heap is a binary heap with the worst candidate on top. container/heap would
// box every candidate in an interface.
type heap []candidate

func (h heap) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].worse(h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

func (h heap) down() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1].worse(h[child]) {
			child++
		}
		if !h[child].worse(h[i]) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
