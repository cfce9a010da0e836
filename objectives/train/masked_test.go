package train

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// goldenMasked is testdata/objectives/masked.json; the settings are those of testdata/gen/objectives_masked.py.
type goldenMasked struct {
	Rows, Labels, Segments [][]int32
	Pairs                  []int32
	MaskedSteps            []float64 `json:"masked_steps"`
	BothSteps              []float64 `json:"both_steps"`
}

func readMasked(t *testing.T) (g goldenMasked) {
	t.Helper()
	data, err := os.ReadFile("../../testdata/objectives/masked.json")
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (g goldenMasked) batch(rows ...int) objectives.Batch {
	var b objectives.Batch
	b.Reset()
	b.Train = true
	for _, r := range rows {
		for i, id := range g.Rows[r] {
			b.IDs, b.Positions = append(b.IDs, id), append(b.Positions, int32(i))
			b.Targets, b.Segments = append(b.Targets, g.Labels[r][i]), append(b.Segments, g.Segments[r][i])
			if g.Labels[r][i] != objectives.IgnoreIndex {
				b.Counted++
			}
		}
		b.RowOffsets = append(b.RowOffsets, int32(len(b.IDs)))
		b.Labels = append(b.Labels, objectives.Label{Class: g.Pairs[r]})
	}
	return b
}

// maskedRun is a run of the golden BERT.
func maskedRun(t *testing.T, l loss.Loss, steps, micro int) *run {
	t.Helper()
	var model models.Network
	mustDo(t, func() {
		folder := "../../testdata/objectives/bert_masked"
		config, err := models.ReadConfig(filepath.Join(folder, "config.json"))
		if err == nil {
			model, err = models.Load(config, filepath.Join(folder, "model.safetensors"))
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { mustDo(t, func() { model.Params().Free() }) })
	config := DefaultConfig()
	config.Steps, config.WarmupSteps, config.LRSchedulerType, config.LearningRate = steps, 0, "constant", 1e-2
	config.AdamBeta1, config.AdamBeta2, config.GradientAccumulationSteps = 0.9, 0.95, micro
	r, err := newRun(config, Job{Model: model, Objective: objectives.NextToken{}, Loss: l, Train: fakeBlocks{1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r
}

// Ten AdamW steps, of masked tokens and of both terms, in one batch and in two micro-batches in which both terms count differently: each is divided
// by its own count of the whole step. Tolerance 1e-4 relative: ten steps of 0.01 multiply what float32 rounds.
func TestTenMaskedStepsEqualTransformers(t *testing.T) {
	useThreads(t, 1)
	g := readMasked(t)
	for _, c := range []struct {
		name  string
		loss  loss.MaskedToken
		want  []float64
		micro [][]int
	}{
		{"masked", loss.MaskedToken{}, g.MaskedSteps, [][]int{{0, 1, 2, 3}}},
		{"masked in two", loss.MaskedToken{}, g.MaskedSteps, [][]int{{0}, {1, 2, 3}}},
		{"both", loss.MaskedToken{Sentence: "next-sentence"}, g.BothSteps, [][]int{{0, 1, 2, 3}}},
		{"both in two", loss.MaskedToken{Sentence: "next-sentence"}, g.BothSteps, [][]int{{0}, {3, 2, 1}}},
		{"one part asks for no token", loss.MaskedToken{Sentence: "next-sentence"}, g.BothSteps, [][]int{{2}, {0, 1, 3}}},
	} {
		r := maskedRun(t, c.loss, len(c.want), len(c.micro))
		data := &stepData{}
		for _, rows := range c.micro {
			data.micro = append(data.micro, g.batch(rows...))
		}
		for i, want := range c.want {
			if err := r.train(i+1, data); err != nil {
				t.Fatal(err)
			}
			if math.Abs(r.loss-want) > 1e-4*want {
				t.Errorf("%s: loss of step %d is %.7f, want %.7f", c.name, i+1, r.loss, want)
			}
		}
	}
}

// Case C67: a step that asks for nothing changes no weight and is not in the mean; the run counts it.
func TestStepWithoutTargetsChangesNothing(t *testing.T) {
	useThreads(t, 1)
	g := readMasked(t)
	r := maskedRun(t, loss.MaskedToken{}, 2, 1)
	b := g.batch(1)
	for i := range b.Targets {
		b.Targets[i] = objectives.IgnoreIndex
	}
	b.Counted, b.Labels, b.Eligible = 0, nil, 12
	sum := func() (s float64) {
		mustDo(t, func() {
			for p := range r.params.All() {
				s += p.Tensor.Mul(p.Tensor).Sum().Item()
			}
		})
		return s
	}
	before := sum()
	if err := r.train(1, &stepData{micro: []objectives.Batch{b}}); err != nil {
		t.Fatal(err)
	}
	if after := sum(); after != before {
		t.Errorf("the weights moved from %v to %v", before, after)
	}
	result := r.result(AllSteps)
	if r.skipped != 1 || !math.IsNaN(r.loss) || result.Loss != nil || result.AskedShare != 0 || r.eligible != 12 {
		t.Errorf("skipped %d, loss %v, result %+v", r.skipped, r.loss, result)
	}
}
