package objectives

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// numbered is a set of blocks whose only sequence tells its set and its number.
type numbered struct {
	set int32
	n   int
}

func (b numbered) Len() int { return b.n }
func (b numbered) Sequences(i int, dst []Sequence) []Sequence {
	return append(dst, Sequence{IDs: []int32{b.set, int32(i)}})
}

func mixOf(t *testing.T, seed uint64, weights []float64, blocks ...int) *Mix {
	t.Helper()
	var sources []Source
	for i, n := range blocks {
		sources = append(sources, Source{Name: fmt.Sprint("set ", i), Blocks: numbered{int32(i), n}, Weight: weights[i]})
	}
	m, err := NewMix(seed, sources...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMixKeepsItsProportions(t *testing.T) {
	weights := []float64{1, 1. / 3, 5, 0.001, 2}
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	m := mixOf(t, 7, weights, 10, 200, 31, 4, 1000)
	counts := make([]float64, len(weights))
	for n := range uint64(100_000) {
		for i := range counts {
			if d := counts[i] - float64(n)*weights[i]/sum; math.Abs(d) >= float64(len(weights)) {
				t.Fatalf("after %d samples set %d is %g blocks off its share", n, i, d)
			}
		}
		block, _ := m.At(n)
		counts[m.Sequences(block, nil)[0].IDs[0]]++
	}
	for i, passes := range m.Passes(100_000) {
		if want := counts[i] / float64(m.sources[i].Blocks.Len()); passes != want {
			t.Errorf("set %d was read %g times, Passes says %g", i, want, passes)
		}
	}
	// Far along nothing has drifted.
	const far = 1 << 50
	for i, passes := range m.Passes(far) {
		if got, want := passes*float64(m.sources[i].Blocks.Len())/far, weights[i]/sum; math.Abs(got-want) > 1e-12 {
			t.Errorf("after 2^50 samples set %d has a share of %g, want %g", i, got, want)
		}
	}
}

func TestMixReadsEachSetPassAfterPass(t *testing.T) {
	m := mixOf(t, 3, []float64{1, 2}, 7, 50)
	seen := []map[uint64][]int32{{}, {}}
	for n := range uint64(1000) {
		block, epoch := m.At(n)
		ids := m.Sequences(block, nil)[0].IDs
		seen[ids[0]][epoch] = append(seen[ids[0]][epoch], ids[1])
	}
	for set, size := range []int{7, 50} {
		last := uint64(len(seen[set]) - 1)
		for epoch, blocks := range seen[set] {
			slices.Sort(blocks)
			if epoch < last && (len(blocks) != size || len(slices.Compact(blocks)) != size) {
				t.Errorf("set %d, pass %d: not every block once: %v", set, epoch, blocks)
			}
		}
	}
	if len(seen[0]) < 40 || len(seen[1]) < 13 {
		t.Errorf("%d and %d passes", len(seen[0]), len(seen[1]))
	}
}

func TestMixOfOneIsItsShuffledOrder(t *testing.T) {
	m, s := mixOf(t, 11, []float64{0.3}, 37), Shuffled{37, 11}
	for n := range uint64(200) {
		b1, e1 := m.At(n)
		b2, e2 := s.At(n)
		if b1 != b2 || e1 != e2 {
			t.Fatalf("sample %d is block %d of pass %d, want %d of %d", n, b1, e1, b2, e2)
		}
	}
}

func TestMixRefusesByName(t *testing.T) {
	for want, s := range map[string]Source{
		"weight 0": {"wiki", numbered{0, 1}, 0}, "weight NaN": {"wiki", numbered{0, 1}, math.NaN()},
		"weight +Inf": {"wiki", numbered{0, 1}, math.Inf(1)}, "no block": {"wiki", numbered{0, 0}, 1},
	} {
		if _, err := NewMix(1, s); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "wiki") {
			t.Errorf("error %v, want one that names wiki and %s", err, want)
		}
	}
	if _, err := NewMix(1); err == nil {
		t.Error("a mix of nothing is no error")
	}
}

func ExampleMix() {
	web, books := numbered{0, 100}, numbered{1, 3}
	m, err := NewMix(1, Source{"web", web, 3}, Source{"books", books, 1})
	if err != nil {
		panic(err)
	}
	for n := range uint64(8) {
		block, epoch := m.At(n)
		fmt.Printf("sample %d: %s, pass %d\n", n, []string{"web", "books"}[m.Sequences(block, nil)[0].IDs[0]], epoch)
	}
	fmt.Println(m.Passes(24))
	// Output:
	// sample 0: books, pass 0
	// sample 1: web, pass 0
	// sample 2: web, pass 0
	// sample 3: web, pass 0
	// sample 4: books, pass 0
	// sample 5: web, pass 0
	// sample 6: web, pass 0
	// sample 7: web, pass 0
	// [0.18 2]
}
