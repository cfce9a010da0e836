package models

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// TestInt8EncoderIsNear the exact one: widths and lengths that are no multiples of what the kernel takes at a time, each activation; a row alone, on one
// thread, has the same bits.
func TestInt8EncoderIsNear(t *testing.T) {
	for _, activation := range []string{"gelu", "gelu_new", "relu"} {
		onTorch(t, func() {
			defer torch.SetThreads(torch.Threads())
			config := DefaultBERT()
			config.NumLayers, config.NumHeads, config.Dim, config.InnerDim, config.NumPositions, config.VocabSize = 2, 3, 63, 401, 300, 97
			config.Activation, config.InitStd = activation, 0.1
			model, err := NewBERT(config, 8)
			if err != nil {
				t.Fatal(err)
			}
			defer model.Params().Free()
			e := model.Int8Encoder()
			if e == nil {
				t.Skip("this processor has no AVX2")
			}
			defer e.Free()
			rng := rand.New(rand.NewPCG(1, 2))
			var ids []int32
			offsets := []int32{0}
			for _, n := range []int{1, 17, 5, 96, 97, 31, 2, 290} {
				for range n {
					ids = append(ids, rng.Int32N(97))
				}
				offsets = append(offsets, int32(len(ids)))
			}
			run := func(threads int, ids, offsets []int32) []float32 {
				torch.SetThreads(threads)
				return e.Hidden(NewInput(ids, RowPositions(offsets), offsets, torch.CPU, false)).Float32s()
			}
			all := run(2, ids, offsets)
			var off, size float64
			for i, x := range model.Hidden(NewInput(ids, RowPositions(offsets), offsets, torch.CPU, false)).Float32s() {
				off += math.Pow(float64(x-all[i]), 2)
				size += math.Pow(float64(x), 2)
			}
			// A product of rows and a matrix rounded so is off by 0.8 % of its norm, of normal numbers; eight follow each other here.
			if relative := math.Sqrt(off / size); relative > 0.04 || relative == 0 {
				t.Errorf("%s: hidden states are off by %g of their norm", activation, relative)
			}
			for i := range len(offsets) - 1 {
				from, to := offsets[i], offsets[i+1]
				if alone := run(1, ids[from:to], []int32{0, to - from}); !slices.Equal(alone, all[from*63:to*63]) {
					t.Errorf("%s: row %d of %d tokens has other bits alone", activation, i, to-from)
				}
			}
		})
	}
}
