//go:build torch

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tinyLlama are the keys of a Llama that trains in a second.
var tinyLlama = []string{"--model", "llama-nano", "--quiet",
	"--set", "tokenizer.vocab_size=300", "--set", "model.num_hidden_layers=1", "--set", "model.hidden_size=32", "--set", "model.intermediate_size=64",
	"--set", "model.max_position_embeddings=32", "--set", "train.batch_size=8", "--set", "train.learning_rate=5e-3", "--set", "train.eval_every=20"}

func TestALlamaIsTrainedUsedAndExported(t *testing.T) {
	dir, _ := tinyRun()
	corpus, run := filepath.Join(dir, "corpus.txt"), filepath.Join(t.TempDir(), "run")
	r := done(t, "", append(append([]string{"pretrain", "--out", run, "--steps", "40"}, tinyLlama...), corpus)...)
	if !strings.Contains(r.stdout, "all steps done: 40 steps") {
		t.Errorf("the report:\n%s", r.stdout)
	}
	model, err := os.ReadFile(filepath.Join(run, "model.json"))
	if err != nil || !bytes.Contains(model, []byte(`"model_type": "llama"`)) || !bytes.Contains(model, []byte(`"num_key_value_heads": 4`)) {
		t.Errorf("model.json: %v\n%s", err, model)
	}
	done(t, "", "generate", run, "--prompt", "the", "--max-tokens", "5")
	done(t, "", "eval", "lm", run, "--quiet", corpus)
	done(t, "", "neighbors", run, "the")
	hf := filepath.Join(t.TempDir(), "hf")
	done(t, "", "export", run, "--format", "hf", "--out", hf)
	again := filepath.Join(t.TempDir(), "again")
	done(t, "", "pretrain", "--quiet", "--config", filepath.Join(run, "config.yaml"), "--out", again, corpus)
	weights := "checkpoints/step-0000040/model.safetensors"
	a, errA := os.ReadFile(filepath.Join(run, weights))
	b, errB := os.ReadFile(filepath.Join(again, weights))
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("the same configuration gives other weights (%v %v)", errA, errB)
	}
	// config.json of the export is a model, and the export is where more training starts.
	done(t, "", "pretrain", "--quiet", "--model", filepath.Join(hf, "config.json"), "--tokenizer", hf, "--steps", "1", "--out", filepath.Join(t.TempDir(), "x"), corpus)
	done(t, "", "pretrain", "--quiet", "--init", hf, "--steps", "1", "--out", filepath.Join(t.TempDir(), "y"), corpus)
}

func TestInitGoesOnFromARun(t *testing.T) {
	dir, _ := tinyRun()
	run, corpus := filepath.Join(dir, "run"), filepath.Join(dir, "corpus.txt")
	out := filepath.Join(t.TempDir(), "more")
	loss := func(args ...string) float64 {
		t.Helper()
		r := done(t, "", append([]string{"pretrain", "--quiet", "--json", "--init", run, "--steps", "1",
			"--set", "train.learning_rate=1e-9", "--set", "train.min_learning_rate=0", "--set", "train.warmup_steps=0", "--set", "train.eval_every=1"}, append(args, corpus)...)...)
		var report struct {
			Notes  []string
			Result struct{ Eval struct{ Loss float64 } }
		}
		if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(report.Notes, "\n"), "weights of "+run) {
			t.Errorf("notes %q", report.Notes)
		}
		return report.Result.Eval.Loss
	}
	var first struct{ Loss float64 }
	r := done(t, "", "eval", "lm", run, "--json", "--quiet", corpus)
	if err := json.Unmarshal([]byte(r.stdout), &first); err != nil {
		t.Fatal(err)
	}
	// Held-out documents are a sample of the corpus: a tenth.
	if got := loss("--out", out); got > 1.1*first.Loss {
		t.Errorf("loss %g at the start, %g at the end of the first run", got, first.Loss)
	}
	// A run of --init repeats its shape from its config.yaml, and --init takes a configuration that agrees.
	loss("--out", filepath.Join(t.TempDir(), "z"), "--config", filepath.Join(run, "config.yaml"))

	refused := func(args []string, words ...string) {
		t.Helper()
		failure(t, statusFailed, append([]string{"pretrain", "--quiet", "--out", filepath.Join(t.TempDir(), "w"), corpus}, args...), words...)
	}
	refused([]string{"--init", run, "--model", "gpt-nano"}, "--init", "--model", "leave one of them out")
	refused([]string{"--init", run, "--set", "model.n_layer=2"}, "--init", "model.n_layer")
	refused([]string{"--init", filepath.Join(dir, "nowhere")}, "nowhere", "no such folder")
	refused([]string{"--model", "llama-nano", "--set", "model.n_layer=2"}, "model.n_layer", "num_hidden_layers")
	refused([]string{"--model", "llama-nano", "--set", "model.rope_scaling.rope_type=dynamic"}, "dynamic", "linear")
}
