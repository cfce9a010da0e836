package loss

import (
	"math"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
)

// crossEntropy is the plain reference: -log softmax(hidden · weightᵀ)[target], summed in float64.
func crossEntropy(hiddenND, weightVD []float32, width int, targets []int32) (sum float64) {
	for n, target := range targets {
		if target == objectives.IgnoreIndex {
			continue
		}
		var total, at float64
		for v := range len(weightVD) / width {
			var logit float64
			for d := range width {
				logit += float64(hiddenND[n*width+d]) * float64(weightVD[v*width+d])
			}
			total += math.Exp(logit)
			if int32(v) == target {
				at = logit
			}
		}
		sum += math.Log(total) - at
	}
	return sum
}

// Tolerance: 1e-5 relative, float32 against float64.
func TestNextTokenIsTheSumOfCrossEntropies(t *testing.T) {
	config := models.DefaultGPT()
	config.VocabSize, config.NumContext, config.Dim, config.NumLayers, config.NumHeads = 20, 8, 16, 1, 2
	var b objectives.Batch
	b.Reset()
	objectives.NextToken{}.Examples(&b, []objectives.Sequence{
		{IDs: []int32{1, 2, 3}, Next: objectives.IgnoreIndex}, {IDs: []int32{4, 19}, Next: 7}}, nil)
	err := torch.Do(func() error {
		torch.SetThreads(1) // the model is too small to be shared out
		model, err := models.NewGPT(config, 3)
		if err != nil {
			return err
		}
		defer model.Params().Free()
		terms := NextToken{}.Terms(model, &b)
		if len(terms) != 1 || terms[0].Count != 4 || terms[0].Weight != 1 {
			t.Fatalf("terms %+v, want one of 4 targets", terms)
		}
		weightVD, _ := model.Head()
		hidden := model.Hidden(models.NewInput(b.IDs, b.Positions, b.RowOffsets, torch.CPU, false))
		want := crossEntropy(hidden.Float32s(), weightVD.Float32s(), 16, b.Targets)
		if got := terms[0].Sum.Item(); math.Abs(got-want) > 1e-5*want {
			t.Errorf("sum %v, want %v", got, want)
		}
		terms[0].Sum.Backward()
		for p := range model.Params().All() {
			if p.Tensor.Grad() == nil {
				t.Errorf("%s has no gradient", p.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Case C67: a batch that asks for nothing has a sum and a count of zero, and no NaN in its gradient.
func TestNextTokenOfNothingIsZero(t *testing.T) {
	config := models.DefaultGPT()
	config.VocabSize, config.NumContext, config.Dim, config.NumLayers, config.NumHeads = 20, 8, 16, 1, 2
	var b objectives.Batch
	b.Reset()
	objectives.NextToken{}.Examples(&b, []objectives.Sequence{{IDs: []int32{1}, Next: objectives.IgnoreIndex}}, nil)
	err := torch.Do(func() error {
		torch.SetThreads(1) // the model is too small to be shared out
		model, err := models.NewGPT(config, 3)
		if err != nil {
			return err
		}
		defer model.Params().Free()
		term := NextToken{}.Terms(model, &b)[0]
		if term.Count != 0 || term.Sum.Item() != 0 {
			t.Errorf("count %v, sum %v, want zeros", term.Count, term.Sum.Item())
		}
		term.Sum.Backward()
		for p := range model.Params().All() {
			if g := p.Tensor.Grad(); g != nil && g.Mul(g).Sum().Item() != 0 {
				t.Errorf("%s has a gradient of squared length %v", p.Name, g.Mul(g).Sum().Item())
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
