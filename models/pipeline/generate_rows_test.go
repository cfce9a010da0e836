package pipeline

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
)

// greedy continues ids of a network by the likeliest tokens, through the steps of GenerateBatch; plain goes without the native step.
func greedy(t *testing.T, lm *LM, prompts [][]int32, n []int, penalty float64, plain bool) [][]int32 {
	t.Helper()
	var rows []*row
	for i, prompt := range prompts {
		r := &row{index: i, ids: slices.Clone(prompt), seen: map[int32]bool{}}
		for _, id := range prompt {
			r.seen[id] = true
		}
		rows = append(rows, r)
	}
	c, err := lm.newContinuation(len(rows), 40)
	if err != nil {
		t.Fatal(err)
	}
	defer c.free()
	if plain {
		c.decoder = nil
	}
	out := make([][]int32, len(rows))
	for active := slices.Clone(rows); len(active) > 0; {
		logits, err := c.next(active)
		if err != nil {
			t.Fatal(err)
		}
		width := len(logits) / len(active)
		for i, r := range active {
			mine := logits[i*width : (i+1)*width]
			penalise(mine, r.seen, penalty)
			id := largest(mine)
			r.ids, out[r.index] = append(r.ids, id), append(out[r.index], id)
			r.seen[id] = true
		}
		active = slices.DeleteFunc(active, func(r *row) bool { return len(out[r.index]) >= n[r.index] })
	}
	return out
}

// TestGreedyTextIsTransformers: token by token, GPT-2 and Llama, in batches of unequal lengths, with and without penalty, by the native
// step and the plain way.
func TestGreedyTextIsTransformers(t *testing.T) {
	type line struct {
		Folder      string
		Penalty     float64
		Prompt, IDs []int32
	}
	var golden struct{ Cases []line }
	data, err := os.ReadFile("../../testdata/models/generate.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	for cases := golden.Cases; len(cases) > 0; {
		first, n := cases[0], 0
		var prompts, want [][]int32
		var lengths []int
		for ; n < len(cases) && cases[n].Folder == first.Folder && cases[n].Penalty == first.Penalty; n++ {
			prompts, want, lengths = append(prompts, cases[n].Prompt), append(want, cases[n].IDs), append(lengths, len(cases[n].IDs))
		}
		cases = cases[n:]
		lm := openNetwork(t, filepath.Join("../../testdata/models", first.Folder))
		for _, plain := range []bool{false, true} {
			got := greedy(t, lm, prompts, lengths, first.Penalty, plain)
			for i := range want {
				if !slices.Equal(got[i], want[i]) {
					t.Errorf("%s, penalty %g, plain %v: %v continues %v, transformers %v", first.Folder, first.Penalty, plain, prompts[i], got[i], want[i])
				}
			}
		}
	}
}

// openNetwork opens a folder without a tokenizer.
func openNetwork(t *testing.T, folder string) *LM {
	t.Helper()
	config, err := models.ReadConfig(filepath.Join(folder, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	lm := &LM{}
	err = torch.Do(func() (err error) {
		lm.Model, err = models.Load(config, filepath.Join(folder, "model.safetensors"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lm.Close() })
	return lm
}

// TestABatchWritesWhatEachPromptWritesAlone: prompts of unequal lengths, one empty, one beyond the context, all outgrowing it.
func TestABatchWritesWhatEachPromptWritesAlone(t *testing.T) {
	lm := newLM(t, func(c *models.GPTConfig) { c.NumContext = 16 })
	prompts := []string{"The tea", "", "der Tisch ist nicht in der Küche, sondern im Garten und auf dem Dach", "a"}
	o := GenerateOptions{MaxTokens: 40, RepetitionPenalty: 1.1}
	before := torch.Live()
	emitted := make([]string, len(prompts))
	batch, err := lm.GenerateBatch(context.Background(), prompts, o, func(i int, text string) { emitted[i] += text })
	if err != nil {
		t.Fatal(err)
	}
	for i, prompt := range prompts {
		alone, err := lm.Generate(context.Background(), prompt, o, nil)
		if err != nil || !slices.Equal(alone.IDs, batch[i].IDs) || alone.Text != batch[i].Text || emitted[i] != alone.Text {
			t.Errorf("%q: %v alone, %v in a batch, emitted %q (%v)", prompt, alone.IDs, batch[i].IDs, emitted[i], err)
		}
		if alone.Finish == "length" && !strings.Contains(alone.Note, "context") {
			t.Errorf("%q: outgrew the context without a note", prompt)
		}
	}
	if after := torch.Live(); after != before {
		t.Errorf("%d tensors before, %d after", before, after)
	}
}

func TestEqualPromptsOfABatchDiffer(t *testing.T) {
	lm := newLM(t, nil)
	o := GenerateOptions{MaxTokens: 10, Temperature: 1, Seed: 7}
	run := func() []Generated {
		out, err := lm.GenerateBatch(context.Background(), []string{"tea", "tea"}, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first, second := run(), run()
	if slices.Equal(first[0].IDs, first[1].IDs) {
		t.Error("both prompts drew the same")
	}
	for i := range first {
		if !slices.Equal(first[i].IDs, second[i].IDs) {
			t.Errorf("prompt %d: the seed does not repeat", i)
		}
	}
}

// TestGenerateEndsBeforeAStopString cuts a text at pieces of itself, of all lengths and at all places, as tokens cut it.
func TestGenerateEndsBeforeAStopString(t *testing.T) {
	lm := newLM(t, nil)
	o := GenerateOptions{MaxTokens: 24, Temperature: 1, Seed: 3}
	whole, err := lm.Generate(context.Background(), "tea", o, nil)
	if err != nil {
		t.Fatal(err)
	}
	runes := []rune(whole.Text)
	for from := 0; from < len(runes); from += 5 {
		for _, length := range []int{1, 2, 3, 9} {
			if from+length > len(runes) {
				continue
			}
			stop := string(runes[from : from+length])
			o.Stop = []string{"this never comes", stop}
			var emitted strings.Builder
			out, err := lm.Generate(context.Background(), "tea", o, func(text string) { emitted.WriteString(text) })
			want, _, _ := strings.Cut(whole.Text, stop)
			if err != nil || out.Text != want || out.Finish != "stop" || emitted.String() != want {
				t.Errorf("stop %q: %q, emitted %q, finish %q, want %q (%v)", stop, out.Text, emitted.String(), out.Finish, want, err)
			}
		}
	}
}

func TestStopsHoldBackOnlyWhatMayStop(t *testing.T) {
	s := stops{texts: []string{"END", "ENX", "aab"}}
	var got []string
	for _, piece := range []string{"x E", "N", "Y a", "aa", "c EN", "D tail"} {
		sure, found := s.add(piece)
		got = append(got, sure)
		if found != (piece == "D tail") {
			t.Errorf("found %v at %q", found, piece)
		}
	}
	if want := []string{"x ", "", "ENY ", "a", "aac ", ""}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTopKTakesTheLargestOfMany(t *testing.T) {
	logits := make([]float32, 1000)
	for i := range logits {
		logits[i] = float32(i * 7919 % 331) // many equals
	}
	s := newSampler(GenerateOptions{Temperature: 1}, 0)
	s.rank(logits)
	all := slices.Clone(s.order)
	slices.SortStableFunc(all, func(a, b int32) int {
		if before(logits, a, b) {
			return -1
		}
		return 1
	})
	for _, k := range []int{1, 2, 7, 50, 999, 1000, 2000} {
		s.options.TopK = k
		s.rank(logits)
		if !slices.Equal(s.order, all[:min(k, 1000)]) {
			t.Errorf("top %d is %v", k, s.order)
		}
	}
}

// TestLongGenerationKeepsItsMemory: 2,000 tokens beyond a context of 32 take no tensor and no large memory more than 100 do.
func TestLongGenerationKeepsItsMemory(t *testing.T) {
	lm := newLM(t, func(c *models.GPTConfig) { c.NumContext = 32 })
	live, before := torch.Live(), torch.MemoryInUse().Used
	tokens, most := 0, int64(0)
	o := GenerateOptions{MaxTokens: 2000, Temperature: 1, Seed: 9}
	for tokens < 2000 {
		o.Seed++
		out, err := lm.Generate(context.Background(), "tea", o, func(string) { most = max(most, torch.Live()) })
		if err != nil {
			t.Fatal(err)
		}
		tokens += len(out.IDs)
	}
	if most > live+4 { // keys and values of two layers
		t.Errorf("%d tensors live while writing, %d before", most, live)
	}
	if torch.Live() != live || torch.MemoryInUse().Used != before {
		t.Errorf("%d tensors and %d bytes before, %d and %d after", live, before, torch.Live(), torch.MemoryInUse().Used)
	}
}

func TestGenerateNamesWrongPenaltyAndStop(t *testing.T) {
	for want, o := range map[string]GenerateOptions{
		"repetition-penalty": {MaxTokens: 1, RepetitionPenalty: math.NaN()},
		"stop":               {MaxTokens: 1, Stop: []string{"x", ""}},
	} {
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
