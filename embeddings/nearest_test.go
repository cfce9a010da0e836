package embeddings

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
)

func store(t testing.TB, dim int, words string, rows ...float32) *Vectors {
	t.Helper()
	v, err := FromRows(strings.Fields(words), dim, rows)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func list(near []Neighbor) string {
	var b strings.Builder
	for _, n := range near {
		fmt.Fprintf(&b, "%s %.6f ", n.Word, n.Similarity)
	}
	return strings.TrimSpace(b.String())
}

// gensim computes in float32; its answers agree to 1e-6, in the same order but
// for exact ties, which we order by row.
func TestNeighboursAreGensims(t *testing.T) {
	golden, rows := gensim(t)
	v, err := FromRows(golden.Words, len(rows)/len(golden.Words), rows)
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range golden.Nearest {
		got, err := v.Nearest(word, len(want), SearchOptions{})
		if err != nil || len(got) != len(want) {
			t.Fatal(err, got)
		}
		for i, n := range got {
			if math.Abs(n.Similarity-want[i][1].(float64)) > 1e-6 {
				t.Errorf("%s: answer %d is %v, gensim %v", word, i, n, want[i])
			}
			if tie := i > 0 && got[i-1].Similarity == n.Similarity || i+1 < len(got) && got[i+1].Similarity == n.Similarity; n.Word != want[i][0] && !tie {
				t.Errorf("%s: answer %d is %v, gensim %v", word, i, n, want[i])
			}
			if i > 0 && (got[i-1].Similarity < n.Similarity || got[i-1].Similarity == n.Similarity && got[i-1].Row > n.Row) {
				t.Errorf("%s: %v before %v", word, got[i-1], n)
			}
		}
	}
}

func TestNearestLeavesOutTheWordAndZeroVectors(t *testing.T) {
	v := store(t, 2, "a b zero c d", 1, 0, 2, 0, 0, 0, 0, 1, -1, 0)
	for k, want := range map[int]string{1: "b 1.000000", 2: "b 1.000000 c 0.000000", 9: "b 1.000000 c 0.000000 d -1.000000"} {
		near, err := v.Nearest("a", k, SearchOptions{})
		if err != nil || list(near) != want {
			t.Errorf("k %d: %s, %v", k, list(near), err)
		}
	}
	near, _ := v.NearestTo([]float32{3, 0}, 2, SearchOptions{})
	if list(near) != "a 1.000000 b 1.000000" { // equal: by row
		t.Error(list(near))
	}
	near, _ = v.Nearest("a", 5, SearchOptions{Skip: func(row int) bool { return v.Word(row) == "b" }})
	if list(near) != "c 0.000000 d -1.000000" {
		t.Error(list(near))
	}
	for _, e := range []error{second(v.Nearest("zero", 1, SearchOptions{})), second(v.NearestTo([]float32{0, 0}, 1, SearchOptions{})), second(v.NearestTo([]float32{1}, 1, SearchOptions{})),
		second(v.NearestTo([]float32{1, float32(math.NaN())}, 1, SearchOptions{})), second(v.Nearest("a", 0, SearchOptions{}))} {
		if e == nil {
			t.Error("no error")
		}
	}
	huge := store(t, 2, "a b c", 3e38, 3e38, 3e38, -3e38, -3e38, 3e37)
	if near, err := huge.Nearest("a", 2, SearchOptions{}); err != nil || list(near) != "b 0.000000 c -0.633238" {
		t.Errorf("%s %v", list(near), err)
	}
}

func second[T any](_ T, err error) error { return err }

// Against a plain full sort, for any number of threads.
func TestSearchIsExact(t *testing.T) {
	const n, dim = 5000, 17
	rng := rand.New(rand.NewPCG(5, 6))
	words, rows := make([]string, n), make([]float32, n*dim)
	for i := range words {
		words[i] = fmt.Sprint("w", i)
	}
	for i := range rows {
		rows[i] = float32(rng.IntN(5) - 2) // many ties
	}
	v := store(t, dim, strings.Join(words, " "), rows...)
	all := make([]Neighbor, 0, n)
	for i := range words {
		if v.Norm(i) > 0 && i != 77 {
			all = append(all, Neighbor{Word: words[i], Row: i, Similarity: plainCosine(v.Row(77), v.Row(i))})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].Similarity > all[j].Similarity+1e-9 })
	var first []Neighbor
	for threads := 1; threads < 9; threads++ {
		near, err := v.Nearest("w77", 50, SearchOptions{Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range near {
			if math.Abs(x.Similarity-all[i].Similarity) > 1e-6 {
				t.Fatalf("%d threads: answer %d is %v, want %v", threads, i, x, all[i])
			}
		}
		if first == nil {
			first = near
		} else if !slices.Equal(first, near) {
			t.Errorf("%d threads give another answer", threads)
		}
	}
}

// Case C63.
func TestUnknownWordsAreNamedWithTheNearestSpelling(t *testing.T) {
	v := store(t, 1, "the cat france ▁house House germany", 1, 2, 3, 4, 5, 6)
	for word, near := range map[string][]string{"frnace": {"france"}, "haus": {"▁house", "House"}, "house": {"▁house", "House"}, "catt": {"cat"}, "xyzzyx": nil, "": nil, "germnay": {"germany"}} {
		_, err := v.Nearest(word, 3, SearchOptions{})
		var e *UnknownWordError
		if !errors.As(err, &e) || e.Word != word || !slices.Equal(e.Near, near) {
			t.Errorf("%q: %v", word, err)
		}
		if _, ok := v.Vector(word); ok || v.Has(word) {
			t.Errorf("%q is there", word)
		}
	}
	if got, want := v.Unknown("catt").Error(), `word "catt" is not among the 6 words; nearest spelling: "cat"`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestFromRowsRefusesWhatCannotBeLookedUp(t *testing.T) {
	for want, err := range map[string]error{
		"given twice, as row 0 and row 2": second(FromRows([]string{"a", "b", "a"}, 1, []float32{1, 2, 3})),
		`"b" (row 1) holds NaN`:           second(FromRows([]string{"a", "b"}, 1, []float32{1, float32(math.NaN())})),
		"need 4 numbers, 3 were given":    second(FromRows([]string{"a", "b"}, 2, []float32{1, 2, 3})),
		"dimension 0":                     second(FromRows(nil, 0, nil)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestCompareTellsWhereStoresPart(t *testing.T) {
	a := store(t, 2, "a b", 1, 2, 3, 4)
	if d, err := Compare(a, store(t, 2, "a b", 1, 2.5, 3, 3.75)); d != 0.5 || err != nil {
		t.Errorf("%g %v", d, err)
	}
	for want, b := range map[string]*Vectors{`row 1 is word "b" in one and "c"`: store(t, 2, "a c", 1, 2, 3, 4), "against 4 of dimension 1": store(t, 1, "a b c d", 1, 2, 3, 4)} {
		if _, err := Compare(a, b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestManyReadersAtOnce(t *testing.T) {
	v, err := Open(filepath.Join(goldenDir, "gensim.bin"))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := v.Nearest("the", 5, SearchOptions{})
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 20 {
				if got, err := v.Nearest("the", 5, SearchOptions{}); err != nil || !slices.Equal(got, want) {
					t.Error(got, err)
				}
				v.Unknown("thee")
			}
		})
	}
	wait.Wait()
}

func plainCosine(a, b []float32) float64 {
	ab := 0.0
	for i, x := range a {
		ab += float64(x) * float64(b[i])
	}
	return ab / norm(a) / norm(b)
}
