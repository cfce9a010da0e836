package tokenize

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// startsOf is what cutter says, as places.
func startsOf(text []byte) (places []int) {
	var c cutter
	for at := 0; at < len(text); at += blockBytes {
		for i, s := 0, c.starts(text, at); s != 0; i, s = i+1, s>>1 {
			if s&1 != 0 {
				places = append(places, at+i)
			}
		}
	}
	return places
}

// startsByWord is the same by the plain scanner.
func startsByWord(text []byte) (places []int) {
	for i := 0; i < len(text); i = WordEnd(text, i) {
		places = append(places, i)
	}
	return places
}

// Every piece stands at every place of a block, at its ends above all.
func TestBlocksCutWhereTheScannerDoes(t *testing.T) {
	pieces := []string{" ", "  ", "a", "Z", "'", "'s", "'ll", "'re", "'l", "\n", "\r\n", "\t", "7", "é", "日", "\u00a0", "\u3000", "\u2028", "²", "𝒜", "\xff", "\xe6\x97", "!", "..", "\u0301", "\x00", "\U000105C0"}
	r := rand.New(rand.NewPCG(1, 2))
	check := func(text string) {
		t.Helper()
		if got, want := startsOf([]byte(text)), startsByWord([]byte(text)); !slices.Equal(got, want) {
			t.Fatalf("%q: %v, want %v", text, got, want)
		}
	}
	for _, p := range pieces {
		for _, q := range pieces {
			for n := 58; n <= 66; n++ {
				check(strings.Repeat("a", n) + p + q)
				check(strings.Repeat(" ", n) + p + q + "b")
			}
		}
	}
	for range 30_000 {
		var b strings.Builder
		for range r.IntN(90) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		check(b.String())
	}
}
