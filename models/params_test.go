package models

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
)

// tinyGPT is a model of 1 layer, width 8.
func tinyGPT(t *testing.T, change func(*GPTConfig)) *GPT {
	t.Helper()
	config := DefaultGPT()
	config.NumLayers, config.NumHeads, config.Dim, config.NumContext, config.VocabSize = 1, 2, 8, 4, 10
	if change != nil {
		change(&config)
	}
	model, err := NewGPT(config, 5)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func save(t *testing.T, model Model) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := model.Params().Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func readFile(t *testing.T, path string) []safetensors.Source {
	t.Helper()
	file, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var sources []safetensors.Source
	for _, tensor := range file.Tensors() {
		sources = append(sources, safetensors.Source{Name: tensor.Name, DType: tensor.DType, Shape: slices.Clone(tensor.Shape), Data: slices.Clone(tensor.Data)})
	}
	return sources
}

func TestSavedWeightsComeBackBitByBit(t *testing.T) {
	for name, change := range map[string]func(*GPTConfig){
		"tied":     nil,
		"untied":   func(c *GPTConfig) { c.TiedHead = false },
		"unbiased": func(c *GPTConfig) { c.Bias = false },
	} {
		onTorch(t, func() {
			model := tinyGPT(t, change)
			defer model.Params().Free()
			path := save(t, model)
			again, err := LoadGPT(model.Config, path)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			defer again.Params().Free()
			other, err := NewGPT(model.Config, 6)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Params().Free()
			if err := other.Params().Load(path); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for param := range model.Params().All() {
				for how, p := range map[string]*Params{"LoadGPT": again.Params(), "Load": other.Params()} {
					got, ok := p.Get(param.Name)
					if !ok || !slices.Equal(got.Tensor.Float32s(), param.Tensor.Float32s()) || !got.Tensor.RequiresGrad() {
						t.Errorf("%s: %s does not come back by %s", name, param.Name, how)
					}
				}
			}
		})
	}
}

// TestTiedWeightsAreWrittenOnce: C90.
// A copy written later is the file as it was at the copy, whatever became of the weights since.
func TestACopyIsTheFileOfItsMoment(t *testing.T) {
	onTorch(t, func() {
		model := tinyGPT(t, nil)
		defer model.Params().Free()
		want, err := os.ReadFile(save(t, model))
		if err != nil {
			t.Fatal(err)
		}
		_, buffer, err := model.Params().CopyTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range buffer {
			buffer[i] = 1
		}
		sources, again, err := model.Params().CopyTo(buffer)
		if err != nil || &again[0] != &buffer[0] {
			t.Fatalf("the buffer was not used again (%v)", err)
		}
		for param := range model.Params().All() {
			torch.NoGrad(func() { param.Tensor.Zero_() })
		}
		var got bytes.Buffer
		if err := EncodeWeights(&got, sources); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("the copy is another file than Save's (%v)", err)
		}
	})
}

func TestTiedWeightsAreWrittenOnce(t *testing.T) {
	onTorch(t, func() {
		model := tinyGPT(t, func(c *GPTConfig) { c.VocabSize, c.Dim, c.NumHeads = 1000, 64, 4 })
		defer model.Params().Free()
		tableBytes := 0
		for _, source := range readFile(t, save(t, model)) {
			if source.Name == gptHead {
				t.Error("lm_head.weight is written")
			}
			if source.Shape[0] == 1000 {
				tableBytes += len(source.Data)
			}
		}
		if tableBytes != 256000 {
			t.Errorf("tables take %d bytes, want 256000", tableBytes)
		}
		head, _ := model.Head()
		tied, ok := model.Params().Get(gptHead)
		if !ok || tied.Tensor != head || model.Params().Ties()[gptHead] != gptTokens {
			t.Error("lm_head.weight is not the token table")
		}
	})
}

func TestFilesHoldConv1DTransposed(t *testing.T) {
	onTorch(t, func() {
		model := tinyGPT(t, nil)
		defer model.Params().Free()
		for _, source := range readFile(t, save(t, model)) {
			if source.Name == "transformer.h.0.attn.c_attn.weight" && !slices.Equal(source.Shape, []int64{8, 24}) {
				t.Errorf("%s is %v, Hugging Face has [8 24]", source.Name, source.Shape)
			}
		}
	})
}

// change is a way to spoil a file's tensors, or to spell them otherwise.
type change func([]safetensors.Source) []safetensors.Source

func rename(from, to string) change {
	return func(sources []safetensors.Source) []safetensors.Source {
		for i := range sources {
			if sources[i].Name == from {
				sources[i].Name = to
			}
		}
		return sources
	}
}

func add(name string, shape ...int64) change {
	return func(sources []safetensors.Source) []safetensors.Source {
		return append(sources, safetensors.Float32Source(name, make([]float32, shapeNumEl(shape)), shape...))
	}
}

var changedFiles = map[string]struct {
	change change
	want   string // "" for a file that fits
}{
	"missing":   {rename("transformer.ln_f.bias", "transformer.h.0.attn.masked_bias"), "tensor transformer.ln_f.bias is missing"},
	"extra":     {add("transformer.h.1.ln_1.weight", 8), "tensor transformer.h.1.ln_1.weight belongs to no weight"},
	"twice":     {add("wte.weight", 10, 8), "holds the weight transformer.wte.weight twice"},
	"torn ties": {add("lm_head.weight", 10, 8), "tie_word_embeddings"},
	"integers": {func(s []safetensors.Source) []safetensors.Source {
		for i := range s {
			if s[i].Name == "transformer.ln_f.bias" {
				s[i].DType = safetensors.I32
			}
		}
		return s
	}, "transformer.ln_f.bias"},
	"buffers":        {add("transformer.h.0.attn.bias", 1, 1, 4, 4), ""},
	"head for table": {rename("transformer.wte.weight", "lm_head.weight"), ""},
	"without a prefix": {func(s []safetensors.Source) []safetensors.Source {
		for i := range s {
			s[i].Name = strings.TrimPrefix(s[i].Name, "transformer.")
		}
		return append(s, safetensors.Float32Source("h.0.attn.bias", make([]float32, 4), 2, 2))
	}, ""},
}

func TestFilesThatDoNotFitAreNamed(t *testing.T) {
	for name, c := range changedFiles {
		onTorch(t, func() {
			model := tinyGPT(t, nil)
			defer model.Params().Free()
			before := model.Params().list[5].Tensor.Float32s()
			path := filepath.Join(t.TempDir(), "changed.safetensors")
			if err := safetensors.Write(path, c.change(readFile(t, save(t, model))), nil); err != nil {
				t.Fatal(err)
			}
			loaded, err := LoadGPT(model.Config, path)
			checkError(t, name, err, c.want)
			if err == nil {
				if wantIgnored := map[string]int{"buffers": 1, "without a prefix": 1}[name]; loaded.Params().Ignored() != wantIgnored {
					t.Errorf("%s: %d tensors ignored, want %d", name, loaded.Params().Ignored(), wantIgnored)
				}
				loaded.Params().Free()
			}
			checkError(t, name, model.Params().Load(path), c.want)
			if !slices.Equal(before, model.Params().list[5].Tensor.Float32s()) {
				t.Errorf("%s: a file that was refused changed the model", name)
			}
		})
	}
}

func checkError(t *testing.T, name string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: %v", name, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "changed.safetensors")):
		t.Errorf("%s: %v, want %q", name, err, want)
	}
}

func TestAFileOfAnotherWidthIsNamed(t *testing.T) {
	onTorch(t, func() {
		model := tinyGPT(t, nil)
		defer model.Params().Free()
		path := save(t, model)
		wider := model.Config
		wider.Dim = 16
		_, err := LoadGPT(wider, path)
		if err == nil || !strings.Contains(err.Error(), "tensor transformer.wte.weight has shape [10 8], the configuration wants [10 16]") {
			t.Error(err)
		}
	})
}

func TestHalfPrecisionFilesAreRead(t *testing.T) {
	onTorch(t, func() {
		model := tinyGPT(t, nil)
		defer model.Params().Free()
		sources := readFile(t, save(t, model))
		for i, source := range sources {
			param, _ := model.Params().Get(source.Name)
			sources[i].DType, sources[i].Data = safetensors.BF16, param.fileLayout(param.Tensor).To(torch.BFloat16).Bytes()
		}
		path := filepath.Join(t.TempDir(), "half.safetensors")
		if err := safetensors.Write(path, sources, nil); err != nil {
			t.Fatal(err)
		}
		loaded, err := LoadGPT(model.Config, path)
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Params().Free()
		for param := range model.Params().All() {
			got, _ := loaded.Params().Get(param.Name)
			// bfloat16 keeps 8 bits: 2^-8 relative to numbers below 1, exact for 1.
			if d := largestDifference(got.Tensor.Float32s(), param.Tensor.Float32s()); d > 1.0/256 || got.Tensor.DType() != torch.Float32 {
				t.Errorf("%s differs by %g", param.Name, d)
			}
		}
	})
}

// TestARealGPT2FolderIsRead: a random GPT-2 that transformers 4.36 wrote as the bare trunk.
func TestARealGPT2FolderIsRead(t *testing.T) {
	data := os.Getenv("CLOZE_DATA")
	if data == "" {
		t.Skip("CLOZE_DATA is not set")
	}
	folder := filepath.Join(data, "models", "tiny_gpt2_random")
	config, err := ReadGPTConfig(filepath.Join(folder, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	onTorch(t, func() {
		model, err := LoadGPT(config, filepath.Join(folder, "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		defer model.Params().Free()
		t.Logf("%d parameters, %d tensors ignored", model.Params().NumEl(), model.Params().Ignored())
	})
}
