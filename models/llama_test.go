package models

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// llamaGolden is what testdata/gen/models_llama.py wrote down of transformers' Llama.
type llamaGolden struct {
	Models      map[string]gptGoldenFields
	Frequencies map[string][]float32
}

// gptGoldenFields embeds the golden of one model: the same numbers are kept for each family.
type gptGoldenFields struct {
	gptGolden
	Frequencies []float32
}

func readLlamaGolden(t *testing.T) (golden llamaGolden) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, "llama_tiny.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Models) != 3 {
		t.Fatalf("the golden holds %d models", len(golden.Models))
	}
	return golden
}

// eachLlama runs the body for every tiny model: grouped queries and two tables; one key head, tied, biases; scaled
// positions.
func eachLlama(t *testing.T, body func(t *testing.T, golden gptGoldenFields, model *Llama, dir string)) {
	for name, golden := range readLlamaGolden(t).Models {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(testdata, "llama_tiny", name)
			config, err := ReadLlamaConfig(filepath.Join(dir, "config.json"))
			if err != nil {
				t.Fatal(err)
			}
			onTorch(t, func() {
				model, err := LoadLlama(config, filepath.Join(dir, WeightsFile))
				if err != nil {
					t.Fatal(err)
				}
				defer model.Params().Free()
				body(t, golden, model, dir)
			})
		})
	}
}

func TestLlamaLogitsAndLossEqualTransformers(t *testing.T) {
	eachLlama(t, func(t *testing.T, golden gptGoldenFields, model *Llama, _ string) {
		// 1e-5 absolute on logits of size 10: float32 with sums in another order.
		if d := largestDifference(logits(model, golden.input(false)).Float32s(), golden.Logits); d > 1e-5 {
			t.Errorf("logits differ by %g", d)
		}
		if loss := golden.meanLoss(model, golden.input(false)).Item(); math.Abs(loss-golden.Loss) > 1e-6 {
			t.Errorf("loss %.8f, transformers %.8f", loss, golden.Loss)
		}
		// One part in a million: powers are rounded otherwise.
		for i, want := range golden.Frequencies {
			if got := model.frequencies[i]; math.Abs(float64(got/want-1)) > 1e-6 {
				t.Errorf("frequency %d is %g, transformers' %g", i, got, want)
			}
		}
	})
}

func TestLlamaGradientsEqualTransformers(t *testing.T) {
	eachLlama(t, func(t *testing.T, golden gptGoldenFields, model *Llama, dir string) {
		golden.compareGradients(t, model, filepath.Join(dir, "gradients.safetensors"))
	})
}

func TestLlamaTenAdamWStepsEqualTransformers(t *testing.T) {
	eachLlama(t, func(t *testing.T, golden gptGoldenFields, model *Llama, _ string) { golden.compareSteps(t, model) })
}

func TestLlamaDocumentsNeverSeeEachOther(t *testing.T) {
	eachLlama(t, func(t *testing.T, _ gptGoldenFields, model *Llama, _ string) {
		offsets := []int32{0, 3, 5}
		run := func(ids, offsets []int32) []float32 {
			return logits(model, NewInput(ids, RowPositions(offsets), offsets, torch.CPU, false)).Float32s()
		}
		v := model.Config.VocabSize
		first := run([]int32{5, 6, 7, 8, 9}, offsets)
		second := run([]int32{50, 6, 7, 8, 9}, offsets)
		if d := largestDifference(first[3*v:], second[3*v:]); d != 0 {
			t.Errorf("document 2 changes by %g with document 1", d)
		}
		if largestDifference(first[:3*v], second[:3*v]) == 0 {
			t.Error("document 1 does not change with its own first token")
		}
		third := run([]int32{5, 6, 7, 8, 60}, offsets)
		if d := largestDifference(first[:4*v], third[:4*v]); d != 0 {
			t.Errorf("earlier tokens change by %g with a later one", d)
		}
		// Alone or packed: 1e-5 absolute, as another number of rows may block the matrix products otherwise.
		if d := largestDifference(first[3*v:], run([]int32{8, 9}, []int32{0, 2})); d > 1e-5 {
			t.Errorf("document 2 alone differs by %g", d)
		}
		// Rotary attention knows distances only: positions that all move by 100 change nothing but roundings.
		moved := logits(model, NewInput([]int32{5, 6, 7, 8, 9}, []int32{100, 101, 102, 100, 101}, offsets, torch.CPU, false)).Float32s()
		if d := largestDifference(first, moved); d > 1e-4 {
			t.Errorf("logits move by %g with all positions", d)
		}
	})
}

func TestLlamaSameSeedSameBits(t *testing.T) {
	eachLlama(t, func(t *testing.T, golden gptGoldenFields, loaded *Llama, _ string) {
		config := loaded.Config
		config.AttnDrop = 0.1
		golden.sameSeedSameBits(t, config)
	})
}

func TestLlamaComputesInBFloat16(t *testing.T) {
	eachLlama(t, func(t *testing.T, golden gptGoldenFields, model *Llama, _ string) {
		half := Convert(model, torch.BFloat16)
		defer half.Params().Free()
		hidden, want := half.Hidden(golden.input(false)), model.Hidden(golden.input(false))
		if hidden.DType() != torch.BFloat16 {
			t.Errorf("hidden states are %v", hidden.DType())
		}
		// 0.1 absolute on numbers of size 2: two layers in 8 bits of precision.
		if d := largestDifference(hidden.Float32s(), want.Float32s()); d > 0.1 {
			t.Errorf("hidden states differ by %g", d)
		}
	})
}

func TestRotaryFrequenciesEqualTransformers(t *testing.T) {
	for name, scaling := range map[string]struct {
		theta float64
		RopeScaling
	}{
		"default": {10000, RopeScaling{}},
		"linear":  {10000, RopeScaling{Type: "linear", Factor: 4}},
		"llama3":  {500000, RopeScaling{Type: "llama3", Factor: 8, LowFreqFactor: 1, HighFreqFactor: 4, OldContext: 8192}},
	} {
		want := readLlamaGolden(t).Frequencies[name]
		got := rotaryFrequencies(128, scaling.theta, scaling.RopeScaling)
		if len(got) != len(want) {
			t.Fatalf("%s: %d frequencies, transformers has %d", name, len(got), len(want))
		}
		for i := range want {
			// One part in a million: powers are rounded otherwise.
			if math.Abs(float64(got[i]/want[i]-1)) > 1e-6 {
				t.Errorf("%s: frequency %d is %g, transformers' %g", name, i, got[i], want[i])
			}
		}
	}
}
