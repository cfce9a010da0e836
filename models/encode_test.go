package models

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// TestEncoderGivesHiddenStates: of transformers' tiny encoders, and of widths and lengths that are no multiples of what the kernel takes at a time, for
// each activation, on one and on two threads; a row alone has the same bits.
func TestEncoderGivesHiddenStates(t *testing.T) {
	eachEncoder(t, true, func(t *testing.T, golden encoderGolden, model Network, _ string) {
		network, ok := model.(*BERT)
		if !ok {
			return // ModernBERT has no kernel
		}
		e := network.Encoder()
		if e == nil {
			t.Skip("this processor has no AVX2")
		}
		defer e.Free()
		if d := largestDifference(e.Hidden(golden.input(false)).Float32s(), golden.Hidden); d > 1e-5 {
			t.Errorf("hidden states differ by %g", d)
		}
	})
	for _, activation := range []string{"gelu", "gelu_new", "relu"} {
		onTorch(t, func() {
			defer torch.SetThreads(torch.Threads())
			config := DefaultBERT()
			config.NumLayers, config.NumHeads, config.Dim, config.InnerDim, config.NumPositions, config.VocabSize = 2, 3, 63, 401, 600, 97
			config.Activation, config.InitStd = activation, 0.2
			model, err := NewBERT(config, 8)
			if err != nil {
				t.Fatal(err)
			}
			defer model.Params().Free()
			e := model.Encoder()
			if e == nil {
				t.Skip("this processor has no AVX2")
			}
			defer e.Free()
			rng := rand.New(rand.NewPCG(1, 2))
			var ids []int32
			offsets := []int32{0}
			for _, n := range []int{1, 0, 17, 5, 96, 97, 200, 16, 31, 2, 590} {
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
			// 2e-5 absolute on numbers of size 4: sums of 401 terms in another order.
			if d := largestDifference(all, model.Hidden(NewInput(ids, RowPositions(offsets), offsets, torch.CPU, false)).Float32s()); d > 2e-5 {
				t.Errorf("%s: hidden states differ by %g", activation, d)
			}
			full := append([]int32{0}, offsets[2:]...) // without the empty row
			for _, threads := range []int{1, 2} {
				torch.SetThreads(threads)
				firsts := e.HiddenFirst(NewInput(ids, RowPositions(full), full, torch.CPU, false)).Float32s()
				for i, from := range full[:len(full)-1] {
					if !slices.Equal(firsts[i*63:(i+1)*63], all[from*63:(from+1)*63]) {
						t.Errorf("%s: the first token of row %d has other bits without the others", activation, i)
					}
				}
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

func TestEncoderRefusesOtherTypes(t *testing.T) {
	onTorch(t, func() {
		config := DefaultBERT()
		config.NumLayers, config.NumHeads, config.Dim, config.InnerDim, config.VocabSize = 1, 2, 16, 32, 50
		for name, dtype := range map[string]torch.DType{"silu": torch.Float32, "gelu": torch.BFloat16} {
			config.Activation = name
			model, err := NewBERT(config, 8)
			if err != nil {
				t.Fatal(err)
			}
			converted := Convert(model, dtype)
			model.Params().Free()
			if converted.(*BERT).Encoder() != nil {
				t.Errorf("%s in %v is encoded", name, dtype)
			}
			converted.Params().Free()
		}
	})
}
