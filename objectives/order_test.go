package objectives

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func order(n int, seed, epoch uint64) []int {
	p := NewPermutation(n, seed, epoch)
	out := make([]int, n)
	for i := range out {
		out[i] = p.At(i)
	}
	return out
}

func TestPermutationVisitsEachBlockOnce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 1000, 4097} {
		got := order(n, 7, 0)
		slices.Sort(got)
		for i, v := range got {
			if v != i {
				t.Fatalf("n %d: sorted order has %d at %d", n, v, i)
			}
		}
	}
}

func TestPermutationDependsOnSeedAndEpochAlone(t *testing.T) {
	first := order(1000, 7, 0)
	if !slices.Equal(first, order(1000, 7, 0)) {
		t.Error("the same seed and epoch gave two orders")
	}
	for _, other := range [][]int{order(1000, 8, 0), order(1000, 7, 1)} {
		equal := 0
		for i := range other {
			if other[i] == first[i] {
				equal++
			}
		}
		if equal > 10 { // one is expected by chance
			t.Errorf("another seed or epoch left %d of 1000 blocks in place", equal)
		}
	}
}

// A shuffle that kept neighbours together would feed related documents to one step.
func TestPermutationScattersNeighbours(t *testing.T) {
	got := order(10_000, 1, 3)
	near := 0
	for i := 1; i < len(got); i++ {
		if d := got[i] - got[i-1]; d >= -5 && d <= 5 {
			near++
		}
	}
	if near > 30 { // expected 10
		t.Errorf("%d of 9,999 neighbours stay within five places", near)
	}
}

func TestSamplesDrawFromTheirOwnStreams(t *testing.T) {
	var pcg rand.PCG
	seen := map[uint64]bool{}
	for seed := range uint64(3) {
		for epoch := range uint64(10) {
			for sample := range uint64(100) {
				SeedSample(&pcg, seed, epoch, sample)
				v := pcg.Uint64()
				if seen[v] {
					t.Fatalf("seed %d epoch %d sample %d repeats a draw", seed, epoch, sample)
				}
				seen[v] = true
				if SeedSample(&pcg, seed, epoch, sample); pcg.Uint64() != v {
					t.Fatal("seeding again gave another draw")
				}
			}
		}
	}
}
