package models

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// BenchmarkGPTStep is a training step (forward, loss, backward, clip to 1, AdamW) of the shapes that the plain
// PyTorch program of the speed comparison has: no biases, exact GELU, float32.
func BenchmarkGPTStep(b *testing.B) {
	for _, shape := range []struct{ v, d, l, h, t, b int }{{65, 128, 4, 4, 64, 12}, {8192, 384, 6, 6, 256, 8}} {
		b.Run(fmt.Sprintf("V%d_D%d_L%d_H%d_T%d_B%d", shape.v, shape.d, shape.l, shape.h, shape.t, shape.b), func(b *testing.B) {
			config := DefaultGPT()
			config.VocabSize, config.Dim, config.NumLayers, config.NumHeads, config.NumContext = shape.v, shape.d, shape.l, shape.h, shape.t
			config.Bias, config.Activation = false, "gelu"
			ids := make([]int32, shape.t*shape.b)
			for i := range ids {
				ids[i] = rand.Int32N(int32(shape.v))
			}
			offsets := make([]int32, shape.b+1)
			for i := range offsets {
				offsets[i] = int32(i * shape.t)
			}
			err := torch.Do(func() error {
				model, err := NewGPT(config, 1)
				if err != nil {
					return err
				}
				defer model.Params().Free()
				optimizer := newAdamW(model.Params())
				defer optimizer.free()
				golden := gptGolden{}
				golden.AdamW.LR, golden.AdamW.Beta1, golden.AdamW.Beta2 = 1e-3, 0.9, 0.95
				golden.AdamW.Eps, golden.AdamW.WeightDecay = 1e-8, 0.1
				params := model.Params().Tensors()
				targets := torch.FromInt32(ids, int64(len(ids))).Keep()
				defer torch.Free(targets)
				for b.Loop() {
					torch.Scope(func() {
						in := NewInput(ids, RowPositions(offsets), offsets, torch.CPU, true)
						weight, bias := model.Head()
						torch.LinearCrossEntropySum(model.Hidden(in), weight, bias, targets).Backward()
						mean := 1 / float64(len(ids))
						torch.ScaleGrads(params, mean*min(1, 1/(mean*torch.GradNorm(params)+1e-6)))
						optimizer.apply(golden)
					})
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(ids)*b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
