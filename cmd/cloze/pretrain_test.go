//go:build torch

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// tiny are the keys of a run that takes a second.
var tiny = []string{"--model", "gpt-nano", "--quiet", "--threads", "1", // a second one only waits
	"--set", "tokenizer.vocab_size=300", "--set", "model.n_layer=1", "--set", "model.n_embd=32", "--set", "model.n_positions=32",
	"--set", "train.batch_size=8", "--set", "train.learning_rate=5e-3", "--set", "train.eval_every=20"}

// tinyRun trains once for all tests that only look at a run.
var tinyRun = sync.OnceValues(func() (string, result) {
	dir, err := os.MkdirTemp("", "cloze-run")
	if err != nil {
		panic(err)
	}
	tinyDir = dir
	corpus := filepath.Join(dir, "corpus.txt")
	if err := os.WriteFile(corpus, []byte(prose(600)), 0o644); err != nil {
		panic(err)
	}
	var stdout, stderr bytes.Buffer
	args := append([]string{"pretrain", "--out", filepath.Join(dir, "run"), "--steps", "60"}, tiny...)
	status := run(context.Background(), strings.NewReader(""), &stdout, &stderr, append(args, corpus))
	return dir, result{status, stdout.String(), stderr.String()}
})

var tinyDir string // where tinyRun wrote, for TestMain to remove

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" { // a process of its own, for tests that send signals
		main()
	}
	status := m.Run()
	if tinyDir != "" {
		os.RemoveAll(tinyDir)
	}
	os.Exit(status)
}

func TestPretrainLearnsAndReports(t *testing.T) {
	dir, r := tinyRun()
	if r.status != statusDone || r.stderr != "" {
		t.Fatalf("status %d, standard error %q", r.status, r.stderr)
	}
	for _, want := range []string{"documents", "all steps done: 60 steps", "held out", "by frequency", "wrote " + dir} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the report lacks %q:\n%s", want, r.stdout)
		}
	}
	for _, name := range []string{"config.yaml", "tokenizer.json", "model.json", "metrics.jsonl", "last", "best",
		"checkpoints/step-0000060/model.safetensors", "checkpoints/step-0000060/optimizer.safetensors", "checkpoints/step-0000060/state.json"} {
		if _, err := os.Stat(filepath.Join(dir, "run", name)); err != nil {
			t.Error(err)
		}
	}
	config, err := os.ReadFile(filepath.Join(dir, "run", "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"n_embd: 32", "vocab_size: 300", "block_size: 32", "warmup_steps: 6", "learning_rate: 0.005", "policy: stop"} {
		if !strings.Contains(string(config), key) {
			t.Errorf("config.yaml lacks %q", key)
		}
	}
}

func TestARunRepeatsFromItsConfig(t *testing.T) {
	dir, _ := tinyRun()
	again := filepath.Join(t.TempDir(), "run")
	done(t, "", "pretrain", "--quiet", "--config", filepath.Join(dir, "run", "config.yaml"), "--out", again, filepath.Join(dir, "corpus.txt"))
	weights := "checkpoints/step-0000060/model.safetensors"
	a, errA := os.ReadFile(filepath.Join(dir, "run", weights))
	b, errB := os.ReadFile(filepath.Join(again, weights))
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("the same configuration gives other weights (%v %v)", errA, errB)
	}
}

func TestEvalIsBelowTheUnigramBaseline(t *testing.T) {
	dir, _ := tinyRun()
	r := done(t, "", "eval", "lm", filepath.Join(dir, "run"), "--json", "--quiet", filepath.Join(dir, "corpus.txt"))
	var report struct {
		Documents, Bytes int64
		Loss             float64
		BitsPerByte      float64 `json:"bits_per_byte"`
		BelowUnigram     float64 `json:"below_unigram"`
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatal(err)
	}
	if report.Documents != 600 || report.Bytes != int64(len(prose(600))-600) || report.Loss <= 0 || report.BelowUnigram < 0.3 {
		t.Errorf("%+v, want 600 documents and at least 30 %% below the unigram baseline", report)
	}
	table := done(t, "", "eval", "lm", filepath.Join(dir, "run"), "--quiet", filepath.Join(dir, "corpus.txt"))
	if !strings.Contains(table.stdout, "unigram") || !strings.Contains(table.stdout, fmt.Sprintf("%.4f", report.BitsPerByte)) {
		t.Errorf("the table:\n%s", table.stdout)
	}
}

// TestNeighborsOfARunAreThoseOfItsExport compares the reader without libtorch with the one that has it.
func TestNeighborsOfARunAreThoseOfItsExport(t *testing.T) {
	dir, _ := tinyRun()
	runFolder, out := filepath.Join(dir, "run"), t.TempDir()
	want := done(t, "", "neighbors", runFolder, "the", "-k", "5").stdout
	for _, format := range []string{"word2vec", "word2vec-bin", "safetensors"} {
		path := filepath.Join(out, format)
		r := done(t, "", "export", runFolder, "--format", format, "--out", path)
		if !strings.Contains(r.stdout, "largest difference 0") {
			t.Errorf("%s: %s", format, r.stdout)
		}
		if got := done(t, "", "neighbors", path, "the", "-k", "5").stdout; got != want {
			t.Errorf("%s: neighbours\n%s, of the run\n%s", format, got, want)
		}
		failure(t, statusFailed, []string{"export", runFolder, "--format", format, "--out", path}, path, "exists")
	}
	hf := filepath.Join(out, "hf")
	done(t, "", "export", runFolder, "--format", "hf", "--out", hf)
	if got := done(t, "", "neighbors", hf, "the", "-k", "5").stdout; got != want {
		t.Errorf("hf: neighbours\n%s, of the run\n%s", got, want)
	}
	failure(t, statusFailed, []string{"export", runFolder, "--format", "hf", "--out", hf}, hf, "not empty")
	failure(t, statusFailed, []string{"export", runFolder, "--format", "word2vce", "--out", "x"}, "word2vce", "did you mean word2vec?")
	failure(t, statusUsage, []string{"export", runFolder, "--out", "x"}, "missing --format")
}

func TestGenerateContinuesAndRepeats(t *testing.T) {
	dir, _ := tinyRun()
	args := []string{"generate", filepath.Join(dir, "run"), "--prompt", "the old engine", "--max-tokens", "12", "--seed", "5"}
	a, b := done(t, "", args...), done(t, "", args...)
	if a.stdout != b.stdout || !strings.HasPrefix(a.stdout, "the old engine") || len(a.stdout) < 16 {
		t.Errorf("%q and %q", a.stdout, b.stdout)
	}
	var r struct {
		Prompt, Text string
		IDs          []int32
	}
	if err := json.Unmarshal([]byte(done(t, "", append(args, "--json")...).stdout), &r); err != nil {
		t.Fatal(err)
	}
	if r.Prompt+r.Text+"\n" != a.stdout || len(r.IDs) > 12 {
		t.Errorf("--json gives %+v, the text %q", r, a.stdout)
	}
	failure(t, statusUsage, []string{"generate", filepath.Join(dir, "run")}, "missing --prompt")
	failure(t, statusUsage, append(args, "prompts.txt"), "--prompt", "leave one of them out")
	failure(t, statusFailed, append(args, "--temperature", "-1"), "temperature")
}

// Each of many prompts is continued as it is alone, in the order given, however they come.
func TestGenerateContinuesManyPromptsInOrder(t *testing.T) {
	dir, _ := tinyRun()
	run := filepath.Join(dir, "run")
	var want, lines strings.Builder
	var flags []string
	for i := range promptsAtOnce + 3 {
		prompt := []string{"the old engine", "", "a river", "in the morning"}[i%4]
		want.WriteString(done(t, "", "generate", run, "--prompt", prompt, "--max-tokens", "5", "--temperature", "0").stdout)
		lines.WriteString(prompt + "\n")
		flags = append(flags, "--prompt", prompt)
	}
	greedy := []string{"generate", run, "--max-tokens", "5", "--temperature", "0"}
	file := write(t, t.TempDir(), "prompts.txt", lines.String())
	for how, got := range map[string]string{
		"flags": done(t, "", append(greedy, flags...)...).stdout, "file": done(t, "", append(greedy, file)...).stdout,
		"standard input": done(t, lines.String(), append(greedy, "-")...).stdout,
	} {
		if got != want.String() {
			t.Errorf("%s: %q, one by one %q", how, got, want.String())
		}
	}
	drawn := func(prompts string) []string {
		return strings.SplitAfter(done(t, prompts, "generate", run, "--max-tokens", "5", "--json", "-").stdout, "\n")
	}
	many := drawn(lines.String())
	if first := drawn("the old engine\n"); len(many) != promptsAtOnce+4 || many[0] != first[0] || many[16] == many[0] || !json.Valid([]byte(many[18])) {
		t.Errorf("%d records; the first %s, alone %s, the 17th of the same prompt %s", len(many)-1, many[0], first[0], many[16])
	}
	failure(t, statusFailed, append(greedy, file+".none"), file+".none")
}

// TestInterruptWritesACheckpoint cancels as the first SIGINT does, once training is under way.
func TestInterruptWritesACheckpoint(t *testing.T) {
	dir, _ := tinyRun()
	out := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(context.Background())
	var stdout, stderr bytes.Buffer
	watch := writerFunc(func(data []byte) (int, error) {
		if bytes.Contains(data, []byte("step 20: held-out")) {
			cancel()
		}
		return stderr.Write(data)
	})
	args := append([]string{"pretrain", "--out", out, "--steps", "100000"}, tiny...)
	args = append(args, "--quiet=false", filepath.Join(dir, "corpus.txt"))
	status := run(ctx, strings.NewReader(""), &stdout, watch, args)
	if status != statusFailed || !strings.Contains(stderr.String(), "interrupted after step") {
		t.Fatalf("status %d\n%s", status, stderr.String())
	}
	last, err := os.ReadFile(filepath.Join(out, "last"))
	if err != nil {
		t.Fatal(err)
	}
	done(t, "", "generate", out, "--prompt", "the", "--max-tokens", "2")
	if !strings.Contains(stderr.String(), strings.TrimSpace(string(last))) {
		t.Errorf("the message does not name the checkpoint %s", last)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(data []byte) (int, error) { return f(data) }
