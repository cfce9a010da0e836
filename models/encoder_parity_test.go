package models

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
