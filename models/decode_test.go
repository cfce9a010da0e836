package models

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// causal is a network that writes text.
type causal interface {
	Network
	NewCache(rows, capacity int) *Cache
	Decoder() *torch.Decoder
}

// TestTokensHaveTheirBitsAloneTogetherAndOnTwoThreads: prompts of several rows in one native step, each token in a step of its own, on one and on
// two threads: the same bits. Widths are no multiples of what the tiles take, rows more than they take.
func TestTokensHaveTheirBitsAloneTogetherAndOnTwoThreads(t *testing.T) {
	gpt := DefaultGPT()
	gpt.NumLayers, gpt.NumHeads, gpt.Dim, gpt.NumContext, gpt.VocabSize, gpt.InitStd = 2, 3, 126, 64, 211, 0.1
	llama := DefaultLlama()
	llama.NumLayers, llama.NumHeads, llama.NumKVHeads, llama.Dim, llama.InnerDim = 2, 6, 2, 120, 803
	llama.NumContext, llama.VocabSize, llama.InitStd = 64, 211, 0.1
	for name, config := range map[string]Config{"gpt": gpt, "llama": llama} {
		onTorch(t, func() {
			defer torch.SetThreads(torch.Threads())
			made, err := New(config, 3)
			if err != nil {
				t.Fatal(err)
			}
			network := made.(causal)
			defer network.Params().Free()
			prompts := make([][]int32, 3)
			for i, n := range []int{1, 40, 23} {
				for j := range n {
					prompts[i] = append(prompts[i], int32((i*97+j*31)%211))
				}
			}
			run := func(threads int, together bool) (logits []float32) {
				torch.SetThreads(threads)
				cache := network.NewCache(3, 64)
				defer cache.Free()
				var ids, rows, positions []int32
				for i, prompt := range prompts {
					for j, id := range prompt {
						ids, rows, positions = append(ids, id), append(rows, int32(i)), append(positions, int32(j))
						if together {
							continue
						}
						last := cache.Decode(network.Decoder(), ids, rows, positions)
						ids, rows, positions = nil, nil, nil
						if j == len(prompt)-1 {
							logits = append(logits, last...)
						}
					}
				}
				if together {
					logits = cache.Decode(network.Decoder(), ids, rows, positions)
				}
				return logits
			}
			want := run(1, false)
			for threads := 1; threads <= 2; threads++ {
				if got := run(threads, true); !slices.Equal(got, want) {
					t.Errorf("%s, together on %d threads: the largest difference is %g", name, threads, largestDifference(got, want))
				}
			}
			if got := run(2, false); !slices.Equal(got, want) {
				t.Errorf("%s, alone on two threads: the largest difference is %g", name, largestDifference(got, want))
			}
		})
	}
}

// hostileTable is a table of the head whose likeliest row is hard to see in few bits: rows nearly or exactly equal, of all sizes, of one large number, of
// none.
func hostileTable(rng *rand.Rand, v, d int) []float32 {
	table := make([]float32, v*d)
	for r := range v {
		row := table[r*d : (r+1)*d]
		for i := range row {
			row[i] = float32(rng.NormFloat64())
		}
		switch earlier := table[max(0, r-1-rng.IntN(50))*d:][:d]; r % 8 {
		case 1:
			copy(row, earlier) // an equal
		case 2, 3:
			copy(row, earlier) // a number differs in its last bit
			i := rng.IntN(d)
			row[i] = math.Nextafter32(row[i], float32(rng.IntN(3)-1))
		case 4:
			scale := float32(math.Pow(10, float64(rng.IntN(60)-45)))
			for i := range row {
				row[i] *= scale
			}
		case 5:
			row[rng.IntN(d)] *= 1000
		case 6:
			clear(row)
			row[rng.IntN(d)] = float32(rng.NormFloat64())
		}
	}
	return table
}

// TestTheLikeliestTokenIsThatOfAllLogits: the search by bounds gives the id, the lowest of equals, that all logits give, also below a limit, after the table
// was changed in place, and where rows are no numbers.
func TestTheLikeliestTokenIsThatOfAllLogits(t *testing.T) {
	const v, d = 1 << 14, 66 // more than a million numbers; the step searches only such tables
	config := DefaultGPT()
	config.NumLayers, config.NumHeads, config.Dim, config.NumContext, config.VocabSize, config.TiedHead = 1, 2, d, 64, v, false
	rng := rand.New(rand.NewPCG(7, 9))
	onTorch(t, func() {
		made, err := New(config, 3)
		if err != nil {
			t.Fatal(err)
		}
		network := made.(causal)
		defer network.Params().Free()
		defer torch.ForgetBest()
		head, _ := network.Head()
		compare := func(what string, limit int) {
			t.Helper()
			for _, rows := range []int{1, 3, 5} {
				var ids, places, positions []int32
				for i := range rows {
					ids, places, positions = append(ids, int32(rng.IntN(v))), append(places, int32(i)), append(positions, 0)
				}
				cache, other := network.NewCache(rows, 2), network.NewCache(rows, 2)
				logits := cache.Decode(network.Decoder(), ids, places, positions)
				got := other.DecodeBest(network.Decoder(), limit, ids, places, positions)
				cache.Free()
				other.Free()
				for i := range rows {
					mine := logits[i*v : i*v+limit]
					want := int32(0)
					for id, x := range mine {
						if x != x {
							want = int32(-1 - id)
							break
						}
						if x > mine[want] {
							want = int32(id)
						}
					}
					if got[i] != want {
						t.Errorf("%s, %d rows: %d is likeliest, want %d", what, rows, got[i], want)
					}
				}
			}
		}
		for round := range 6 {
			head.CopyFromFloat32s(hostileTable(rng, v, d))
			compare("changed in place", v)
			compare("below a limit", 100+round*1000)
		}
		table := hostileTable(rng, v, d)
		table[500*d+3], table[7000*d], table[9000*d+1] = float32(math.Inf(-1)), float32(math.NaN()), float32(math.NaN())
		head.CopyFromFloat32s(table)
		compare("infinite", 7000)
		compare("no number", v)
		for i := range table {
			table[i] = float32(1e30 * rng.NormFloat64())
		}
		head.CopyFromFloat32s(table)
		compare("beyond what squares hold", v)
	})
}
