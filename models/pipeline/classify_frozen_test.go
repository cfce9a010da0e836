package pipeline

import (
	"context"
	"math"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// TestFeaturesAreWhatTheHeadReads: of a frozen encoder the loss of a batch by features is that by the network, 1e-5 relative, in any order of texts.
func TestFeaturesAreWhatTheHeadReads(t *testing.T) {
	c := newClassified(t, single())
	var rows []objectives.Sequence
	for i, text := range asked(mixedTexts()) {
		row, _, _ := c.Row(text)
		row.Label = objectives.Label{Class: int32(i % 3), Record: int32(i)}
		rows = append(rows, row)
	}
	if err := c.Freeze(); err != nil {
		t.Fatal(err)
	}
	features, err := c.Features(context.Background(), rows)
	if err != nil {
		t.Fatal(err)
	}
	var batch objectives.Batch
	batch.Reset()
	for _, i := range []int{7, 3, 60, 0, 3} {
		objectives.Classify{}.Examples(&batch, rows[i:i+1], nil)
	}
	err = torch.Do(func() error {
		torch.Scope(func() {
			by := func(features *torch.Tensor) float64 {
				return loss.Classify{Problem: c.Problem(), Features: features}.Terms(c.LM.Model, &batch)[0].Sum.Float64s()[0]
			}
			if got, want := by(features), by(nil); math.Abs(got-want) > 1e-5*want {
				t.Errorf("the loss is %v by features, %v by the network", got, want)
			}
		})
		torch.Free(features)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rows[5].IDs = []int32{1 << 20}
	if _, err := c.Features(context.Background(), rows); err == nil {
		t.Error("an id beyond the table has a feature")
	}
}
