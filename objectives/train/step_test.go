package train

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// gradientsOf is the gradients of one step over data, before clipping, and the step's loss.
func gradientsOf(t *testing.T, model models.Model, l loss.Loss, data *stepData) (grads []float64, lossValue float64) {
	t.Helper()
	r, err := newRun(DefaultConfig(), Job{Model: model, Objective: objectives.NextToken{}, Loss: l, Train: fakeBlocks{1}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	mustDo(t, func() {
		if err := r.backward(data); err != nil {
			t.Fatal(err)
		}
		torch.ScaleGrads(r.optimizer.tensors, 1/r.sums.terms[0].mean.Count)
		for _, p := range r.optimizer.tensors {
			grads = append(grads, p.Grad().Float64s()...)
		}
	})
	return grads, r.sums.loss()
}

func batchOf(seqs ...objectives.Sequence) objectives.Batch {
	var b objectives.Batch
	b.Reset()
	objectives.NextToken{}.Examples(&b, seqs, nil)
	return b
}

// Case C70: micro-batches of 1 and 3 targets give the step of the single batch of 4, its gradient to 1e-6 relative.
func TestAccumulationEqualsTheSingleBatch(t *testing.T) {
	model := tinyModel(t)
	one := objectives.Sequence{IDs: []int32{5}, Next: 9}
	three := objectives.Sequence{IDs: []int32{1, 2, 3}, Next: 4}
	whole, wholeLoss := gradientsOf(t, model, loss.NextToken{}, &stepData{micro: []objectives.Batch{batchOf(one, three)}})
	parts, partsLoss := gradientsOf(t, model, loss.NextToken{}, &stepData{micro: []objectives.Batch{batchOf(one), batchOf(three)}})
	if math.Abs(wholeLoss-partsLoss) > 1e-6*wholeLoss {
		t.Errorf("loss %v in parts, %v whole", partsLoss, wholeLoss)
	}
	var difference, norm float64
	for i := range whole {
		difference += (whole[i] - parts[i]) * (whole[i] - parts[i])
		norm += whole[i] * whole[i]
	}
	if relative := math.Sqrt(difference / norm); relative > 1e-6 {
		t.Errorf("the gradient differs by %.2g of its length", relative)
	}
}

// fixedLoss gives each batch the loss of 4.0 for one target and of 1.0 a target otherwise.
type fixedLoss struct{}

func (fixedLoss) Terms(m models.Model, b *objectives.Batch) []loss.Term {
	each := 1.0
	if b.Counted == 1 {
		each = 4
	}
	sum := loss.NextToken{}.Terms(m, b)[0].Sum.MulScalar(0).AddScalar(each * float64(b.Counted))
	return []loss.Term{{Name: "fixed", Sum: sum, Count: float64(b.Counted), Weight: 1}}
}

// Case C70, its numbers: 1.75, not the 2.5 of a mean of means.
func TestStepLossWeighsMicroBatchesByTheirTargets(t *testing.T) {
	data := &stepData{micro: []objectives.Batch{
		batchOf(objectives.Sequence{IDs: []int32{5}, Next: 9}), batchOf(objectives.Sequence{IDs: []int32{1, 2, 3}, Next: 4})}}
	if _, got := gradientsOf(t, tinyModel(t), fixedLoss{}, data); got != 1.75 {
		t.Errorf("step loss %v, want 1.75", got)
	}
}

// Case C69: another first token in document 1 changes no hidden state of document 2, not by one bit.
func TestDocumentsInOneRowDoNotSeeEachOther(t *testing.T) {
	model := tinyModel(t)
	hidden := func(first int32) []float32 {
		b := batchOf(objectives.Sequence{IDs: []int32{first, 6, 7}, Next: objectives.IgnoreIndex}, objectives.Sequence{IDs: []int32{8, 9}, Next: objectives.IgnoreIndex})
		var out []float32
		mustDo(t, func() {
			torch.NoGrad(func() {
				out = model.Hidden(models.NewInput(b.IDs, b.Positions, b.RowOffsets, torch.CPU, false)).Float32s()
			})
		})
		return out
	}
	a, b := hidden(5), hidden(20)
	const width = 32
	same := true
	for i := range a {
		if i >= 3*width && a[i] != b[i] {
			t.Fatalf("value %d of document 2 changed from %v to %v", i, a[i], b[i])
		}
		same = same && a[i] == b[i]
	}
	if same {
		t.Error("document 1 did not change either")
	}
}

// Case C67: a step with nothing to learn changes nothing and is reported.
func TestStepWithNothingToLearnChangesNothing(t *testing.T) {
	b := objectives.NewBuilder(32, objectives.IgnoreIndex)
	for i := range int32(8) {
		if err := b.Add([]byte{byte(i)}, []int32{i}); err != nil { // one token each: nothing follows it
			t.Fatal(err)
		}
	}
	train, _, _ := b.Split(objectives.SplitConfig{}, nil)
	job := tinyJob(t, tinyGPT())
	job.Train, job.Valid = train.Cut(4), nil
	before := weights(t, job.Model)
	result, err := Run(context.Background(), tinyConfig(), job)
	if err != nil {
		t.Fatal(err)
	}
	if !sameWeights(before, weights(t, job.Model)) {
		t.Error("the weights changed")
	}
	if notes := strings.Join(result.Notes, " "); result.Skipped != 12 || !strings.Contains(notes, "12 of 12 steps had nothing to learn") || result.Loss != nil {
		t.Errorf("skipped %d, loss %v, notes %q", result.Skipped, result.Loss, notes)
	}
}

// poisoned is a loss that is finite but whose gradient, or value, is NaN from the n-th batch on.
type poisoned struct {
	batches  *int
	from     int
	gradient bool
}

func (p poisoned) Terms(m models.Model, b *objectives.Batch) []loss.Term {
	terms := loss.NextToken{}.Terms(m, b)
	if *p.batches++; *p.batches < p.from {
		return terms
	}
	weightVD, _ := m.Head()
	zero := weightVD.Sum().MulScalar(0)
	if p.gradient {
		terms[0].Sum = terms[0].Sum.Add(zero.Sqrt()) // value 0, derivative 1/0 · 0
	} else {
		terms[0].Sum = terms[0].Sum.Add(zero.AddScalar(math.NaN()))
	}
	return terms
}

func TestNonFiniteLossOrGradientStopsBeforeTheUpdate(t *testing.T) {
	for name, gradient := range map[string]bool{"the gradient norm is NaN": true, "the loss is NaN": false} {
		folder, err := CreateFolder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		config := tinyConfig()
		config.GradientAccumulationSteps = 1
		var atStep4 [][]byte
		var lossBefore string
		job := tinyJob(t, tinyGPT())
		job.Loss = poisoned{batches: new(int), from: 5, gradient: gradient}
		job.Valid, job.Folder, job.Checkpoint = nil, folder, CheckpointConfig{Every: EverySteps(3)}
		job.OnStep = func(p Progress) {
			atStep4 = weights(t, job.Model)
			lossBefore = formatLoss(p.Loss)
		}
		result, err := Run(context.Background(), config, job)
		if err == nil {
			t.Fatal(name + ": the run went on")
		}
		for _, part := range []string{"step 5", name[4:], "learning rate 0.00", "after a loss of " + lossBefore, "checkpoints/step-0000003", "train.learning_rate"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("error %q does not say %q", err, part)
			}
		}
		if !sameWeights(atStep4, weights(t, job.Model)) || result.Steps != 4 {
			t.Errorf("%s: the weights changed, %d steps", name, result.Steps)
		}
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	}
}
