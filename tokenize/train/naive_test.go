package train

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/tokenize"
)

// naive is the algorithm as it is told: count all pairs, merge the best, count again.
func naive(vocab int, texts ...[]byte) ([]string, error) {
	counts := map[string]int64{}
	for _, text := range texts {
		for i := 0; i < len(text); {
			end := tokenize.WordEnd(text, i)
			for i < end {
				n := min(end-i, maxWord)
				counts[string(text[i:i+n])]++
				i += n
			}
		}
	}
	pieces, ids := []string{}, map[string]int{}
	for _, b := range tokenize.ByteAlphabet() {
		ids[string([]byte{b})] = len(pieces)
		pieces = append(pieces, string([]byte{b}))
	}
	words := map[string][]int{}
	for w := range counts {
		for i := range len(w) {
			words[w] = append(words[w], ids[w[i:i+1]])
		}
	}
	var merges []string
	for len(pieces) < vocab {
		sums := map[[2]int]int64{}
		for w, seq := range words {
			for i := range len(seq) - 1 {
				sums[[2]int{seq[i], seq[i+1]}] += counts[w]
			}
		}
		var best [2]int
		top := int64(0)
		for p, n := range sums {
			if n > top || n == top && (p[0] < best[0] || p[0] == best[0] && p[1] < best[1]) {
				best, top = p, n
			}
		}
		if top == 0 {
			break
		}
		raw := pieces[best[0]] + pieces[best[1]]
		id, ok := ids[raw]
		if !ok {
			id = len(pieces)
			ids[raw] = id
			pieces = append(pieces, raw)
		}
		merges = append(merges, spelled(pieces[best[0]])+" "+spelled(pieces[best[1]]))
		for w, seq := range words {
			out := seq[:0]
			for i := 0; i < len(seq); i++ {
				if i+1 < len(seq) && seq[i] == best[0] && seq[i+1] == best[1] {
					out = append(out, id)
					i++
				} else {
					out = append(out, seq[i])
				}
			}
			words[w] = out
		}
	}
	return merges, nil
}

// Runs of few letters make overlapping pairs and pieces that several merges spell.
func TestMergesEqualTheNaiveAlgorithm(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 300 {
		var b strings.Builder
		for range 1 + r.IntN(40) {
			for range 1 + r.IntN(12) {
				b.WriteByte("aaab"[r.IntN(2+r.IntN(3))])
			}
			b.WriteByte(' ')
		}
		vocab := 257 + r.IntN(80)
		want, _ := naive(vocab, []byte(b.String()))
		tok, _ := mustTrain(t, config(vocab), b.String())
		if got := mergesOf(t, tok); !slices.Equal(got, want) {
			t.Fatalf("%q\n got %q\nwant %q", b.String(), got, want)
		}
	}
}
