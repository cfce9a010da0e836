package torch

import (
	"math"
	"math/rand/v2"
	"testing"
)

// zipfWords is a text of n words of v, the i-th of them with a share of 1/(i+10), in sentences of 20, with the probabilities of keeping
// and of noise that word2vec computes for it (sample 1e-3, power 0.75).
func zipfWords(v, n int) (w *WordVectors, tokens, ends []int32) {
	sums := make([]float64, v+1)
	for i := range v {
		sums[i+1] = sums[i] + 1/float64(i+10)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for len(tokens) < n {
		x := r.Float64() * sums[v]
		low, high := 0, v
		for high-low > 1 {
			if middle := (low + high) / 2; sums[middle] <= x {
				low = middle
			} else {
				high = middle
			}
		}
		if tokens = append(tokens, int32(low)); len(tokens)%20 == 0 {
			ends = append(ends, int32(len(tokens)))
		}
	}
	w = &WordVectors{Dim: 100, Stride: WordStride(100), Window: 5, Negative: 5}
	for i := range v {
		f := 1 / float64(i+10) / sums[v]
		w.Keep = append(w.Keep, uint32(min(1, math.Sqrt(1e-3/f)+1e-3/f)*math.MaxUint32))
	}
	// The draw of a word and of its weight to the power of 0.75, without an alias table: slots in proportion.
	total := 0.
	for i := range v {
		total += math.Pow(1/float64(i+10), 0.75)
	}
	for i, left := 0, 0.; len(w.Noise) < v; {
		if left += 1 / float64(v); left > math.Pow(1/float64(i+10), 0.75)/total && i < v-1 {
			i, left = i+1, 0
		}
		w.Noise = append(w.Noise, math.MaxUint32<<32|uint64(i))
	}
	return w, tokens, ends
}

// BenchmarkWordVectors trains on one thread; words/s are those of the text, of which frequent ones are passed over.
func BenchmarkWordVectors(b *testing.B) {
	const v = 40_000
	for _, mode := range []struct {
		name       string
		cbow, tree bool
		rows       int
	}{{"skip-gram", false, false, 0}, {"cbow", true, false, 0}, {"skip-gram-tree", false, true, 0}, {"cbow-tree", true, true, 0}, {"sub-words", false, false, 20}} {
		b.Run(mode.name, func(b *testing.B) {
			err := Do(func() error {
				w, tokens, ends := zipfWords(v, 200_000)
				w.CBOW, w.Hierarchical = mode.cbow, mode.tree
				rows := int64(v)
				if mode.rows > 0 {
					r := rand.New(rand.NewPCG(2, 2))
					rows += 200_000
					w.RowOffsets = []int64{0}
					for i := range v {
						w.RowIDs = append(w.RowIDs, int32(i))
						for range mode.rows {
							w.RowIDs = append(w.RowIDs, int32(v+r.IntN(200_000)))
						}
						w.RowOffsets = append(w.RowOffsets, int64(len(w.RowIDs)))
					}
				}
				if mode.tree { // a heap: leaf i is node v-1+i
					w.CodeOffsets = []int64{0}
					for i := range v {
						for node := v - 1 + i; node > 0; node = (node - 1) / 2 {
							w.Codes, w.Points = append(w.Codes, uint8(node&1)), append(w.Points, int32((node-1)/2))
						}
						w.CodeOffsets = append(w.CodeOffsets, int64(len(w.Codes)))
					}
				}
				w.Input = Empty(Float32, CPU, rows, int64(w.Stride)).Uniform_(-0.005, 0.005)
				w.Output = Zeros(Float32, CPU, v, int64(w.Stride))
				if err := w.Check(); err != nil {
					return err
				}
				rng := uint64(1)
				w.Train(tokens, ends, 0.025, &rng)
				b.ReportAllocs()
				for b.Loop() {
					w.Train(tokens, ends, 0.025, &rng)
				}
				b.ReportMetric(float64(len(tokens))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mwords/s")
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}
