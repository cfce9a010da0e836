package embeddings

import (
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// stores are the same vectors as each kind of store holds them.
func stores(t *testing.T, v *Vectors) map[DType]*Vectors {
	t.Helper()
	all := map[DType]*Vectors{}
	for _, dtype := range []DType{Float32, Float16, Int8} {
		path := filepath.Join(t.TempDir(), "v.cloze")
		if err := v.WriteStore(path, StoreOptions{DType: dtype}); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		all[dtype] = s
	}
	return all
}

func TestAllGivesEveryRowOfEveryStore(t *testing.T) {
	for dtype, v := range stores(t, royal(t)) {
		row := 0
		for word, vector := range v.All() {
			if word != v.Word(row) || !slices.Equal(vector, v.Row(row)) {
				t.Errorf("%s: row %d is %q %v", dtype, row, word, vector)
			}
			row++
		}
		if row != v.Len() {
			t.Errorf("%s: %d of %d rows", dtype, row, v.Len())
		}
		for range v.All() {
			break // the loop may be left
		}
	}
}

// All that reads may be asked by many at once, of every kind of store; the race
// detector looks on.
func TestManyMayAskAtOnce(t *testing.T) {
	for dtype, v := range stores(t, royal(t)) {
		ask := func() Answer {
			a, err := v.Analogy("man", "king", "woman", 1, QueryOptions{})
			if err != nil {
				t.Error(err)
			}
			b, err := v.Search(Query{Positive: Words("king"), QueryOptions: QueryOptions{Method: CosMul, Unknown: Skip}}, 2)
			if err != nil {
				t.Error(err)
			}
			if _, _, err := v.AppendText(nil, []string{"king", "x"}, TextOptions{Unknown: Zero}); err != nil {
				t.Error(err)
			}
			e, err := v.Evaluator(EvalOptions{})
			if err != nil {
				t.Error(err)
			}
			set := &AnalogySet{Sections: []AnalogySection{{Questions: [][4]string{{"man", "king", "woman", "queen"}}}}}
			if r := e.Analogies(set); r.Total.Correct != 1 {
				t.Errorf("%s: %+v", dtype, r)
			}
			return Answer{Neighbors: append(a.Neighbors, b.Neighbors...)}
		}
		want := ask()
		if want.Neighbors[0].Word != "queen" {
			t.Errorf("%s: %+v", dtype, want)
		}
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 20 {
					if got := ask(); !slices.Equal(got.Neighbors, want.Neighbors) {
						t.Errorf("%s: %v, alone %v", dtype, got, want)
					}
				}
			})
		}
		wait.Wait()
	}
}
