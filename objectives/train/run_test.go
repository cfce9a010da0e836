package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// tinyConfig is 12 steps of two micro-batches.
func tinyConfig() Config {
	c := DefaultConfig()
	c.Steps, c.BatchSize, c.BlockSize, c.GradientAccumulationSteps = 12, 2, 16, 2
	c.WarmupSteps, c.LearningRate, c.MinLearningRate = 2, 1e-2, 1e-3
	c.EvalEvery, c.LogEvery = 5, 4
	return c
}

func tinyGPT() models.GPTConfig {
	c := models.DefaultGPT()
	c.VocabSize, c.NumContext, c.Dim, c.NumLayers, c.NumHeads = 32, 16, 32, 2, 2
	return c
}

// tinyText is documents in which each token but the first follows from the one before.
func tinyText(t testing.TB, validFraction float64) (train, valid *objectives.Stream) {
	t.Helper()
	b := objectives.NewBuilder(32, 0)
	for d := range 120 {
		var ids []int32
		var text []byte
		for i := range 5 + d%17 {
			ids = append(ids, int32(1+(d*7+i*3)%31))
			text = append(text, byte(d), byte(i))
		}
		if err := b.Add(text, ids); err != nil {
			t.Fatal(err)
		}
	}
	train, valid, _ = b.Split(objectives.SplitConfig{ValidFraction: validFraction}, nil)
	return train, valid
}

func tinyJob(t testing.TB, config models.GPTConfig) Job {
	t.Helper()
	useThreads(t, 1)
	train, valid := tinyText(t, 0.1)
	return Job{Model: newModel(t, config), Objective: objectives.NextToken{}, Loss: loss.NextToken{},
		Train: train.Cut(16), Valid: valid.Cut(16), ValidBytes: valid.Bytes()}
}

// weights is the bits of all parameters.
func weights(t testing.TB, m models.Model) [][]byte {
	t.Helper()
	var out [][]byte
	mustDo(t, func() {
		for p := range m.Params().All() {
			out = append(out, p.Tensor.Bytes())
		}
	})
	return out
}

func sameWeights(a, b [][]byte) bool { return slices.EqualFunc(a, b, slices.Equal[[]byte]) }

func TestSameSeedGivesTheSameBits(t *testing.T) {
	config := tinyConfig()
	config.Steps = 20
	gpt := tinyGPT()
	gpt.EmbedDrop, gpt.ResidDrop = 0.1, 0.1 // so that libtorch's generator matters
	var losses [2][]float64
	var bits [2][][]byte
	for i := range bits {
		job := tinyJob(t, gpt)
		job.OnStep = func(p Progress) { losses[i] = append(losses[i], p.Loss) }
		if _, err := Run(context.Background(), config, job); err != nil {
			t.Fatal(err)
		}
		bits[i] = weights(t, job.Model)
	}
	if len(losses[0]) != 20 || !slices.Equal(losses[0], losses[1]) || !sameWeights(bits[0], bits[1]) {
		t.Errorf("two runs of one seed differ: losses %v and %v", losses[0], losses[1])
	}
	config.Seed++
	job := tinyJob(t, gpt)
	if _, err := Run(context.Background(), config, job); err != nil {
		t.Fatal(err)
	}
	if sameWeights(bits[0], weights(t, job.Model)) {
		t.Error("another seed gave the same weights")
	}
}

func TestTinyModelLearnsMoreThanFrequencies(t *testing.T) {
	config := tinyConfig()
	config.Steps = 100
	train, valid := tinyText(t, 0.1)
	job := tinyJob(t, tinyGPT())
	check := objectives.Check{Objective: job.Objective, Train: objectives.Side{train}, Valid: objectives.Side{valid}, BlockSize: 16, Rows: 32, TokenizerSize: 32}
	preflight, err := check.Preflight()
	if err != nil {
		t.Fatal(err)
	}
	job.Baseline = preflight.UnigramNats
	result, err := Run(context.Background(), config, job)
	if err != nil {
		t.Fatal(err)
	}
	if result.Eval == nil || result.Eval.Loss > 0.6*preflight.UnigramNats {
		t.Fatalf("validation %+v after 100 steps, frequencies reach %.3f", result.Eval, preflight.UnigramNats)
	}
	if result.Eval.Bytes != valid.Bytes() || result.Eval.Tokens != preflight.ValidTokens {
		t.Errorf("evaluated %d tokens and %d bytes, want %d and %d", result.Eval.Tokens, result.Eval.Bytes, preflight.ValidTokens, valid.Bytes())
	}
	bits := result.Eval.Loss * float64(result.Eval.Tokens) / math.Ln2 / float64(valid.Bytes())
	if math.Abs(result.Eval.BitsPerByte-bits) > 1e-9 || math.Abs(result.Eval.Perplexity-math.Exp(result.Eval.Loss)) > 1e-9 {
		t.Errorf("%+v does not agree with itself", *result.Eval)
	}
	if len(result.Notes) > 0 || result.Ended != AllSteps || result.Steps != 100 {
		t.Errorf("result %+v", result)
	}
}

func TestRunSaysWhenItDoesNotBeatFrequencies(t *testing.T) {
	config := tinyConfig()
	config.Steps, config.WarmupSteps = 1, 0
	job := tinyJob(t, tinyGPT())
	job.Baseline = 1e-3
	result, err := Run(context.Background(), config, job)
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(result.Notes, " "); !strings.Contains(notes, "did not fall below") {
		t.Errorf("notes %q", notes)
	}
}

// Case C71: the same to 1e-6 for batches of 1, 3 and 10 blocks.
func TestEvaluationIsTheSameForEveryBatchSize(t *testing.T) {
	job := tinyJob(t, tinyGPT())
	var first float64
	for i, size := range []int{1, 3, 10} {
		e, err := Evaluate(context.Background(), job.Model, job.Loss, job.Objective, job.Valid, size, job.ValidBytes)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = e.Loss
		}
		if math.Abs(e.Loss-first) > 1e-6 {
			t.Errorf("batches of %d: %v, of 1: %v", size, e.Loss, first)
		}
	}
	if _, err := Evaluate(context.Background(), job.Model, job.Loss, job.Objective, fakeBlocks{3}, 2, 0); err == nil {
		t.Error("a set that asks for nothing has a loss")
	}
}

// Cases C26 and C94: neither training nor evaluation leaves tensors behind.
func TestLiveTensorsStayFlat(t *testing.T) {
	config := tinyConfig()
	config.Steps = 100
	job := tinyJob(t, tinyGPT())
	before := torch.Live()
	var at []int64
	job.OnStep = func(p Progress) { at = append(at, torch.Live()) }
	if _, err := Run(context.Background(), config, job); err != nil {
		t.Fatal(err)
	}
	for i, n := range at {
		if n != at[0] {
			t.Fatalf("%d tensors live after step 1, %d after step %d", at[0], n, i+1)
		}
	}
	if after := torch.Live(); after != before {
		t.Errorf("%d tensors live before the run, %d after", before, after)
	}
}

func TestRunStopsEarly(t *testing.T) {
	config := tinyConfig()
	config.Steps, config.EvalEvery, config.EarlyStoppingPatience = 1000, 2, 3
	config.LearningRate, config.MinLearningRate, config.LRSchedulerType = 0.5, 0.5, "constant" // far too high: the loss rises
	result, err := Run(context.Background(), config, tinyJob(t, tinyGPT()))
	if err != nil {
		t.Fatal(err)
	}
	if result.Ended != EarlyStop || result.Steps >= 1000 || result.Steps-result.Best.Step != 6 {
		t.Errorf("%q after %d steps, best at %d; want a stop three evaluations after the best", result.Ended, result.Steps, result.Best.Step)
	}
}

func TestInterruptFinishesTheStepAndSaves(t *testing.T) {
	folder, err := CreateFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	ctx, cancel := context.WithCancel(context.Background())
	job := tinyJob(t, tinyGPT())
	job.Folder = folder
	job.OnStep = func(p Progress) {
		if p.Step == 3 {
			cancel()
		}
	}
	result, err := Run(ctx, tinyConfig(), job)
	if err != nil {
		t.Fatal(err)
	}
	if result.Ended != Interrupted || result.Steps != 3 || !strings.HasSuffix(result.Last, "step-0000003") {
		t.Errorf("%q after %d steps, checkpoint %q", result.Ended, result.Steps, result.Last)
	}
}

func TestMeterCountsTheLastSteps(t *testing.T) {
	var m meter
	if m.tokensPerSecond() != 0 {
		t.Error("a speed before the first step")
	}
	for range 100 {
		m.add(50, time.Second) // a slow start is forgotten
	}
	for range meterSteps {
		m.add(300, 2*time.Second)
	}
	if got := m.tokensPerSecond(); got != 150 {
		t.Errorf("%v tokens/s, want 150", got)
	}
	if got := remaining(10*time.Second, 5, 20); got != 30*time.Second {
		t.Errorf("%v left, want 30s", got)
	}
	if got := remaining(0, 0, 20); got != 0 {
		t.Errorf("%v left before the first step, want 0", got)
	}
}
