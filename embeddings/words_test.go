package embeddings

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
)

// Against a map, through every growth of the table.
func TestWordsAreFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var x names
	rows := map[string]int{}
	for range 20000 {
		w := fmt.Sprint(rng.IntN(15000)) + "é\xff"[:rng.IntN(4)]
		row, fresh := x.add(w)
		want, there := rows[w]
		if !there {
			want = len(rows)
			rows[w] = want
		}
		if row != want || fresh == there {
			t.Fatalf("%q is row %d (new: %t), want %d", w, row, fresh, want)
		}
	}
	for w, row := range rows {
		if got, ok := x.find(w); !ok || got != row {
			t.Errorf("%q is row %d, want %d", w, got, row)
		}
		if _, ok := x.find(w + "."); ok {
			t.Errorf("%q is there", w+".")
		}
	}
	if 8*len(rows) > 7*len(x.slots) {
		t.Errorf("%d words in %d slots", len(rows), len(x.slots))
	}
	if _, ok := new(names).find("a"); ok {
		t.Error("found in nothing")
	}
}

// Files hold these hashes: they may not change.
func TestHashesStay(t *testing.T) {
	for word, want := range map[string]uint64{"": 0x1ff5c2923a788d2c, "the": 0x100e99c0168f7e54, "supercalifragilistic": 0xf44147f846bcc228} {
		if got := hashWord(word); got != want {
			t.Errorf("%q: %#x, want %#x", word, got, want)
		}
	}
}

// All 65,536 halves, and the middle between each two, where ties go to even.
func TestHalvesAreRoundedToTheNearest(t *testing.T) {
	for h := range 1 << 16 {
		x := safetensors.Float16(uint16(h))
		if x != x {
			if got := toHalf(x); got&0x7c00 != 0x7c00 || got&0x3ff == 0 {
				t.Errorf("NaN %#x becomes %#x", h, got)
			}
			continue
		}
		if got := toHalf(x); got != uint16(h) {
			t.Fatalf("%#x = %v becomes %#x", h, x, got)
		}
		if h&0x7fff >= 0x7bff {
			continue
		}
		next := safetensors.Float16(uint16(h) + 1)
		middle := float32((float64(x) + float64(next)) / 2)
		if got, even := toHalf(middle), uint16(h+h&1); got != even {
			t.Fatalf("%v, between %#x and its neighbour, becomes %#x", middle, h, got)
		}
		if got := toHalf(math.Nextafter32(middle, x)); got != uint16(h) {
			t.Fatalf("just before the middle of %#x: %#x", h, got)
		}
	}
	for _, x := range []float32{65520, 1e30, float32(math.Inf(1))} {
		if toHalf(x) != 0x7c00 || toHalf(-x) != 0xfc00 {
			t.Errorf("%v becomes %#x", x, toHalf(x))
		}
	}
}
