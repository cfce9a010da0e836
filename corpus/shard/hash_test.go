package shard

import (
	"hash/fnv"
	"math/rand/v2"
	"testing"
)

func TestHashesOfManyTextsAreThoseOfEach(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var text []byte
		var ends []int
		var want []uint64
		for range r.IntN(12) {
			start := len(text)
			for range r.IntN(3) * r.IntN(200) { // some are empty
				text = append(text, byte(r.UintN(256)))
			}
			ends = append(ends, len(text))
			h := fnv.New64a()
			h.Write(text[start:])
			want = append(want, h.Sum64())
			if got := HashText(text[start:]); got != h.Sum64() {
				t.Fatalf("HashText %x, FNV-1a %x", got, h.Sum64())
			}
		}
		got := appendHashes([]uint64{7}, text, ends)
		if len(got) != len(want)+1 || got[0] != 7 {
			t.Fatalf("%d hashes of %d texts", len(got)-1, len(want))
		}
		for i, h := range got[1:] {
			if h != want[i] {
				t.Fatalf("text %d of %d: %x, want %x", i, len(want), h, want[i])
			}
		}
	}
}
