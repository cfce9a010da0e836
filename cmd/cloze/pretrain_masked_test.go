//go:build torch

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tinyMasked are the keys of an encoder that trains in a second; they stand behind the flags of a causal model, which they replace.
var tinyMasked = []string{"pretrain", "--objective", "masked-token", "--model", "bert-tiny", "--threads", "1",
	"--set", "tokenizer.vocab_size=300", "--set", "model.num_hidden_layers=1", "--set", "model.hidden_size=32", "--set", "model.intermediate_size=64",
	"--set", "model.max_position_embeddings=34", "--set", "train.batch_size=8", "--set", "train.learning_rate=5e-3", "--set", "train.eval_every=20"}

// maskedReport is what the tests look at of --json.
type maskedReport struct {
	Notes     []string
	Preflight struct {
		AskedShare         float64  `json:"asked_share"`
		UnigramBitsPerByte float64  `json:"unigram_bits_per_byte"`
		UnigramNats        float64  `json:"unigram_nats"`
		Notes              []string `json:"notes"`
	}
	Result struct {
		AskedShare float64 `json:"asked_share"`
		Eval       struct {
			Loss        float64
			BitsPerByte float64 `json:"bits_per_byte"`
			Terms       map[string]float64
		}
	}
}

func masked(t *testing.T, out string, args ...string) (r maskedReport) {
	t.Helper()
	stdout := done(t, "", append(append(tinyMasked, "--quiet", "--json", "--out", out), args...)...).stdout
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// A byte-level BPE trained on the texts just works; the share is reported; the same masks measure every evaluation, and eval lm uses the run.
func TestAnEncoderIsTrainedOnMaskedTokens(t *testing.T) {
	dir, _ := tinyRun()
	corpus, out := filepath.Join(dir, "corpus.txt"), filepath.Join(t.TempDir(), "run")
	r := masked(t, out, "--steps", "60", corpus)
	if r.Result.Eval.Loss <= 0 || r.Result.Eval.Loss > r.Preflight.UnigramNats-0.05 || r.Result.Eval.BitsPerByte != 0 || r.Preflight.UnigramBitsPerByte != 0 {
		t.Errorf("%+v, want a loss below the unigram's and no bits a byte", r)
	}
	for _, share := range []float64{r.Preflight.AskedShare, r.Result.AskedShare} {
		if share < 0.13 || share > 0.17 {
			t.Errorf("asked for a share of %v, want about 0.15", share)
		}
	}
	if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, "[CLS], [SEP], [MASK], [PAD]") {
		t.Errorf("notes %q do not say what the tokenizer got", notes)
	}
	model, err := os.ReadFile(filepath.Join(out, "model.json"))
	if err != nil || !bytes.Contains(model, []byte(`"vocab_size": 304`)) {
		t.Errorf("model.json: %v\n%s", err, model)
	}
	if got := done(t, "", "eval", "lm", out, "--quiet", corpus).stdout; !strings.Contains(got, "masked token") || strings.Contains(got, "byte\n") {
		t.Errorf("eval lm:\n%s", got)
	}
	// The export of the run is where training on other words goes on from.
	hf := filepath.Join(t.TempDir(), "hf")
	done(t, "", "export", out, "--format", "hf", "--out", hf)
	more := done(t, "", "pretrain", "--objective", "masked-token", "--init", hf, "--steps", "20", "--quiet", "--set", "masking.unit=whole_word",
		"--out", filepath.Join(t.TempDir(), "more"), corpus)
	if !strings.Contains(more.stdout, "weights of "+hf) || strings.Contains(more.stdout, "are fresh") {
		t.Errorf("the report:\n%s", more.stdout)
	}
}

// An encoder with a pooler and no prediction head, as sentence-transformers has them, gets a head and keeps the pooler, also when its run goes on.
func TestInitOfABareEncoderGoesOn(t *testing.T) {
	folder := lettersEncoder(t)
	out := filepath.Join(t.TempDir(), "run")
	corpus := write(t, t.TempDir(), "letters.txt", strings.Repeat("a b c d e f g h\n", 5)+strings.Repeat("i j k l m n o p q\n", 5))
	r := done(t, "", "pretrain", "--objective", "masked-token", "--init", folder, "--out", out, "--steps", "3", "--quiet", "--threads", "1",
		"--set", "train.block_size=12", "--set", "train.batch_size=4", "--set", "data.valid_fraction=0", corpus)
	if !strings.Contains(r.stdout, "are fresh") {
		t.Errorf("the report:\n%s", r.stdout)
	}
	more := done(t, "", "pretrain", "--out", out, "--resume", "--steps", "5", "--quiet")
	if !strings.Contains(more.stdout, "all steps done: 5 steps") {
		t.Errorf("the report:\n%s", more.stdout)
	}
}

// Case: an interrupt in the middle and --resume give the bits of the whole run, with words, spans and sentences.
func TestMaskedRunsGoOnBitForBit(t *testing.T) {
	dir, _ := tinyRun()
	corpus := filepath.Join(dir, "corpus.txt")
	for _, keys := range [][]string{
		{"--set", "masking.unit=span", "--set", "masking.full_sentences=true"},
		{"--set", "masking.unit=whole_word", "--set", "masking.sentence=next", "--set", "train.gradient_accumulation_steps=2", "--set", "train.batch_size=4"},
	} {
		whole, parts := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parts")
		r := masked(t, whole, append(append([]string{"--steps", "60"}, keys...), corpus)...)
		if pairs := strings.Contains(keys[1]+keys[3], "sentence=next"); pairs != (r.Result.Eval.Terms["next-sentence"] > 0) {
			t.Errorf("%v: evaluation %+v", keys, r.Result.Eval)
		}
		interruptedAs(t, parts, append(append(append(tinyMasked, "--steps", "60"), keys...), corpus))
		done(t, "", "pretrain", "--quiet", "--out", parts, "--resume")
		sameRuns(t, whole, parts)
	}
}

// interruptedAs starts a command and stops it after its evaluation at step 20.
func interruptedAs(t *testing.T, out string, args []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watch := writerFunc(func(data []byte) (int, error) {
		if bytes.Contains(data, []byte("step 20: held-out")) {
			cancel()
		}
		return len(data), nil
	})
	if status := run(ctx, strings.NewReader(""), watch, watch, append(args, "--quiet=false", "--out", out)); status != statusFailed {
		t.Fatalf("status %d", status)
	}
}

func TestMaskedTokenRefusesWhatCannotWork(t *testing.T) {
	dir, _ := tinyRun()
	corpus := filepath.Join(dir, "corpus.txt")
	for _, c := range []struct{ args, words []string }{
		{[]string{"--model", "gpt-nano"}, []string{"causal", "next-token", "bert-tiny"}},
		{[]string{"--objective", "next-token"}, []string{"encoder", "masked-token", "gpt-nano"}},
		{[]string{"--set", "train.block_size=33"}, []string{"train.block_size 33", "the 2 tokens around", "to 32"}},
		{[]string{"--set", "masking.mlm_probability=15"}, []string{"masking.mlm_probability is 15"}},
		{[]string{"--set", "masking.unit=words"}, []string{"masking.unit", "whole_word"}},
		{[]string{"--model", "roberta-base", "--set", "masking.sentence=order"}, []string{"pairs"}},
	} {
		args := append([]string{"pretrain", "--objective", "masked-token", "--out", filepath.Join(t.TempDir(), "run")}, c.args...)
		if c.args[0] == "--set" {
			args = append(append(tinyMasked, "--out", filepath.Join(t.TempDir(), "run")), c.args...)
		} else if c.args[0] == "--objective" {
			args = append(args, "--model", "bert-tiny")
		}
		failure(t, statusFailed, append(args, corpus), c.words...)
	}
	failure(t, statusFailed, []string{"pretrain", "--objective", "masked-token", "--init", filepath.Join(dir, "run"), "--out", filepath.Join(t.TempDir(), "run"), corpus}, "causal")
}
