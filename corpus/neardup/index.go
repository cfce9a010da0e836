package neardup

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
)

// DefaultThreshold is the similarity from which texts are near.
const DefaultThreshold = 0.8

// MinGrams is the number of 5-grams below which texts are matched by their normal form only: a letter more or less is another text there.
const MinGrams = 10

// Match says how a text repeats one of the list.
type Match uint8

const (
	None  Match = iota
	Exact       // the normal forms are equal
	Near        // the similarity is the threshold or more
)

// Index is a list of texts to be found again. It is made by New and not changed; any number of goroutines may ask it.
type Index struct {
	threshold float64
	exact     map[uint64]struct{} // hashes of the normal forms
	wordless  int

	ranks map[uint64]uint32 // of each 5-gram of the list, by its hash: its place among them, the rarest first
	// The sets of 5-grams, one behind the other, each in rising order of rank; text i is grams[starts[i]:starts[i+1]].
	grams  []uint32
	starts []int
	// The texts that are entered under rank r are entries[heads[r]:heads[r+1]].
	entries []uint32
	heads   []uint32
	longest int // the most 5-grams of a text

	scratch sync.Pool // of *scratch
}

// New makes an index of texts. The threshold is above 0 and at most 1; 0 means DefaultThreshold.
func New(texts []string, threshold float64) (*Index, error) {
	if threshold == 0 {
		threshold = DefaultThreshold
	}
	if err := CheckThreshold(threshold); err != nil {
		return nil, err
	}
	x := &Index{threshold: threshold, exact: map[uint64]struct{}{}, ranks: map[uint64]uint32{}, starts: []int{0}}
	x.scratch.New = func() any { return new(scratch) }
	sets, counts := x.sets(texts)
	x.rank(counts)
	for _, set := range sets {
		for _, g := range set {
			x.grams = append(x.grams, x.ranks[g])
		}
		slices.Sort(x.grams[x.starts[len(x.starts)-1]:])
		x.starts = append(x.starts, len(x.grams))
		x.longest = max(x.longest, len(set))
	}
	x.enter()
	return x, nil
}

// CheckThreshold returns nil for a threshold that can be used.
func CheckThreshold(threshold float64) error {
	if !(threshold > 0 && threshold <= 1) {
		return fmt.Errorf("a similarity of %g as threshold; give a number above 0 and at most 1", threshold)
	}
	return nil
}

// Wordless is how many texts of the list have no letter or digit and so match nothing.
func (x *Index) Wordless() int { return x.wordless }

// sets notes the normal forms, and gives the sets of 5-grams of those that may be near another text, each form once, and in how many of them each 5-gram is.
func (x *Index) sets(texts []string) (sets [][]uint64, counts map[uint64]uint32) {
	counts = map[uint64]uint32{}
	var s scratch
	for _, text := range texts {
		s.normal = appendNormal(s.normal[:0], []byte(text))
		if len(s.normal) == 0 {
			x.wordless++
			continue
		}
		h := hash(s.normal)
		if _, ok := x.exact[h]; ok {
			continue
		}
		x.exact[h] = struct{}{}
		if s.gather(math.MaxInt); len(s.grams) < MinGrams {
			continue
		}
		set := slices.Clone(s.grams)
		for _, g := range set {
			counts[g]++
		}
		sets = append(sets, set)
	}
	return sets, counts
}

// rank orders the 5-grams of the list.
func (x *Index) rank(counts map[uint64]uint32) {
	order := make([]uint64, 0, len(counts))
	for g := range counts {
		order = append(order, g)
	}
	slices.SortFunc(order, func(a, b uint64) int { return cmp.Or(cmp.Compare(counts[a], counts[b]), cmp.Compare(a, b)) })
	for r, g := range order {
		x.ranks[g] = uint32(r)
	}
}

// set is the set of 5-grams of the i-th text.
func (x *Index) set(i uint32) []uint32 { return x.grams[x.starts[i]:x.starts[i+1]] }

// least is how many 5-grams a set of n shares at least with one that it is near: |A∩B| >= t·|A∪B| >= t·n.
func (x *Index) least(n int) int { return int(math.Ceil(x.threshold*float64(n) - 1e-9)) }

// prefix is how many of the rarest 5-grams of a set of n must hold one that a near set has among its own: with so many left out, too few could be shared.
func (x *Index) prefix(n int) int { return n - x.least(n) + 1 }

// enter fills the inverted index, counting first.
func (x *Index) enter() {
	each := func(f func(rank, text uint32)) {
		for i := range uint32(len(x.starts) - 1) {
			set := x.set(i)
			for _, r := range set[:x.prefix(len(set))] {
				f(r, i)
			}
		}
	}
	x.heads = make([]uint32, len(x.ranks)+1)
	each(func(r, _ uint32) { x.heads[r+1]++ })
	for r := 1; r < len(x.heads); r++ {
		x.heads[r] += x.heads[r-1]
	}
	x.entries = make([]uint32, x.heads[len(x.ranks)])
	next := slices.Clone(x.heads)
	each(func(r, text uint32) {
		x.entries[next[r]] = text
		next[r]++
	})
}
