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

var zero float64 // not a constant, which could not be divided by

func nan() float64 { return zero / zero }

// plant puts a value into one number of the first parameter.
func plant(t testing.TB, m models.Model, value float64) {
	mustDo(t, func() {
		for p := range m.Params().All() {
			data := p.Tensor.Float32s()
			data[len(data)/2] = float32(value)
			p.Tensor.CopyFromFloat32s(data)
			break
		}
	})
}

// planting is the loss of next tokens with a NaN in it, in one gradient or in one parameter, at the n-th training batch alone.
type planting struct {
	t       testing.TB
	batches *int
	where   string
}

func (p planting) Terms(m models.Model, b *objectives.Batch) []loss.Term {
	if b.Train {
		*p.batches--
	}
	if !b.Train || *p.batches != 0 {
		return loss.NextToken{}.Terms(m, b)
	}
	if p.where == "parameter" {
		plant(p.t, m, nan())
	}
	terms := loss.NextToken{}.Terms(m, b)
	weightVD, _ := m.Head()
	zero := weightVD.Sum().MulScalar(0)
	switch p.where {
	case "gradient":
		terms[0].Sum = terms[0].Sum.Add(zero.Sqrt()) // value 0, derivative 1/0 · 0
	case "loss":
		terms[0].Sum = terms[0].Sum.Add(zero.AddScalar(nan()))
	}
	return terms
}

// plantAt plants in the first micro-batch of a step, counted from the step that the run goes on from.
func plantAt(t testing.TB, step int, where string) func(*Job) {
	return func(job *Job) {
		batches := 2*step - 1
		job.Loss = planting{t, &batches, where}
	}
}

// A NaN in one gradient, in one parameter, in the loss: the run stops before the update, says where and what was before, and the last good
// checkpoint stays, from which an undisturbed run goes on.
func TestANaNStopsTheRunBeforeTheUpdate(t *testing.T) {
	config := hardConfig()
	reference := t.TempDir()
	finished(t, reference, config, nil)
	want := outcomeOf(t, reference)
	for where, words := range map[string]string{"gradient": "gradient norm is NaN", "parameter": "the loss is NaN", "loss": "the loss is NaN"} {
		dir := t.TempDir()
		var before string
		result, err := runIn(t, dir, context.Background(), config, func(job *Job) {
			plantAt(t, 7, where)(job)
			job.OnStep = func(p Progress) { before = formatLoss(p.Loss) }
		})
		checkRefusal(t, where, err, "step 7", words, "learning rate 0.00", "after a loss of "+before, "checkpoints/step-0000005", "train.learning_rate", "backoff")
		if result.Ended != Failed || result.Steps != 6 {
			t.Errorf("%s: %q after %d steps", where, result.Ended, result.Steps)
		}
		finished(t, dir, config, nil)
		if what := want.differs(outcomeOf(t, dir)); what != "" {
			t.Errorf("%s: the run gone on with differs in %s", where, what)
		}
	}
}

// backoffConfig goes back instead.
func backoffConfig() Config {
	config := hardConfig()
	config.OnDivergence = BackoffOnDivergence
	return config
}

func TestBackoffGoesBackWithHalfTheLearningRate(t *testing.T) {
	for where, at := range map[string]int{"gradient": 7, "parameter": 1, "loss": 14} {
		dir := t.TempDir()
		rates := map[int][]float64{}
		result, err := runIn(t, dir, context.Background(), backoffConfig(), func(job *Job) {
			plantAt(t, at, where)(job)
			job.OnStep = func(p Progress) { rates[p.Step] = append(rates[p.Step], p.LearningRate) }
		})
		if err != nil {
			t.Fatal(err)
		}
		from := map[int]int{7: 5, 1: 0, 14: 12}[at]
		notes := strings.Join(result.Notes, "\n")
		for _, word := range []string{"NaN", "back to " + checkpointName(from), "half the learning rate, 0.5 of what was asked for (time 1 of at most 5)"} {
			if !strings.Contains(notes, word) {
				t.Errorf("%s: the notes lack %q:\n%s", where, word, notes)
			}
		}
		o := outcomeOf(t, dir)
		if result.Ended != AllSteps || o.state.Backoffs != 1 || o.state.RateFactor != 0.5 {
			t.Errorf("%s: %q, state %+v", where, result.Ended, o.state.RateFactor)
		}
		for step := 1; step <= 24; step++ {
			full := backoffConfig().LearningRateAt(step)
			made := []float64{full / 2}
			if step <= from {
				made = []float64{full}
			} else if step < at {
				made = []float64{full, full / 2}
			}
			if len(rates[step]) != len(made) || rates[step][0] != made[0] || rates[step][len(made)-1] != made[len(made)-1] {
				t.Errorf("%s: step %d was made at learning rates %v, want %v", where, step, rates[step], made)
			}
		}
		if n := len(o.metrics); n != 8+5 {
			t.Errorf("%s: %d lines of metrics, want each step and evaluation once:\n%s", where, n, strings.Join(o.metrics, "\n"))
		}
	}
}

// The halved rate outlives a crash right after going back, and the times are counted over the whole run.
func TestBackoffIsRememberedAndBounded(t *testing.T) {
	config, dir := backoffConfig(), t.TempDir()
	for n := 1; n <= maxBackoffs; n++ {
		_, err := runIn(t, dir, context.Background(), config, func(job *Job) {
			one := 1
			plantAt(t, 3, "loss")(job)
			planted := job.Loss
			wentBack := false
			job.OnNote = func(string) { wentBack = true }
			job.Loss = lossFunc(func(m models.Model, b *objectives.Batch) []loss.Term {
				if wentBack {
					return crashing{&one}.Terms(m, b)
				}
				return planted.Terms(m, b)
			})
		})
		if err == nil {
			t.Fatalf("time %d: the run ended well", n)
		}
		folder, err := OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		state := folder.found.newest.state
		folder.Close()
		if state.Backoffs != n || state.RateFactor != math.Pow(0.5, float64(n)) {
			t.Fatalf("time %d: %d back-offs, rate factor %g", n, state.Backoffs, state.RateFactor)
		}
	}
	_, err := runIn(t, dir, context.Background(), config, plantAt(t, 3, "loss"))
	checkRefusal(t, "once too often", err, "step 3", "went back 5 times already", "0.03125")
	// Undisturbed it goes on, slowly.
	if result := finished(t, dir, config, nil); result.Ended != AllSteps {
		t.Errorf("%q", result.Ended)
	}
}

// lossFunc is a loss that is a function.
type lossFunc func(m models.Model, b *objectives.Batch) []loss.Term

func (f lossFunc) Terms(m models.Model, b *objectives.Batch) []loss.Term { return f(m, b) }

// Going back is a way of its own through the memory of tensors.
func TestBackoffLeavesNoTensorsBehind(t *testing.T) {
	dir := t.TempDir()
	var at []int64
	_, err := runIn(t, dir, context.Background(), backoffConfig(), func(job *Job) {
		plantAt(t, 7, "loss")(job)
		job.OnStep = func(Progress) { at = append(at, torch.Live()) }
	})
	if err != nil || at[0] != at[len(at)-1] {
		t.Errorf("%d tensors live after the first step, %d after the last (%v)", at[0], at[len(at)-1], err)
	}
}
