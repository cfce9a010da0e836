package models

import (
	"math"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// Tolerance 1e-5: products of other sizes round otherwise. With checkpointing, too.
func TestHiddenAtIsHiddenAtThoseRows(t *testing.T) {
	bert := DefaultBERT()
	bert.VocabSize, bert.Dim, bert.InnerDim, bert.NumLayers, bert.NumHeads, bert.NumPositions = 40, 16, 32, 2, 2, 16
	gpt := DefaultGPT()
	gpt.VocabSize, gpt.Dim, gpt.NumLayers, gpt.NumHeads, gpt.NumContext = 40, 16, 2, 2, 16
	ids, offsets, rows := []int32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, []int32{0, 4, 5, 11}, []int32{9, 0, 4, 4}
	err := torch.Do(func() error {
		torch.SetThreads(1) // the models are too small to be shared out
		for _, config := range []Config{bert, gpt} {
			for _, checkpointed := range []bool{false, true} {
				m, err := New(config, 5)
				if err != nil {
					return err
				}
				m.(interface{ CheckpointGradients(bool) }).CheckpointGradients(checkpointed)
				in := NewInput(ids, RowPositions(offsets), offsets, torch.CPU, false)
				want, got := m.Hidden(in).Float32s(), HiddenAt(m, in, torch.FromInt32(rows, 4)).Float32s()
				if len(got) != len(rows)*16 {
					t.Fatalf("%d numbers of %d rows", len(got), len(rows))
				}
				for k, row := range rows {
					for d := range 16 {
						if a, b := got[k*16+d], want[int(row)*16+d]; math.Abs(float64(a-b)) > 1e-5 {
							t.Fatalf("%s: number %d of row %d is %v, want %v", config.Shape().ModelType, d, row, a, b)
						}
					}
				}
				m.Params().Free()
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
