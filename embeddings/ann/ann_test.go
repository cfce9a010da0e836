package ann

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-cloze/cloze/embeddings"
)

// clustered makes n words around some hundred centres, as real vectors lie.
func clustered(t testing.TB, n, dim int) *embeddings.Vectors {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 8))
	centres := make([]float32, 100*dim)
	for i := range centres {
		centres[i] = float32(rng.NormFloat64())
	}
	words, rows := make([]string, n), make([]float32, 0, n*dim)
	for i := range words {
		words[i] = fmt.Sprint("w", i)
		centre := rng.IntN(100) * dim
		for d := range dim {
			rows = append(rows, centres[centre+d]+float32(rng.NormFloat64()))
		}
	}
	return vectors(t, words, dim, rows)
}

func vectors(t testing.TB, words []string, dim int, rows []float32) *embeddings.Vectors {
	t.Helper()
	v, err := embeddings.FromRows(words, dim, rows)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func build(t testing.TB, v *embeddings.Vectors, c Config) (*Index, []Measure) {
	t.Helper()
	x, report, err := Build(v, c)
	if err != nil {
		t.Fatal(err)
	}
	if report.Building <= 0 {
		t.Errorf("built in %v", report.Building)
	}
	return x, report.Measures
}

func TestKernelEqualsPortable(t *testing.T) {
	if !haveKernel {
		t.Skip("this processor has no kernel")
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for _, dim := range []int{1, 3, 11, 12, 13, 28, 50, 60, 100, 300, 301} {
		v := clustered(t, 40, dim)
		c := codes{stride: codeStride(dim), data: make([]byte, 40*codeStride(dim))}
		q := query{values: make([]int16, c.stride)}
		for i := range v.Len() {
			encode(c.at(uint32(i)), v.Row(i), v.Norm(i))
		}
		for count := range 20 {
			nodes := make([]uint32, count)
			for i := range nodes {
				nodes[i] = rng.Uint32N(40)
			}
			got, want := make([]float32, count), make([]float32, count)
			q.load(c.at(rng.Uint32N(40)))
			c.similarities(got, &q, nodes)
			c.similaritiesGo(want, &q, nodes)
			if !slices.Equal(got, want) {
				t.Errorf("dim %d: %v, in plain Go %v", dim, got, want)
			}
		}
	}
}

// TestCodesAreCloseToCosines holds the rounding of codes to a part in a hundred.
func TestCodesAreCloseToCosines(t *testing.T) {
	v := clustered(t, 200, 50)
	c := codes{stride: codeStride(50), data: make([]byte, 200*codeStride(50))}
	for i := range v.Len() {
		encode(c.at(uint32(i)), v.Row(i), v.Norm(i))
	}
	q := query{values: make([]int16, c.stride)}
	for i := range 100 {
		q.load(c.at(uint32(i)))
		out := make([]float32, 1)
		c.similarities(out, &q, []uint32{uint32(i + 100)})
		if want, _ := v.Similarity(v.Word(i), v.Word(i+100)); math.Abs(float64(out[0])-want) > 0.01 {
			t.Errorf("cosine %v by codes, %v by rows", out[0], want)
		}
	}
}

func TestFindsNearlyAllNeighbors(t *testing.T) {
	v := clustered(t, 3000, 24)
	x, measures := build(t, v, DefaultConfig())
	last := measures[len(measures)-1]
	if last.Recall < 0.95 || last.Queries != 300 || x.Info().EF != last.EF || x.Info().Recall != last.Recall {
		t.Errorf("held-out rows: %+v; index %+v", measures, x.Info())
	}
	// Rows of the index as queries, by another path than the measure's.
	hits, n := 0, 0
	for i := 0; i < v.Len(); i += 50 {
		exact, err := v.Nearest(v.Word(i), 10, embeddings.SearchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		near, err := x.Nearest(v.Word(i), 10, Options{EF: 200})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range exact {
			n++
			if slices.Contains(near, w) { // word, row and the same number
				hits++
			}
		}
		if len(near) != 10 || !slices.IsSortedFunc(near, func(a, b embeddings.Neighbor) int {
			if a.Similarity > b.Similarity {
				return -1
			}
			return 1
		}) {
			t.Errorf("%d neighbours: %v", len(near), near)
		}
	}
	if float64(hits) < 0.98*float64(n) {
		t.Errorf("%d of %d neighbours found with ef 200", hits, n)
	}
}

func TestSameBytesForAnyThreads(t *testing.T) {
	v := clustered(t, 1200, 20)
	var files [][]byte
	for _, threads := range []int{1, 3} {
		c := DefaultConfig()
		c.Threads = threads
		x, _ := build(t, v, c)
		path := filepath.Join(t.TempDir(), "x.hnsw")
		if err := x.Write(path); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, data)
	}
	if !slices.Equal(files[0], files[1]) {
		t.Error("the index depends on the number of threads")
	}
}

func TestRoundTripAndConcurrentSearch(t *testing.T) {
	v := clustered(t, 1500, 30)
	built, _ := build(t, v, DefaultConfig())
	path := filepath.Join(t.TempDir(), "x.hnsw")
	if err := built.Write(path); err != nil {
		t.Fatal(err)
	}
	x, err := Open(path, v)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if err := x.Verify(); err != nil {
		t.Error(err)
	}
	a, b := built.Info(), x.Info()
	a.Progress, a.Threads = nil, 0
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("built %+v, opened %+v", a, b)
	}
	var wait sync.WaitGroup
	for part := range 4 {
		wait.Go(func() {
			for i := part; i < 200; i += 4 {
				want, err := built.Nearest(v.Word(i), 5, Options{})
				if err != nil {
					t.Error(err)
				}
				if got, err := x.Nearest(v.Word(i), 5, Options{}); err != nil || !slices.Equal(got, want) {
					t.Errorf("%v, built %v, %v", got, want, err)
				}
			}
		})
	}
	wait.Wait()
}

func TestFilterIsWidenedUntilEnoughPass(t *testing.T) {
	v := clustered(t, 1500, 16)
	x, _ := build(t, v, DefaultConfig())
	for _, every := range []int{2, 50, 300} {
		skip := func(row int) bool { return row%every != 0 }
		near, err := x.Nearest("w3", 4, Options{Skip: skip})
		if err != nil || len(near) != 4 {
			t.Fatalf("every %d: %v, %v", every, near, err)
		}
		for _, n := range near {
			if n.Row%every != 0 || n.Word == "w3" {
				t.Errorf("every %d: %v came through", every, n)
			}
		}
	}
	if near, err := x.Nearest("w3", 5000, Options{}); err != nil || len(near) != 1499 {
		t.Errorf("k of more than all: %d neighbours, %v", len(near), err)
	}
}

// TestTwinsAreFoundAndLockNobodyIn builds of rows half of which are equal.
func TestTwinsAreFoundAndLockNobodyIn(t *testing.T) {
	v := clustered(t, 1000, 12)
	words, rows := slices.Clone(v.Words()), slices.Clone(v.Rows())
	for i := range 1000 {
		words = append(words, fmt.Sprint("twin", i))
		rows = append(rows, v.Row(0)...)
	}
	words, rows = append(words, "zero"), append(rows, make([]float32, 12)...)
	v = vectors(t, words, 12, rows)
	x, _ := build(t, v, DefaultConfig())
	if x.Info().Nodes != 1000 {
		t.Errorf("%d nodes, want 1000", x.Info().Nodes)
	}
	near, err := x.Nearest("w0", 20, Options{})
	if err != nil || len(near) != 20 {
		t.Fatal(near, err)
	}
	for _, n := range near {
		if !strings.HasPrefix(n.Word, "twin") || n.Similarity < 0.999999 {
			t.Errorf("%v before the twins", n)
		}
	}
	exact, _ := v.Nearest("w500", 1, embeddings.SearchOptions{})
	if near, err := x.Nearest("w500", 1, Options{}); err != nil || !slices.Equal(near, exact) {
		t.Errorf("%v, exact %v, %v", near, exact, err)
	}
	if _, err := x.Nearest("zero", 1, Options{}); err == nil || !strings.Contains(err.Error(), "zero vector") {
		t.Errorf("the zero vector's neighbours: %v", err)
	}
}

func TestSmallStores(t *testing.T) {
	for _, n := range []int{1, 2, 5, 99, 100, 140} {
		v := clustered(t, n, 3)
		x, _ := build(t, v, DefaultConfig())
		path := filepath.Join(t.TempDir(), "x.hnsw")
		if err := x.Write(path); err != nil {
			t.Fatal(err)
		}
		x, err := Open(path, v)
		if err != nil {
			t.Fatal(err)
		}
		near, err := x.Nearest("w0", 3, Options{})
		if exact, _ := v.Nearest("w0", 3, embeddings.SearchOptions{}); err != nil || !slices.Equal(near, exact) {
			t.Errorf("%d words: %v, exact %v, %v", n, near, exact, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	v := clustered(t, 200, 8)
	for _, c := range []Config{{M: 1, EFConstruction: 100, Recall: 0.9}, {M: 16, EFConstruction: 3, Recall: 0.9}, {M: 16, EFConstruction: 100, Recall: 1.5}} {
		if _, _, err := Build(v, c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if _, _, err := Build(vectors(t, []string{"a"}, 2, []float32{0, 0}), DefaultConfig()); err == nil {
		t.Error("an index of nothing is built")
	}
	x, _ := build(t, v, DefaultConfig())
	for _, q := range [][]float32{make([]float32, 8), make([]float32, 7), {float32(math.NaN()), 0, 0, 0, 0, 0, 0, 0}} {
		if _, err := x.NearestTo(q, 3, Options{}); err == nil {
			t.Errorf("query %v is answered", q)
		}
	}
	if _, err := x.NearestTo(v.Row(0), 0, Options{}); err == nil {
		t.Error("k of 0 is answered")
	}
	if _, err := x.Nearest("nobody", 3, Options{}); err == nil {
		t.Error("an unknown word is answered")
	}
	path := filepath.Join(t.TempDir(), "x.hnsw")
	if err := x.Write(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, clustered(t, 201, 8)); err == nil || !strings.Contains(err.Error(), "other vectors") {
		t.Errorf("an index of other vectors opens: %v", err)
	}
	data, _ := os.ReadFile(path)
	data[len(data)-1] ^= 1 // of the codes: searches go on, Verify tells
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	y, err := Open(path, v)
	if err != nil {
		t.Fatal(err)
	}
	if err := y.Verify(); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a changed byte: %v", err)
	}
}

// FuzzOpen: a damaged index is refused, or answers without leaving its tables.
func FuzzOpen(f *testing.F) {
	v := clustered(f, 150, 4)
	x, _ := build(f, v, DefaultConfig())
	path := filepath.Join(f.TempDir(), "x.hnsw")
	if err := x.Write(path); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, byte(1), len(good))
	f.Add(len(good)/2, byte(255), len(good))
	f.Add(900, byte(77), len(good)-3)
	f.Fuzz(func(t *testing.T, at int, change byte, size int) {
		data := slices.Clone(good[:max(0, min(size, len(good)))])
		for i := range 4 {
			if at >= 0 && at < len(data)-i {
				data[at+i] ^= change
			}
		}
		path := filepath.Join(t.TempDir(), "x.hnsw")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := Open(path, v)
		if err != nil {
			return
		}
		defer x.Close()
		_ = x.Verify()
		if _, err := x.Nearest("w1", 5, Options{EF: 20}); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkSearch is one query after another on one thread, cold in no cache but its own.
func BenchmarkSearch(b *testing.B) {
	v := clustered(b, 20000, 50)
	x, _ := build(b, v, DefaultConfig())
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := x.NearestTo(v.Row(i%v.Len()), 10, Options{EF: 100}); err != nil {
			b.Fatal(err)
		}
		i += 7
	}
}
