package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/tokenize"
)

// newLM is a model of 2 layers, width 32, with weights large enough that its choices are clear, and a tokenizer
// of 320 tokens. change may be nil.
func newLM(t *testing.T, change func(*models.GPTConfig)) *LM {
	t.Helper()
	tokenizer, err := tokenize.Open("../../testdata/models/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	config := models.DefaultGPT()
	config.NumLayers, config.NumHeads, config.Dim, config.NumContext = 2, 4, 32, 64
	config.VocabSize, config.InitStd = tokenizer.VocabSize(), 0.2
	if change != nil {
		change(&config)
	}
	return newLMOf(t, config)
}

// newLMOf is a model of that configuration with the tokenizer of 320 tokens.
func newLMOf(t *testing.T, config models.Config) *LM {
	t.Helper()
	tokenizer, err := tokenize.Open("../../testdata/models/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	lm := &LM{Tokenizer: tokenizer}
	err = torch.Do(func() (err error) {
		lm.Model, err = models.New(config, 11)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lm.Close() })
	return lm
}

// writeRun lays out a run folder as a training run does, with one checkpoint.
func writeRun(t *testing.T, lm *LM) string {
	t.Helper()
	run := t.TempDir()
	checkpoint := filepath.Join(run, "checkpoints", "step-0000100")
	if err := os.MkdirAll(checkpoint, 0o755); err != nil {
		t.Fatal(err)
	}
	config, err := lm.Model.Configuration().ConfigJSON()
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(run, "model.json"), config, 0o644),
		os.WriteFile(filepath.Join(run, "last"), []byte("checkpoints/step-0000100\n"), 0o644),
		lm.Tokenizer.Save(filepath.Join(run, "tokenizer.json")),
		torch.Do(func() error { return lm.Model.Params().Save(filepath.Join(checkpoint, "model.safetensors")) }),
	)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// hfVariants are the configurations whose export is checked.
var hfVariants = map[string]models.Config{
	"as GPT-2":            gptVariant(func(*models.GPTConfig) {}),
	"without biases":      gptVariant(func(c *models.GPTConfig) { c.Bias, c.Activation = false, "gelu" }),
	"untied, inner width": gptVariant(func(c *models.GPTConfig) { c.TiedHead, c.InnerDim, c.Activation = false, 40, "relu" }),
	"larger table":        gptVariant(func(c *models.GPTConfig) { c.VocabSize += 7 }),
	"Llama":               llamaVariant(func(*models.LlamaConfig) {}),
	"Llama, untied, biases": llamaVariant(func(c *models.LlamaConfig) {
		c.TiedHead, c.AttnBias, c.MLPBias, c.NumKVHeads, c.HeadDim = false, true, true, 1, 12
	}),
	"Llama, scaled positions": llamaVariant(func(c *models.LlamaConfig) {
		c.RopeTheta, c.NumKVHeads = 100, 4
		c.RopeScaling = models.RopeScaling{Type: "llama3", Factor: 8, LowFreqFactor: 1, HighFreqFactor: 4, OldContext: 16}
	}),
	"Llama, linear": llamaVariant(func(c *models.LlamaConfig) { c.RopeScaling = models.RopeScaling{Type: "linear", Factor: 2} }),
}

// gptVariant is a GPT of newLM's size, otherwise as change says.
func gptVariant(change func(*models.GPTConfig)) models.Config {
	config := models.DefaultGPT()
	config.NumLayers, config.NumHeads, config.Dim, config.NumContext = 2, 4, 32, 64
	config.VocabSize, config.InitStd = 320, 0.2
	change(&config)
	return config
}

// llamaVariant is gptVariant of a Llama with grouped queries.
func llamaVariant(change func(*models.LlamaConfig)) models.Config {
	config := models.DefaultLlama()
	config.NumLayers, config.NumHeads, config.NumKVHeads, config.Dim, config.InnerDim = 2, 4, 2, 32, 48
	config.NumContext, config.VocabSize, config.InitStd, config.TiedHead = 64, 320, 0.2, true
	change(&config)
	return config
}

func TestHFFolderComesBack(t *testing.T) {
	for name, config := range hfVariants {
		lm := newLMOf(t, config)
		dir := filepath.Join(t.TempDir(), "new", "model")
		report, err := WriteHF(dir, lm.Model, lm.Tokenizer)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// Weights come back bit by bit; logits to 1e-5, as zero biases may be added in another order.
		if report.LargestDifference != 0 || report.LogitDifference > 1e-5 {
			t.Errorf("%s: %s", name, report)
		}
		want := []string{"config.json", "generation_config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"}
		if !slices.Equal(report.Files, want) {
			t.Errorf("%s: wrote %v, want %v", name, report.Files, want)
		}
		if _, err := WriteHF(dir, lm.Model, lm.Tokenizer); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("%s: written over: %v", name, err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 1 {
			t.Errorf("%s: %v lie beside the folder", name, entries)
		}
	}
}

// transformersSays is a line of models_hf_check.py.
type transformersSays struct {
	IDs, Generated      []int32
	Logits              []float32
	Lengths             []int32   // tokens of each row of a padded batch
	Batch               []float32 // its logits, without those of the padding
	Text, EOS           string
	Missing, Unexpected []string
}

// TestTransformersOpensTheFolder runs the real library where $CLOZE_PYTHON names an interpreter that has it.
func TestTransformersOpensTheFolder(t *testing.T) {
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		t.Skip("CLOZE_PYTHON is not set to a Python with transformers")
	}
	folders := map[string]*LM{}
	for _, config := range hfVariants {
		lm := newLMOf(t, config)
		dir := filepath.Join(t.TempDir(), "model")
		if _, err := WriteHF(dir, lm.Model, lm.Tokenizer); err != nil {
			t.Fatal(err)
		}
		folders[dir] = lm
	}
	checkWithTransformers(t, python, folders)
}

// checkWithTransformers compares what transformers makes of folders with what we make of the models written there.
func checkWithTransformers(t *testing.T, python string, folders map[string]*LM) {
	t.Helper()
	const text = "The pot of tea steht in Köln <|endoftext|> und der Tisch"
	dirs := slices.Sorted(maps.Keys(folders))
	command := exec.Command(python, append([]string{"../../testdata/gen/models_hf_check.py", text}, dirs...)...)
	command.Env = append(os.Environ(), "HF_HUB_OFFLINE=1")
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	lines := json.NewDecoder(bytes.NewReader(out))
	for i, dir := range dirs {
		var theirs transformersSays
		if err := lines.Decode(&theirs); err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("%d/%s", i, folders[dir].Model.Configuration().Shape().ModelType), func(t *testing.T) { theirs.compare(t, folders[dir], text) })
	}
}

func (theirs transformersSays) compare(t *testing.T, lm *LM, text string) {
	if ids := lm.Tokenizer.Encode(text).IDs; !slices.Equal(ids, theirs.IDs) {
		t.Errorf("ids %v, transformers %v", ids, theirs.IDs)
	}
	var largest float64
	ours := allLogits(t, lm, theirs.IDs)
	if len(ours) != len(theirs.Logits) {
		t.Fatalf("%d logits, transformers %d", len(ours), len(theirs.Logits))
	}
	for i := range ours {
		largest = max(largest, math.Abs(float64(ours[i]-theirs.Logits[i])))
	}
	t.Logf("logits differ by %g at most", largest)
	// 1e-4 absolute is what the folder promises; logits are of size 10.
	if largest > 1e-4 {
		t.Errorf("logits differ by %g", largest)
	}
	var ids, offsets = []int32{}, []int32{0}
	for _, n := range theirs.Lengths {
		ids, offsets = append(ids, theirs.IDs[:n]...), append(offsets, offsets[len(offsets)-1]+n)
	}
	packed, batch := packedLogits(t, lm, ids, offsets), 0.0
	for i := range packed {
		batch = max(batch, math.Abs(float64(packed[i]-theirs.Batch[i])))
	}
	t.Logf("logits of a batch of %v tokens differ by %g at most", theirs.Lengths, batch)
	if batch > 1e-4 {
		t.Errorf("logits of a batch of %v tokens differ by %g", theirs.Lengths, batch)
	}
	if len(theirs.Missing)+len(theirs.Unexpected) > 0 || theirs.EOS != "<|endoftext|>" {
		t.Errorf("missing %v, unexpected %v, eos %q", theirs.Missing, theirs.Unexpected, theirs.EOS)
	}
	if lm.Model.Configuration().Shape().VocabSize > lm.Tokenizer.VocabSize() {
		return // transformers also chooses ids that have no token
	}
	got, err := lm.Generate(context.Background(), text, GenerateOptions{MaxTokens: 20}, nil)
	if err != nil || !slices.Equal(got.IDs, theirs.Generated) || got.Text != theirs.Text {
		t.Errorf("greedy %v %q, transformers %v %q (%v)", got.IDs, got.Text, theirs.Generated, theirs.Text, err)
	}
}

func allLogits(t *testing.T, lm *LM, ids []int32) []float32 {
	t.Helper()
	return packedLogits(t, lm, ids, []int32{0, int32(len(ids))})
}

// packedLogits are the logits of each token of packed rows.
func packedLogits(t *testing.T, lm *LM, ids, offsets []int32) (logits []float32) {
	t.Helper()
	err := torch.Do(func() error {
		torch.NoGrad(func() {
			weight, bias := lm.Model.Head()
			logits = lm.Model.Hidden(models.NewInput(ids, models.RowPositions(offsets), offsets, torch.CPU, false)).Linear(weight, bias).Float32s()
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return logits
}

func TestARunOpensAtItsCheckpoint(t *testing.T) {
	lm := newLM(t, func(c *models.GPTConfig) { c.Bias = false })
	run, before := writeRun(t, lm), torch.Live()
	for _, checkpoint := range []string{"", "last", "step-0000100"} {
		again, err := Options{Checkpoint: checkpoint}.Open(run)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(allLogits(t, lm, []int32{1, 2, 3}), allLogits(t, again, []int32{1, 2, 3})) {
			t.Errorf("%q: another model", checkpoint)
		}
		if err := errors.Join(again.Close(), again.Close()); err != nil {
			t.Error(err)
		}
	}
	if after := torch.Live(); after != before {
		t.Errorf("%d tensors before, %d after", before, after)
	}
}

// TestAFolderOfTransformers436IsUsable: the bare trunk, vocab.json and merges.txt instead of tokenizer.json.
func TestAFolderOfTransformers436IsUsable(t *testing.T) {
	data := os.Getenv("CLOZE_DATA")
	if data == "" {
		t.Skip("CLOZE_DATA is not set")
	}
	lm, err := Open(filepath.Join(data, "models", "tiny_gpt2_random"))
	if err != nil {
		t.Fatal(err)
	}
	defer lm.Close()
	out, err := lm.Generate(context.Background(), "low", GenerateOptions{MaxTokens: 5, Temperature: 1}, nil)
	if err != nil || len(out.IDs) == 0 {
		t.Errorf("%+v, %v", out, err)
	}
	if report, err := lm.Export(filepath.Join(t.TempDir(), "out"), ExportOptions{Format: HF}); err != nil || report.LargestDifference != 0 {
		t.Errorf("%s, %v", report, err)
	}
}

func TestFoldersThatAreNoModelAreNamed(t *testing.T) {
	lm := newLM(t, nil)
	folder := func(change func(dir string) error) string {
		run := writeRun(t, lm)
		if err := change(run); err != nil {
			t.Fatal(err)
		}
		return run
	}
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	write := func(name, content string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644) }
	}
	for want, path := range map[string]string{
		"there is no such folder":      filepath.Join(t.TempDir(), "nowhere"),
		"is a file":                    "pipeline_test.go",
		"holds neither config.json":    t.TempDir(),
		"has not written a checkpoint": folder(remove("last")),
		"not inside the run folder":    folder(write("last", "../other\n")),
		"holds no model.safetensors":   folder(write("last", "checkpoints/step-0000200\n")),
		"model_type is \"albert\"":     folder(write("model.json", `{"model_type": "albert"}`)),
		"n_head":                       folder(write("model.json", `{"model_type": "gpt2", "n_head": 5}`)),
		"is a pickle":                  "",
		"names no tensor": folder(func(dir string) error {
			return errors.Join(write("config.json", `{"model_type": "gpt2"}`)(dir), write("model.safetensors.index.json", "{}")(dir))
		}),
		"320 tokens":     folder(write("model.json", `{"model_type": "gpt2", "vocab_size": 300}`)),
		"tokenizer.json": folder(write("tokenizer.json", `{"model": `)),
	} {
		if want == "is a pickle" {
			want, path = "pytorch_model.bin is a pickle, which can run code", folder(func(dir string) error {
				return errors.Join(write("config.json", "{}")(dir), write("pytorch_model.bin", "")(dir))
			})
		}
		lm, err := Open(path)
		if err == nil {
			lm.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := (Options{Checkpoint: "best"}).Open(writeRun(t, lm)); err == nil || !strings.Contains(err.Error(), "best") {
		t.Errorf("no best: %v", err)
	}
}

func TestVectorsComeBackFromEveryFormat(t *testing.T) {
	lm := newLM(t, func(c *models.GPTConfig) { c.TiedHead = false; c.VocabSize += 5 })
	for _, format := range Formats() {
		if Folder(format) {
			continue
		}
		for _, table := range []string{"", "output"} {
			path := filepath.Join(t.TempDir(), "new", "vectors")
			report, err := lm.Export(path, ExportOptions{Format: format, Table: table})
			if err != nil {
				t.Fatalf("%s %s: %v", format, table, err)
			}
			if report.LargestDifference != 0 || report.Words != 320 || report.Dim != 32 || report.Bytes == 0 {
				t.Errorf("%s %s: %s", format, table, report)
			}
			if _, err := lm.Export(path, ExportOptions{Format: format}); err == nil || !strings.Contains(err.Error(), "exists already") {
				t.Errorf("%s: written over: %v", format, err)
			}
		}
	}
	for _, o := range []ExportOptions{{Format: "onnx"}, {Format: "word2vec", Table: "middle"}} {
		if _, err := lm.Export(filepath.Join(t.TempDir(), "x"), o); err == nil || !strings.Contains(err.Error(), "there are") {
			t.Errorf("%v: %v", o, err)
		}
	}
}

func TestVectorsAreTheTablesRows(t *testing.T) {
	lm := newLM(t, func(c *models.GPTConfig) { c.TiedHead = false })
	input, err := lm.InputEmbeddings()
	if err != nil {
		t.Fatal(err)
	}
	output, err := lm.OutputEmbeddings()
	if err != nil {
		t.Fatal(err)
	}
	var in, out []float32
	if err := torch.Do(func() error {
		weight, _ := lm.Model.Head()
		in, out = lm.Model.InputTable().Float32s(), weight.Float32s()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(input.Rows(), in) || !slices.Equal(output.Rows(), out) || slices.Equal(in, out) {
		t.Error("the rows are not the tables'")
	}
	for word, token := range map[string]string{"▁the": "Ġthe", "<0x0A>": "Ċ", "<0xC3>": "Ã", "<|endoftext|>": "<|endoftext|>", "t": "t"} {
		id, ok := lm.Tokenizer.ID(token)
		if !ok {
			t.Fatalf("no token %s", token)
		}
		row, ok := input.Index(word)
		if !ok || row != int(id) {
			t.Errorf("%s is row %d (%v), its token has id %d", word, row, ok, id)
		}
	}
	if embeddings.Piece("▁the") != " the" {
		t.Error("keys do not stand for texts")
	}
}
