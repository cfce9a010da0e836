package pipeline

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
)

func TestGenerateRepeatsWithItsSeed(t *testing.T) {
	lm := newLM(t, func(c *models.GPTConfig) { c.NumContext = 16 })
	o := GenerateOptions{MaxTokens: 30, Temperature: 1, TopK: 50, TopP: 0.9, Seed: 4}
	before := torch.Live()
	run := func(seed uint64) Generated {
		o.Seed = seed
		var emitted strings.Builder
		out, err := lm.Generate(context.Background(), "The tea", o, func(text string) {
			if !utf8.ValidString(text) {
				t.Errorf("half a character: %q", text)
			}
			emitted.WriteString(text)
		})
		if err != nil {
			t.Fatal(err)
		}
		if emitted.String() != out.Text || out.Text != lm.Tokenizer.Decode(out.IDs, true) {
			t.Errorf("emitted %q, text %q, decoded %q", emitted.String(), out.Text, lm.Tokenizer.Decode(out.IDs, true))
		}
		return out
	}
	first := run(4) // longer than the context
	if second := run(4); !slices.Equal(first.IDs, second.IDs) {
		t.Errorf("seed 4 gives %v, then %v", first.IDs, second.IDs)
	}
	if other := run(5); slices.Equal(first.IDs, other.IDs) {
		t.Error("seed 5 gives the same as seed 4")
	}
	if len(first.IDs) != 30 && !first.Ended {
		t.Errorf("%d tokens", len(first.IDs))
	}
	if after := torch.Live(); after != before {
		t.Errorf("%d tensors before, %d after", before, after)
	}
}

func TestGenerateStartsATextFromAnEmptyPrompt(t *testing.T) {
	lm := newLM(t, nil)
	out, err := lm.Generate(context.Background(), "", GenerateOptions{MaxTokens: 3, Temperature: 1}, nil)
	if err != nil || len(out.IDs) == 0 || out.PromptTokens != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestGenerateStopsWhenCancelled(t *testing.T) {
	lm := newLM(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	out, err := lm.Generate(ctx, "tea", GenerateOptions{MaxTokens: 1000, Temperature: 1, Seed: 1}, func(string) { cancel() })
	if !errors.Is(err, context.Canceled) || len(out.IDs) == 0 || len(out.IDs) > 10 {
		t.Errorf("%d tokens, %v", len(out.IDs), err)
	}
}

func TestGenerateNamesWrongOptions(t *testing.T) {
	for want, o := range map[string]GenerateOptions{
		"max-tokens":  {},
		"temperature": {MaxTokens: 1, Temperature: -1},
		"top-k":       {MaxTokens: 1, TopK: -1},
		"top-p":       {MaxTokens: 1, TopP: 1.5},
	} {
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if err := DefaultGenerate().Validate(); err != nil {
		t.Error(err)
	}
}

func TestGenerateSaysThatAModelIsDamaged(t *testing.T) {
	lm := newLM(t, nil)
	err := torch.Do(func() error {
		torch.NoGrad(func() { lm.Model.InputTable().Fill_(math.NaN()) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lm.Generate(context.Background(), "tea", DefaultGenerate(), nil); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Error(err)
	}
}

func TestSamplerDrawsWhatItMay(t *testing.T) {
	// Probabilities 0.5 0.2 0.2 0.1 under temperature 1, in another order.
	logits := []float32{float32(math.Log(0.1)), float32(math.Log(0.2)), float32(math.Log(0.5)), float32(math.Log(0.2))}
	for name, c := range map[string]struct {
		options GenerateOptions
		want    []float64 // probability of each id
	}{
		"all":               {GenerateOptions{Temperature: 1}, []float64{0.1, 0.2, 0.5, 0.2}},
		"top-p 1":           {GenerateOptions{Temperature: 1, TopP: 1}, []float64{0.1, 0.2, 0.5, 0.2}},
		"greedy":            {GenerateOptions{}, []float64{0, 0, 1, 0}},
		"top-k 1":           {GenerateOptions{Temperature: 1, TopK: 1}, []float64{0, 0, 1, 0}},
		"top-k 2":           {GenerateOptions{Temperature: 1, TopK: 2}, []float64{0, 2. / 7, 5. / 7, 0}}, // equals: lower id first
		"top-k 9":           {GenerateOptions{Temperature: 1, TopK: 9}, []float64{0.1, 0.2, 0.5, 0.2}},
		"top-p 0.4":         {GenerateOptions{Temperature: 1, TopP: 0.4}, []float64{0, 0, 1, 0}},
		"top-p 0.6":         {GenerateOptions{Temperature: 1, TopP: 0.6}, []float64{0, 2. / 7, 5. / 7, 0}},
		"top-k 3 top-p 0.8": {GenerateOptions{Temperature: 1, TopK: 3, TopP: 0.9}, []float64{0, 2. / 9, 5. / 9, 2. / 9}},
		"temperature 0.5":   {GenerateOptions{Temperature: 0.5}, []float64{1. / 34, 4. / 34, 25. / 34, 4. / 34}},
	} {
		s := newSampler(c.options, 0)
		const draws = 20000
		var counts [4]float64
		for range draws {
			counts[s.next(logits)]++
		}
		for id, want := range c.want {
			// Five standard errors.
			if got := counts[id] / draws; math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/draws) {
				t.Errorf("%s: id %d has frequency %g, want %g", name, id, got, want)
			}
		}
	}
}
