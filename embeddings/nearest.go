package embeddings

import (
	"fmt"
	"math"
	"runtime"
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
	// First, where above 0, is how many rows are searched, from the first: in most
	// files those of the most frequent words.
	First int
	// Threads is the number of goroutines; 0 = all cores. It changes no answer.
	Threads int
	// Index, where set, finds the rows instead of a look at all of them: an
	// approximate index of these vectors, as package ann has it. Threads and
	// batches, which it does not know, are not for it.
	Index func(query []float32, k int, skip func(row int) bool) ([]Neighbor, error)
}

// Nearest returns the k words whose vectors have the largest cosine with that of
// word, best first; the word itself is left out. Fewer come back when there are
// fewer. A word that is not there gives an *UnknownWordError.
//
// The cosine is dot(a,b)/(|a||b|). A zero vector points nowhere: it is nobody's
// neighbour, and asking for its neighbours is an error. Equal cosines are
// ordered by row.
//
// The search is exact. What is scanned (float32, float16, or the int8 of a
// screen) gives each cosine within a bound that is known; the rows that may be
// among the k best within it are scored again in float64 from the rows
// themselves. So neither the kind of machine, nor the number of goroutines, nor
// a screen changes an answer.
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
	length, err := v.checkQuery(query, k)
	if err != nil {
		return nil, err
	}
	if o.Index != nil {
		return o.Index(query, k, o.skipped())
	}
	s := v.newSearch(query, length, k, o)
	parts := make([]collector, o.threads())
	share(o.rows(v.Len()), len(parts), func(part, from, to int) {
		if parts[part].k == 0 {
			parts[part] = newCollector(k)
		}
		s.scan(&parts[part], from, to)
	})
	return s.finish(parts), nil
}

// checkQuery returns the query's length.
func (v *Vectors) checkQuery(query []float32, k int) (float64, error) {
	length := norm(query)
	switch {
	case len(query) != v.dim:
		return 0, fmt.Errorf("the query has %d numbers, the vectors have %d", len(query), v.dim)
	case math.IsNaN(length) || math.IsInf(length, 0):
		return 0, fmt.Errorf("the query holds a number that is not finite")
	case length == 0:
		return 0, fmt.Errorf("the query is a zero vector: it has no direction and so no neighbours")
	case k < 1:
		return 0, fmt.Errorf("k is %d, ask for at least 1 neighbour", k)
	}
	return length, nil
}

// rows is how many of n are searched.
func (o SearchOptions) rows(n int) int {
	if o.First > 0 {
		return min(o.First, n)
	}
	return n
}

func (o SearchOptions) threads() int {
	if o.Threads > 0 {
		return o.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// skipped joins Skip and First for an index; nil for neither.
func (o SearchOptions) skipped() func(row int) bool {
	if o.First <= 0 {
		return o.Skip
	}
	return func(row int) bool { return row >= o.First || o.Skip != nil && o.Skip(row) }
}
