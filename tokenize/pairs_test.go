package tokenize

import (
	"math/rand/v2"
	"testing"
)

// The table says what a map says, also of pairs that its first factor would put into one place.
func TestPairTableIsAMap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 30, 3000, 60_000} {
		for _, near := range []bool{false, true} {
			pairs, want := make([][2]int32, 0, n), map[[2]int32]uint32{}
			first := pairTable{factor: 0x9E3779B97F4B}
			for len(pairs) < n {
				p := [2]int32{r.Int32N(1<<rankBits - 1), r.Int32N(1<<rankBits - 1)}
				if near { // found from the hash: its inverse, modulo 2^48, of a hash with the same top bits
					key := (uint64(r.Uint32())) * inverse(first.factor) & (1<<48 - 1)
					p = [2]int32{int32(key >> rankBits), int32(key & (1<<rankBits - 1))}
				}
				want[p] = uint32(len(pairs))
				pairs = append(pairs, p)
				if len(pairs) < n && r.IntN(50) == 0 { // given twice
					want[p] = uint32(len(pairs))
					pairs = append(pairs, p)
				}
			}
			table := newPairTable(pairs)
			if len(table.slots) > max(1<<12, n*8) {
				t.Errorf("%d pairs take %d slots", n, len(table.slots))
			}
			for _, p := range pairs {
				for _, q := range [][2]int32{p, {p[1], p[0]}, {p[0] ^ 1, p[1]}, {p[0], p[1] ^ 1<<20}} {
					rank, ok := want[q]
					if !ok {
						rank = noRank
					}
					if got := table.rank(q[0], q[1]); got != rank {
						t.Fatalf("%v: rank %d, not %d", q, got, rank)
					}
				}
			}
		}
	}
}

// inverse returns the number that an odd one is to be multiplied with to give 1 modulo 2^64.
func inverse(x uint64) uint64 {
	y := x
	for range 6 {
		y *= 2 - x*y
	}
	return y
}
