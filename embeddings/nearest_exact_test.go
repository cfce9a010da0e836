package embeddings

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// sorted is a search without any trick: every cosine in float64, then a full sort.
func sorted(v *Vectors, query []float32, k int, skip func(int) bool) []Neighbor {
	var all []Neighbor
	s := &search{v: v, query: query, length: norm(query)}
	for i := range v.Len() {
		if v.Norm(i) > 0 && (skip == nil || !skip(i)) {
			all = append(all, Neighbor{Word: v.Word(i), Row: i, Similarity: s.cosine(i, make([]float32, v.Dim()))})
		}
	}
	slices.SortFunc(all, func(a, b Neighbor) int {
		return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.Row, b.Row))
	})
	return all[:min(k, len(all))]
}

// hard are vectors that a search by bounds could get wrong: many that lie close
// together, equal ones, zeros, rows with one large number, very small and very
// large ones.
func hard(t testing.TB, n, dim int) *Vectors {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(dim)))
	words, rows := make([]string, n), make([]float32, n*dim)
	for i := range n {
		words[i] = fmt.Sprint("w", i)
		row := rows[i*dim : (i+1)*dim]
		size := float32(1)
		switch i % 50 {
		case 1:
			size = 1e-39 // subnormal
		case 2:
			size = 1e37
		case 3:
			size = 0
		}
		for d := range row {
			switch i % 5 {
			case 0:
				row[d] = size * float32(rng.NormFloat64())
			case 1: // a tight bundle
				row[d] = size * (1 + 1e-4*float32(rng.NormFloat64()))
			case 2: // few distinct ones
				row[d] = size * float32((i/50+d)%3)
			case 3:
				row[d] = size * 1e-3 * float32(rng.NormFloat64())
			case 4:
				row[d] = size * (1 + 1e-7*float32(rng.IntN(4)))
			}
		}
		if i%5 == 3 {
			row[i%dim] = size * 7
		}
	}
	v, err := FromRows(words, dim, rows)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The same answers to the last bit from every kind of store, with and without a
// screen, one by one and in a batch, on any number of goroutines, with any kernel.
func TestEverySearchGivesTheExactAnswer(t *testing.T) {
	everyKernel(t, func(t *testing.T) {
		for _, dim := range []int{1, 19, 48} {
			v := hard(t, 5000, dim)
			small, err := FromRows(slices.Clone(v.Words()[:100]), dim, v.Rows()[:100*dim])
			if err != nil {
				t.Fatal(err)
			}
			skip := func(row int) bool { return row%7 == 0 }
			queries := slices.Concat(v.Row(5), v.Row(6), v.Row(57), v.Row(8), v.Row(9), v.Row(51), v.Row(102), v.Row(100), gaussian(t, 11, dim, 3).Rows())
			for _, d := range []DType{Float32, Float16, Int8} {
				from := v
				if d == Float16 { // which has no such large numbers
					from = gaussian(t, 5000, dim, 4)
				}
				for _, table := range []*Vectors{from, small} {
					if d == Float16 && table == small {
						continue
					}
					held, err := table.Convert(d)
					if err != nil {
						t.Fatal(err)
					}
					screened := *held
					screened.screen = held.makeScreen()
					for _, k := range []int{1, 60} {
						checkSearches(t, held, queries, k, SearchOptions{Threads: 3})
						if d != Int8 {
							checkSearches(t, &screened, queries, k, SearchOptions{Threads: 2, Skip: skip})
						}
					}
				}
			}
		}
	})
}

func checkSearches(t *testing.T, v *Vectors, queries []float32, k int, o SearchOptions) {
	t.Helper()
	batch, err := v.NearestBatch(queries, k, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range batch {
		query := queries[i*v.Dim() : (i+1)*v.Dim()]
		want := sorted(v, query, k, o.Skip)
		one, err := v.NearestTo(query, k, o)
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string][]Neighbor{"one": one, "batch": batch[i]} {
			if !slices.Equal(got, want) {
				at := 0
				for at < min(len(got), len(want)) && got[at] == want[at] {
					at++
				}
				t.Fatalf("%s, screen %t, dim %d, k %d, %s, query %d: %d answers, want %d; they part at %d: %v, want %v", v.DType(), v.screen != nil, v.Dim(), k, name, i,
					len(got), len(want), at, got[at:min(at+2, len(got))], want[at:min(at+2, len(want))])
			}
		}
	}
}

// What a screen promises of each row, for queries of every direction.
func TestScreensKeepTheirBound(t *testing.T) {
	v := hard(t, 2000, 31)
	v.screen = v.makeScreen()
	for i := range 40 {
		query := gaussian(t, 1, 31, uint64(i)).Row(0)
		if i%2 == 0 {
			query = v.Row(i*13 + 5)
		}
		if norm(query) == 0 {
			continue
		}
		s := v.newSearch(query, norm(query), 1, SearchOptions{})
		for row := range v.Len() {
			if v.Norm(row) == 0 {
				continue
			}
			var dots [1]int32
			kernels.ints(dots[:], v.screen.codes[row*31:(row+1)*31], 31, s.ints)
			g := v.screen.grades[row]
			score := float64(float32(dots[0]) * float32(s.step) * g.step)
			if off := math.Abs(score - s.cosine(row, nil)); off > float64(g.error)+s.slack {
				t.Fatalf("query %d, row %d: off by %g, promised %g", i, row, off, float64(g.error)+s.slack)
			}
			if g.error > 0.1 {
				t.Errorf("row %d: a bound of %g is useless", row, g.error)
			}
		}
	}
}

func TestBatchesRefuseWhatASearchRefuses(t *testing.T) {
	v := store(t, 2, "a b", 1, 2, 3, 4)
	for _, queries := range [][]float32{{1}, {1, 2, 0, 0}, {1, 2, float32(math.NaN()), 1}} {
		if _, err := v.NearestBatch(queries, 1, SearchOptions{}); err == nil {
			t.Errorf("%v: no error", queries)
		}
	}
	if near, err := v.NearestBatch(nil, 1, SearchOptions{}); err != nil || len(near) != 0 {
		t.Error(near, err)
	}
	if near, err := random(t, nil, 2).NearestBatch([]float32{1, 2}, 1, SearchOptions{}); err != nil || len(near) != 1 || len(near[0]) != 0 {
		t.Error(near, err)
	}
}
