//go:build torch

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refused runs pretrain with the tiny keys and wants a failure that leaves no run folder.
func refused(t *testing.T, args []string, words ...string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "run")
	failure(t, statusFailed, append(append([]string{"pretrain", "--out", out}, tiny...), args...), words...)
	if _, err := os.Stat(out); err == nil {
		t.Errorf("%v: a run folder was made in spite of the failure", args)
	}
}

func TestHelpTextsOfTheTorchVerbs(t *testing.T) {
	for _, verb := range [][]string{{"pretrain"}, {"export"}, {"generate"}, {"eval"}, {"eval", "lm"}} {
		golden(t, strings.Join(append([]string{"help"}, verb...), "-"), done(t, "", append(verb, "--help")...).stdout)
	}
}

func TestPretrainRefusesBeforeItBegins(t *testing.T) {
	dir, _ := tinyRun()
	corpus := filepath.Join(dir, "corpus.txt")
	refused(t, []string{"--device", "cuda", corpus}, "cuda:0", "driver", "libtorch_cuda.so", "cloze setup --device cuda")
	refused(t, []string{"--device", "gpu", corpus}, "gpu", "cpu, cuda")
	refused(t, []string{"--model", "gpt-nona", corpus}, "gpt-nona", "gpt-nano")
	refused(t, []string{"--model", filepath.Join(dir, "none.json"), corpus}, "none.json")
	refused(t, []string{"--objective", "next-tokn", corpus}, "next-tokn", "did you mean next-token?")
	refused(t, []string{"--set", "train.lr=1", corpus}, "train.lr")
	refused(t, []string{"--set", "train.block_size=64", corpus}, "train.block_size 64", "n_positions")
	refused(t, []string{"--set", "train.lr_scheduler_type=cosin", corpus}, "cosin")
	refused(t, []string{"--set", "model.n_head=5", corpus}, "n_head")
	refused(t, []string{"--set", "data.max_tokens=100", corpus}, "more than 100 tokens", "data.max_tokens")
	refused(t, []string{"--steps", "0", corpus}, "train.steps is 0")
	refused(t, []string{"--set", "checkpoint.every=often", corpus}, "checkpoint.every", "often", "500", "5m")
	refused(t, []string{"--keep", "-1", corpus}, "checkpoint.keep is -1")
	refused(t, []string{"--on-divergence", "pray", corpus}, "train.on_divergence", "pray", "stop, backoff")
	refused(t, []string{"-"}, "standard input", "--tokenizer")
	failure(t, statusUsage, []string{"pretrain", corpus}, "missing --out")
	failure(t, statusUsage, []string{"pretrain", "--out", "x"}, "missing argument")
	failure(t, statusFailed, append(append([]string{"pretrain", "--out", filepath.Join(dir, "run")}, tiny...), corpus), "exists and is not empty", "nothing was overwritten")
	failure(t, statusFailed, append(append([]string{"pretrain", "--out", corpus}, tiny...), corpus), corpus, "folder")
}

func TestPretrainRefusesBadTexts(t *testing.T) {
	for path, words := range badTexts(t) {
		if strings.HasSuffix(path, ".hidden") {
			path = filepath.Dir(path)
		}
		refused(t, []string{path}, words...)
	}
}

// TestTinyCorpus is C72: fewer tokens than a block are one short block, and a corpus that asks for nothing is refused.
func TestTinyCorpus(t *testing.T) {
	dir, _ := tinyRun()
	tokenizer := filepath.Join(dir, "run", "tokenizer.json")
	short := write(t, t.TempDir(), "short.txt", "the old engine\n")
	r := done(t, "", append(append([]string{"pretrain", "--out", filepath.Join(t.TempDir(), "run"), "--steps", "2", "--tokenizer", tokenizer,
		"--set", "data.valid_fraction=0"}, tiny...), short)...)
	if !strings.Contains(r.stdout, "fewer than one block of 32") || !strings.Contains(r.stdout, "2 steps") {
		t.Errorf("the report does not say that there is less than a block:\n%s", r.stdout)
	}
}

// TestIDsOutsideTheTable is C73: a model of fewer rows than the tokenizer has ids, and the reverse.
func TestIDsOutsideTheTable(t *testing.T) {
	dir, _ := tinyRun()
	corpus, tokenizer := filepath.Join(dir, "corpus.txt"), filepath.Join(dir, "run", "tokenizer.json")
	refused(t, []string{"--tokenizer", tokenizer, "--set", "model.vocab_size=290", corpus}, "290 rows", "300", "id 29", "model.vocab_size")
	r := done(t, "", append(append([]string{"pretrain", "--out", filepath.Join(t.TempDir(), "run"), "--steps", "1", "--tokenizer", tokenizer,
		"--set", "model.vocab_size=310"}, tiny...), corpus)...)
	if !strings.Contains(r.stdout, "310 rows") || !strings.Contains(r.stdout, "10 rows are never trained") {
		t.Errorf("no note on the larger table:\n%s", r.stdout)
	}
}

// TestRepeatedLinesWarn is C93: 1,000 lines, 900 of them equal.
func TestRepeatedLinesWarn(t *testing.T) {
	corpus := write(t, t.TempDir(), "repeats.txt", prose(100)+strings.Repeat("the very same line of text\n", 900))
	r := done(t, "", append(append([]string{"pretrain", "--out", filepath.Join(t.TempDir(), "run"), "--steps", "1"}, tiny...), corpus)...)
	for _, want := range []string{"90 % of the lines repeat one text", "awk", "by frequency"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the report lacks %q:\n%s", want, r.stdout)
		}
	}
}

func TestDamagedRunsAreRefusedInOneLine(t *testing.T) {
	dir, _ := tinyRun()
	good := filepath.Join(dir, "run")
	damaged := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(damaged, os.DirFS(good)); err != nil {
		t.Fatal(err)
	}
	weights := filepath.Join(damaged, "checkpoints/step-0000060/model.safetensors")
	data, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	for name, bytes := range map[string][]byte{"cut": data[:len(data)/2], "empty": nil, "header": append([]byte{255, 255, 255, 255, 255, 255, 255, 127}, data[8:]...)} {
		if err := os.WriteFile(weights, bytes, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"generate", damaged, "--prompt", "x"}, {"eval", "lm", damaged, filepath.Join(dir, "corpus.txt")},
			{"export", damaged, "--format", "hf", "--out", filepath.Join(t.TempDir(), name)}, {"neighbors", damaged, "the"}} {
			failure(t, statusFailed, args, "model.safetensors")
		}
	}
	failure(t, statusFailed, []string{"generate", filepath.Join(dir, "nothing"), "--prompt", "x"}, "nothing")
	failure(t, statusFailed, []string{"eval", "lm", good, filepath.Join(dir, "nothing.txt")}, "nothing.txt")
	failure(t, statusFailed, []string{"eval", "ml", good}, "did you mean lm?")
	failure(t, statusUsage, []string{"eval", "lm", good}, "missing argument")
}
