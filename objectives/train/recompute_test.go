package train

import (
	"slices"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// Gradient checkpointing changes no bit of the loss or of any gradient: with dropout, in half precision, and where query heads share keys.
func TestGradientCheckpointingChangesNoBit(t *testing.T) {
	gpt := models.DefaultGPT()
	gpt.VocabSize, gpt.NumContext, gpt.Dim, gpt.NumLayers, gpt.NumHeads = 20, 8, 16, 3, 2
	gpt.ResidDrop, gpt.EmbedDrop = 0.2, 0.1
	llama := tinyLlama(20, 8, 16)
	llama.NumLayers, llama.AttnDrop = 3, 0.2
	for family, network := range map[string]models.Config{"gpt2": gpt, "llama": llama} {
		for _, dtype := range dtypes {
			var grads [2][]float64
			var losses [2]float64
			for i, on := range []bool{false, true} {
				grads[i], losses[i] = gradientsWith(t, newNetwork(t, network), dtype, on)
			}
			if losses[0] != losses[1] || !slices.Equal(grads[0], grads[1]) {
				t.Errorf("%s %s: losses %v; gradients equal: %v", family, dtype, losses, slices.Equal(grads[0], grads[1]))
			}
		}
	}
}

func gradientsWith(t *testing.T, model models.Model, dtype string, checkpointing bool) (grads []float64, value float64) {
	t.Helper()
	batch := batchOf(objectives.Sequence{IDs: []int32{1, 2, 3}, Next: 4}, objectives.Sequence{IDs: []int32{5, 6}, Next: 9})
	batch.Train = true
	c := DefaultConfig()
	c.GradientCheckpointing, c.DType = checkpointing, dtype
	r, err := newRun(c, Job{Model: model, Objective: objectives.NextToken{}, Loss: loss.NextToken{}, Train: fakeBlocks{1}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	mustDo(t, func() {
		if err := r.backward(&stepData{micro: []objectives.Batch{batch}}); err != nil {
			t.Fatal(err)
		}
		for _, p := range r.optimizer.tensors {
			grads = append(grads, p.Grad().Float64s()...)
		}
	})
	return grads, r.sums.loss()
}

// Between the passes a network that recomputes holds the inputs of its blocks, where the whole record has every layer's.
func TestGradientCheckpointingHoldsBlockInputsAlone(t *testing.T) {
	gpt := tinyGPT()
	gpt.Dim, gpt.NumLayers, gpt.NumContext = 64, 8, 64
	llama := tinyLlama(32, 64, 64)
	llama.InnerDim, llama.NumLayers = 256, 8
	for family, network := range map[string]models.Config{"gpt2": gpt, "llama": llama} {
		model := newNetwork(t, network)
		held := func(on bool) (bytes int64) {
			model.(interface{ CheckpointGradients(bool) }).CheckpointGradients(on)
			mustDo(t, func() {
				if torch.MemoryInUse().Held == 0 {
					t.Skip("no arena to measure with")
				}
				ids, offsets := make([]int32, 1024), make([]int32, 17)
				for i := range offsets {
					offsets[i] = int32(64 * i)
				}
				torch.Scope(func() {
					in := models.NewInput(ids, models.RowPositions(offsets), offsets, torch.CPU, true)
					before := torch.MemoryInUse().Used
					model.Hidden(in)
					bytes = torch.MemoryInUse().Used - before
				})
			})
			return bytes
		}
		const row = 1024 * 64 * 4 // N·D in float32
		if plain, lean := held(false), held(true); lean > (8+3)*row || plain < 5*lean {
			t.Errorf("%s: checkpoints hold %d times N·D, the whole record %d times", family, lean/row, plain/row)
		}
	}
}
