package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/tokenize"
)

// largerTokenizer is the one of the tests with tokens behind its own.
func largerTokenizer(t *testing.T, tokens ...string) *tokenize.Tokenizer {
	t.Helper()
	data, err := os.ReadFile("../../testdata/models/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	added := all["added_tokens"].([]any)
	for i, token := range tokens {
		added = append(added, map[string]any{"id": 320 + i, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
			"normalized": false, "special": false})
	}
	all["added_tokens"] = added
	path := filepath.Join(t.TempDir(), "tokenizer.json")
	data, _ = json.Marshal(all)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	tokenizer, err := tokenize.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return tokenizer
}

func table(t *testing.T, lm *LM, output bool) (rows []float32) {
	t.Helper()
	if err := torch.Do(func() error {
		tensor := lm.Model.InputTable()
		if output {
			tensor, _ = lm.Model.Head()
		}
		rows = tensor.Float32s()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestInitGrowsBothTables(t *testing.T) {
	larger := largerTokenizer(t, "Hofbaum", "Teekanne", "Küchentisch")
	for name, c := range map[string]struct {
		config models.Config
		reused int
		names  int
	}{
		"tied":         {llamaVariant(func(*models.LlamaConfig) {}), 0, 1},
		"untied":       {llamaVariant(func(c *models.LlamaConfig) { c.TiedHead = false }), 0, 2},
		"padded table": {gptVariant(func(c *models.GPTConfig) { c.VocabSize, c.TiedHead = 322, false }), 2, 2},
		"large table":  {gptVariant(func(c *models.GPTConfig) { c.VocabSize = 384 }), 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			before := torch.Live()
			old := newLMOf(t, c.config)
			dir := filepath.Join(t.TempDir(), "model")
			if _, err := WriteHF(dir, old.Model, old.Tokenizer); err != nil {
				t.Fatal(err)
			}
			lm, growth, err := Init(dir, InitOptions{Tokenizer: larger, Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			if growth.Rows != 3 || growth.Reused != c.reused || len(growth.Names) != c.names || growth.Table != max(323, c.config.Shape().VocabSize) {
				t.Errorf("%s", growth)
			}
			for _, output := range []bool{false, true} {
				was, is := table(t, old, output), table(t, lm, output)
				if len(is) != 32*growth.Table || !slices.Equal(was[:320*32], is[:320*32]) {
					t.Fatal("old rows are not kept")
				}
				if slices.Equal(is[320*32:321*32], is[321*32:322*32]) {
					t.Error("new rows are equal")
				}
				for j := range 32 {
					var mean, spread float64
					for i := range 320 {
						mean += float64(was[i*32+j]) / 320
					}
					for i := range 320 {
						spread += math.Pow(float64(was[i*32+j])-mean, 2) / 320
					}
					// Five standard deviations of the noise.
					if d := math.Abs(float64(is[320*32+j]) - mean); d > 5*0.1*math.Sqrt(spread) {
						t.Errorf("column %d of a new row is %g off the mean", j, d)
					}
				}
			}
			again, _, err := Init(dir, InitOptions{Tokenizer: larger, Seed: 3})
			if err != nil || !slices.Equal(table(t, lm, true), table(t, again, true)) {
				t.Errorf("the same seed gives other rows (%v)", err)
			}
			if err := errors.Join(lm.Close(), again.Close(), old.Close()); err != nil || torch.Live() != before {
				t.Errorf("%v, %d tensors before, %d after", err, before, torch.Live())
			}
		})
	}
}

func TestInitKeepsAModelWithItsTokenizer(t *testing.T) {
	old := newLM(t, nil)
	run := writeRun(t, old)
	for _, tokenizer := range []*tokenize.Tokenizer{nil, old.Tokenizer} {
		lm, growth, err := Init(run, InitOptions{Tokenizer: tokenizer})
		if err != nil {
			t.Fatal(err)
		}
		if growth.Rows != 0 || !slices.Equal(table(t, lm, false), table(t, old, false)) {
			t.Errorf("changed: %s", growth)
		}
		lm.Close()
	}
}

func TestInitRefusesATokenizerOfOtherIDs(t *testing.T) {
	run := writeRun(t, newLM(t, nil))
	data, err := os.ReadFile("../../testdata/models/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tokenizer.json")
	if err := os.WriteFile(path, bytes.ReplaceAll(data, []byte("<|endoftext|>"), []byte("<|end|>")), 0o644); err != nil {
		t.Fatal(err)
	}
	other, err := tokenize.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Init(run, InitOptions{Tokenizer: other}); err == nil || !strings.Contains(err.Error(), `id 0 is "<|endoftext|>"`) {
		t.Error(err)
	}
}

func TestShardedWeightsComeBack(t *testing.T) {
	for _, name := range []string{"Llama, untied, biases", "as GPT-2"} {
		lm := newLMOf(t, hfVariants[name])
		dir := filepath.Join(t.TempDir(), "model")
		report, err := lm.Export(dir, ExportOptions{Format: HF, MaxFileBytes: 30_000})
		if err != nil {
			t.Fatal(err)
		}
		if report.LargestDifference != 0 || report.LogitDifference != 0 {
			t.Errorf("%s: %s", name, report)
		}
		if exists(filepath.Join(dir, "model.safetensors")) || !exists(filepath.Join(dir, "model.safetensors.index.json")) || len(report.Files) < 8 {
			t.Errorf("%s: not cut: %v", name, report.Files)
		}
		if python := os.Getenv("CLOZE_PYTHON"); python != "" {
			checkWithTransformers(t, python, map[string]*LM{dir: lm})
		}
	}
}

func TestDamagedIndexesAreNamed(t *testing.T) {
	lm := newLMOf(t, hfVariants["Llama"])
	for want, change := range map[string]func(string) string{
		"lacks the tensor model.other.weight": func(s string) string {
			return regexp.MustCompile(`"model.norm.weight": ("[^"]*")`).ReplaceAllString(s, `"model.other.weight": $1, $0`)
		},
		"does not list model.norm.weight": func(s string) string { return strings.Replace(s, "model.norm.weight", "model.embed_tokens.weight", 1) },
		"is not a file beside the index": func(s string) string {
			return strings.Replace(s, `"model-00001-of`, `"../model-00001-of`, 1)
		},
		"model-00009-of":          func(s string) string { return strings.Replace(s, `"model-00001-of`, `"model-00009-of`, 1) },
		"not an index of weights": func(s string) string { return s[:40] },
	} {
		dir := filepath.Join(t.TempDir(), "model")
		if _, err := lm.Export(dir, ExportOptions{Format: HF, MaxFileBytes: 15_000}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "model.safetensors.index.json")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(change(string(data))), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestPicklesAreRefusedAndTheLineConvertsThem runs the line that the message gives, where there is a Python for it.
func TestPicklesAreRefusedAndTheLineConvertsThem(t *testing.T) {
	lm := newLMOf(t, hfVariants["Llama"])
	dir := filepath.Join(t.TempDir(), "model")
	if _, err := WriteHF(dir, lm.Model, lm.Tokenizer); err != nil {
		t.Fatal(err)
	}
	want := table(t, lm, false)
	if err := os.Rename(filepath.Join(dir, "model.safetensors"), filepath.Join(dir, "weights")); err != nil {
		t.Fatal(err)
	}
	for name, head := range map[string]string{"pytorch_model.bin": "PK\x03\x04rest", "model.pth": "\x80\x02\x8arest", "model.safetensors": "PK\x03\x04rest"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(head), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, opened := range []string{dir, path} {
			if _, err := Open(opened); err == nil || !strings.Contains(err.Error(), name+" is a pickle") || !strings.Contains(err.Error(), "save_pretrained") {
				t.Errorf("%s: %v", opened, err)
			}
		}
		os.Remove(path)
	}
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		t.Skip("CLOZE_PYTHON is not set to a Python with transformers")
	}
	makePickle := exec.Command(python, "-c", "import sys, torch, safetensors.torch as s; torch.save(s.load_file(sys.argv[1]), sys.argv[2])",
		filepath.Join(dir, "weights"), filepath.Join(dir, "pytorch_model.bin"))
	if out, err := makePickle.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, err := Open(dir)
	if err == nil {
		t.Fatal("a pickle was opened")
	}
	_, line, _ := strings.Cut(err.Error(), "python ")
	convert := exec.Command("sh", "-c", python+" "+line)
	convert.Env = append(os.Environ(), "HF_HUB_OFFLINE=1")
	if out, err := convert.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	again, err := Open(dir + "-safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if !slices.Equal(want, table(t, again, false)) {
		t.Error("the converted weights are others")
	}
}

// TestTiedTablesAreStoredOnce is C90: 1,000 rows of 64 numbers are 256,000 bytes of the file, and the configuration
// says that they serve twice.
func TestTiedTablesAreStoredOnce(t *testing.T) {
	for name, config := range map[string]models.Config{
		"model.embed_tokens.weight": llamaVariant(func(c *models.LlamaConfig) { c.VocabSize, c.Dim = 1000, 64 }),
		"transformer.wte.weight":    gptVariant(func(c *models.GPTConfig) { c.VocabSize, c.Dim = 1000, 64 }),
	} {
		lm := newLMOf(t, config)
		dir := filepath.Join(t.TempDir(), "model")
		if _, err := WriteHF(dir, lm.Model, lm.Tokenizer); err != nil {
			t.Fatal(err)
		}
		file, err := safetensors.Open(filepath.Join(dir, models.WeightsFile))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		bytes := 0
		for _, tensor := range file.Tensors() {
			if tensor.Shape[0] == 1000 {
				bytes += len(tensor.Data)
			}
		}
		if _, ok := file.Tensor(name); !ok || bytes != 256_000 {
			t.Errorf("%s: %v, tables take %d bytes", name, ok, bytes)
		}
		data, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil || !strings.Contains(string(data), `"tie_word_embeddings": true`) {
			t.Errorf("%v: config.json does not say that the tables are one:\n%s", err, data)
		}
	}
}
