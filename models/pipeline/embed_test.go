package pipeline

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
)

// newEncoder is a tiny BERT with the tokenizer of 320 tokens and a template, written as a sentence-transformers folder.
func newEncoder(t *testing.T, s Sentence) (lm *LM, dir string) {
	t.Helper()
	config := models.DefaultBERT()
	config.NumLayers, config.NumHeads, config.Dim, config.InnerDim, config.NumPositions = 2, 4, 32, 48, 40
	config.VocabSize, config.InitStd = 324, 0.2
	lm = newLMOf(t, config)
	with, _, err := lm.Tokenizer.WithRoles()
	if err != nil {
		t.Fatal(err)
	}
	lm.Tokenizer = with
	dir = filepath.Join(t.TempDir(), "encoder")
	report, err := lm.Export(dir, ExportOptions{Format: SentenceTransformers, Sentence: s})
	if err != nil || report.LargestDifference != 0 || report.LogitDifference != 0 {
		t.Fatalf("%s: %v", report, err)
	}
	return lm, dir
}

func openEmbedder(t *testing.T, dir string, o EmbedOptions) *Embedder {
	t.Helper()
	e, err := OpenEmbedder(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// mixedTexts are 100 texts of 0 to 60 words; the longest are beyond the context.
func mixedTexts() (texts []string) {
	words := strings.Fields("der Tisch steht in der Küche und der Tee ist heiß the tea is hot and the table stands in the garden")
	for i := range 100 {
		var text []string
		for j := range (i * 37) % 61 {
			text = append(text, words[(i*13+j*7)%len(words)])
		}
		texts = append(texts, strings.Join(text, " "))
	}
	return texts
}

// TestVectorsDoNotDependOnTheBatch: C83. 100 texts in batches of 1, 7 and 64 and all at once.
func TestVectorsDoNotDependOnTheBatch(t *testing.T) {
	_, dir := newEncoder(t, Sentence{Normalize: true})
	e, texts := openEmbedder(t, dir, EmbedOptions{}), mixedTexts()
	all, err := e.Embed(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	if all.Cut == 0 || all.Cut == len(texts) {
		t.Fatalf("%d of %d texts are cut", all.Cut, len(texts))
	}
	for _, size := range []int{1, 7, 64} {
		for at := 0; at < len(texts); at += size {
			part, err := e.Embed(context.Background(), texts[at:min(at+size, len(texts))])
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range part.Vectors {
				if d := math.Abs(float64(x - all.Vectors[at*e.Dim()+i])); d > 1e-5 {
					t.Fatalf("in batches of %d text %d differs by %g", size, at+i/e.Dim(), d)
				}
			}
		}
	}
}

// TestPoolingsAreThoseOfTheHiddenStates, computed from the network's own output of one text.
func TestPoolingsAreThoseOfTheHiddenStates(t *testing.T) {
	lm, dir := newEncoder(t, Sentence{Pooling: "max"})
	ids := lm.Tokenizer.Encode("the tea is hot").IDs
	var hidden []float32
	if err := torch.Do(func() error { hidden = lm.Model.Hidden(oneRow(ids)).Float32s(); return nil }); err != nil {
		t.Fatal(err)
	}
	want := map[string]func(column []float64) float64{
		"cls":  func(c []float64) float64 { return c[0] },
		"last": func(c []float64) float64 { return c[len(c)-1] },
		"mean": func(c []float64) (sum float64) {
			for _, x := range c {
				sum += x / float64(len(c))
			}
			return sum
		},
		"max": func(c []float64) float64 {
			largest := c[0]
			for _, x := range c {
				largest = max(largest, x)
			}
			return largest
		},
	}
	for pooling, of := range want {
		e := openEmbedder(t, dir, EmbedOptions{Pooling: pooling})
		out, err := e.Embed(context.Background(), []string{"", "the tea is hot"})
		if err != nil {
			t.Fatal(err)
		}
		for d := range 32 {
			var column []float64
			for n := range ids {
				column = append(column, float64(hidden[n*32+d]))
			}
			if got, want := float64(out.Vectors[32+d]), of(column); math.Abs(got-want) > 1e-5 {
				t.Errorf("%s: column %d is %g, want %g", pooling, d, got, want)
			}
		}
	}
	if e := openEmbedder(t, dir, EmbedOptions{}); e.Pooling != "max" {
		t.Errorf("the folder says max, the embedder pools by %s", e.Pooling)
	}
	if _, err := OpenEmbedder(dir, EmbedOptions{Pooling: "sum"}); err == nil {
		t.Error("an unknown pooling was taken")
	}
}

func TestSentenceSettingsComeBack(t *testing.T) {
	for _, want := range []Sentence{
		{Pooling: "mean", Normalize: true, MaxTokens: 21}, {Pooling: "cls", MaxTokens: 40, Lower: true}, {Pooling: "last", MaxTokens: 7, Prompt: "query: "},
	} {
		_, dir := newEncoder(t, want)
		got, err := ReadSentence(dir)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v comes back as %+v (%v)", want, got, err)
		}
	}
	for file, content := range map[string]string{
		modulesFile:                 `[{"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]`,
		poolingDir + "/config.json": `{"pooling_mode_mean_sqrt_len_tokens": true}`,
		sentenceFile:                `{"max_seq_length": "x"}`,
		promptsFile:                 `{"default_prompt_name": "query"}`,
	} {
		_, dir := newEncoder(t, Sentence{})
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenEmbedder(dir, EmbedOptions{}); err == nil || !strings.Contains(err.Error(), filepath.FromSlash(file)) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestLongTextsAreCutBeforeTheirEndToken keeps the template whole.
func TestLongTextsAreCutBeforeTheirEndToken(t *testing.T) {
	lm, dir := newEncoder(t, Sentence{MaxTokens: 9})
	e := openEmbedder(t, dir, EmbedOptions{})
	text := strings.Repeat("the tea is hot ", 20)
	row, cut := e.row(text)
	roles, whole := lm.Tokenizer.Roles(), lm.Tokenizer.Encode(text).IDs
	if !cut || len(row.ids) != 9 || row.ids[0] != roles.CLS || row.ids[8] != roles.SEP || !reflect.DeepEqual(row.ids[:8], whole[:8]) {
		t.Errorf("%v (cut %v) of %v", row.ids, cut, whole[:12])
	}
	if row, cut := e.row("tea"); cut || row.ids[len(row.ids)-1] != roles.SEP {
		t.Errorf("a short text becomes %v", row.ids)
	}
}

func TestSeveralMayEmbedAtOnce(t *testing.T) {
	_, dir := newEncoder(t, Sentence{})
	e, texts := openEmbedder(t, dir, EmbedOptions{}), mixedTexts()
	want, err := e.Embed(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got, err := e.Embed(context.Background(), texts)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Error("another result, or", err)
			}
		})
	}
	group.Wait()
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Embed(cancelled, texts); err != context.Canceled {
		t.Error(err)
	}
}

func TestAnEncoderWritesNoText(t *testing.T) {
	lm, _ := newEncoder(t, Sentence{})
	if _, err := lm.Generate(context.Background(), "tea", DefaultGenerate(), nil); err == nil || !strings.Contains(err.Error(), "bert is an encoder") {
		t.Error(err)
	}
}

// TestTokensHaveTheirOwnVectors: the hidden states of the network, token by token, and their places in the text, whatever the folder puts before it
// or makes of its case; the mean of the vectors is the text's.
func TestTokensHaveTheirOwnVectors(t *testing.T) {
	for name, s := range map[string]Sentence{"plain": {}, "lower": {Lower: true}, "prompt": {Prompt: "frage: "}, "both": {Lower: true, Prompt: "FRAGE: "}} {
		_, dir := newEncoder(t, s)
		e := openEmbedder(t, dir, EmbedOptions{})
		texts := append(mixedTexts()[:20], "İSTANBUL Ⱥ Küche", "\xff Tee")
		all, err := e.EmbedTokens(context.Background(), texts)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := e.Embed(context.Background(), texts)
		if err != nil {
			t.Fatal(err)
		}
		cut := 0
		for i, tokens := range all {
			n := len(tokens.IDs)
			if n != len(tokens.Pieces) || n != len(tokens.Offsets) || len(tokens.Vectors) != n*e.Dim() || n != whole.Tokens[i] {
				t.Fatalf("%s: text %d: %d ids, %d pieces, %d offsets, %d numbers", name, i, n, len(tokens.Pieces), len(tokens.Offsets), len(tokens.Vectors))
			}
			mean := make([]float32, e.Dim())
			pool(mean, tokens.Vectors, "mean")
			for d := range mean {
				if math.Abs(float64(mean[d]-whole.Vectors[i*e.Dim()+d])) > 1e-5 {
					t.Fatalf("%s: text %d: the mean of its tokens is not its vector", name, i)
				}
			}
			last := 0
			for k, o := range tokens.Offsets {
				id, known := e.Tokenizer.ID(tokens.Pieces[k])
				if !known || id != tokens.IDs[k] {
					t.Errorf("%s: text %d: token %d is %q", name, i, tokens.IDs[k], tokens.Pieces[k])
				}
				if o[0] > o[1] || o[1] > len(texts[i]) || o[1] != 0 && o[0] < last {
					t.Errorf("%s: text %d: offsets %v", name, i, tokens.Offsets)
				}
				last = max(last, o[0])
			}
			if tokens.Cut {
				cut++
			} else if n > 2 && tokens.Offsets[n-2][1] != len(texts[i]) {
				t.Errorf("%s: text %d: the last token ends at %d of %d", name, i, tokens.Offsets[n-2][1], len(texts[i]))
			}
		}
		if cut != whole.Cut {
			t.Errorf("%s: %d texts are cut, %d of whole texts", name, cut, whole.Cut)
		}
	}
}

// TestLayersAreCountedFromBothEnds: 0 is what goes into the first block, -1 the last one's output.
func TestLayersAreCountedFromBothEnds(t *testing.T) {
	lm, dir := newEncoder(t, Sentence{Pooling: "last"})
	ids := lm.Tokenizer.Encode("the tea is hot").IDs
	at := func(layer int) []float32 {
		out, err := openEmbedder(t, dir, EmbedOptions{Layer: &layer}).Embed(context.Background(), []string{"the tea is hot"})
		if err != nil {
			t.Fatal(err)
		}
		return out.Vectors
	}
	for layer := range 3 {
		var want []float32
		if err := torch.Do(func() error { want = lm.Model.(layered).HiddenLayer(oneRow(ids), layer).Float32s(); return nil }); err != nil {
			t.Fatal(err)
		}
		want = want[len(want)-32:]
		for d, x := range at(layer) {
			if math.Abs(float64(x-want[d])) > 1e-5 {
				t.Fatalf("layer %d differs", layer)
			}
		}
		if !reflect.DeepEqual(at(layer), at(layer-3)) {
			t.Errorf("layer %d is not layer %d", layer, layer-3)
		}
	}
	if reflect.DeepEqual(at(0), at(1)) || reflect.DeepEqual(at(1), at(2)) {
		t.Error("two layers give the same")
	}
	for _, layer := range []int{3, -4} {
		if _, err := OpenEmbedder(dir, EmbedOptions{Layer: &layer}); err == nil || !strings.Contains(err.Error(), "to 2, or -1") {
			t.Errorf("layer %d: %v", layer, err)
		}
	}
}
