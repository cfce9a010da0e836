package models

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// TestTransformersOpensOurEncoders: each tiny encoder, written by us, opened by transformers' own class without a missing or unexpected weight.
func TestTransformersOpensOurEncoders(t *testing.T) {
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		t.Skip("CLOZE_PYTHON names no python with transformers")
	}
	root, arguments, want := t.TempDir(), []string{"../testdata/gen/models_encoder_check.py", filepath.Join(testdata, "encoder_tiny.json")}, map[string][]float32{}
	eachEncoder(t, true, func(t *testing.T, golden encoderGolden, model Network, dir string) {
		name := filepath.Base(dir)
		folder := filepath.Join(root, name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		config, _, err := SaveHF(model, folder, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		data, err := config.ConfigJSON()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "config.json"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		arguments, want[name] = append(arguments, name+"="+folder), golden.Hidden
	})
	command := exec.Command(python, arguments...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines for %d encoders", len(lines), len(want))
	}
	for _, line := range lines {
		var got struct {
			Name                string
			Hidden              []float32
			Missing, Unexpected []string
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		if d := largestDifference(got.Hidden, want[got.Name]); d > 1e-5 {
			t.Errorf("%s: hidden states differ by %g", got.Name, d)
		}
		// Of two biases of one untied table transformers uses one, and that is what is written.
		if len(got.Unexpected) > 0 || len(got.Missing) > 0 && !(got.Name == "bert_untied" && len(got.Missing) == 1 && got.Missing[0] == "cls.predictions.bias") {
			t.Errorf("%s: missing %v, unexpected %v", got.Name, got.Missing, got.Unexpected)
		}
	}
}

// The output of the embeddings and of each block is transformers'.
func TestEveryLayerOfAnEncoderIsTransformers(t *testing.T) {
	for name, want := range tinyGoldens[[][]float32](t, "encoder_layers") {
		golden := tinyGoldens[encoderGolden](t, "encoder_tiny")[name]
		n := int32(golden.Rows[0])
		withTiny(t, filepath.Join(testdata, "encoder_tiny", name), withoutDropout, func(model Network, _ string) {
			offsets := []int32{0, n}
			in := NewInput(golden.IDs[:n], RowPositions(offsets), offsets, torch.CPU, false)
			if len(golden.Segments) > 0 {
				in.Segments = Kinds(golden.Segments[:n], torch.CPU)
			}
			if len(golden.Languages) > 0 {
				in.Languages = Kinds(golden.Languages[:n], torch.CPU)
			}
			layers, ok := model.(interface {
				HiddenLayer(Input, int) *torch.Tensor
			})
			if !ok || len(want) != model.Configuration().Shape().NumLayers+1 {
				t.Fatalf("%s: %d layers in the golden", name, len(want))
			}
			for layer := range want {
				if d := largestDifference(layers.HiddenLayer(in, layer).Float32s(), want[layer]); d > 2e-5 {
					t.Errorf("%s: layer %d differs by %g", name, layer, d)
				}
			}
		})
	}
}
