//go:build torch

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// interrupted starts a run of 60 steps and stops it after the evaluation at step 20, as a signal would.
func interrupted(t *testing.T, out string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watch := writerFunc(func(data []byte) (int, error) {
		if bytes.Contains(data, []byte("step 20: held-out")) {
			cancel()
		}
		return len(data), nil
	})
	args = append(append([]string{"pretrain", "--out", out, "--steps", "60"}, tiny...), args...)
	if status := run(ctx, strings.NewReader(""), watch, watch, append(args, "--quiet=false")); status != statusFailed {
		t.Fatalf("status %d", status)
	}
}

func sameRuns(t *testing.T, a, b string) {
	t.Helper()
	for _, name := range []string{"model.safetensors", "optimizer.safetensors"} {
		one, errA := os.ReadFile(filepath.Join(a, "checkpoints/step-0000060", name))
		other, errB := os.ReadFile(filepath.Join(b, "checkpoints/step-0000060", name))
		if errA != nil || errB != nil || !bytes.Equal(one, other) {
			t.Errorf("%s of %s and %s differ (%v %v)", name, a, b, errA, errB)
		}
	}
}

// The same command with --resume, and a shorter one, with a cache and without: what an uninterrupted run leaves.
func TestResumeGoesOnWithTheSameCommand(t *testing.T) {
	dir, _ := tinyRun()
	corpus := filepath.Join(dir, "corpus.txt")
	cache := filepath.Join(t.TempDir(), "cache")
	same := append(append([]string{"--steps", "60"}, tiny...), corpus)
	for name, c := range map[string]struct{ first, again []string }{
		"the same command":  {[]string{corpus}, same},
		"without texts":     {[]string{corpus}, []string{"--quiet"}},
		"with a cache":      {[]string{"--cache", cache, corpus}, append([]string{"--cache", cache}, same...)},
		"a cache, no texts": {[]string{"--cache", cache, corpus}, []string{"--quiet", "--cache", cache}},
	} {
		out := filepath.Join(t.TempDir(), "run")
		interrupted(t, out, c.first...)
		r := done(t, "", append([]string{"pretrain", "--out", out, "--resume"}, c.again...)...)
		if !strings.Contains(r.stdout, "all steps done: 60 steps") || !strings.Contains(r.stdout, "note: goes on after step 2") {
			t.Errorf("%s: the report:\n%s", name, r.stdout)
		}
		sameRuns(t, filepath.Join(dir, "run"), out)
		if left, _ := filepath.Glob(filepath.Join(out, ".*.tmp*")); len(left) > 0 {
			t.Errorf("%s: %v is left", name, left)
		}
		again := done(t, "", append([]string{"pretrain", "--out", out, "--resume"}, c.again...)...)
		if !strings.Contains(again.stdout, "goes on after step 60") {
			t.Errorf("%s: the finished run, resumed:\n%s", name, again.stdout)
		}
	}
}

// --resume starts a run that has not begun, and one that was killed before its first files were there.
func TestResumeOfNothingStartsTheRun(t *testing.T) {
	dir, _ := tinyRun()
	corpus := filepath.Join(dir, "corpus.txt")
	args := append(append([]string{"--resume", "--steps", "60"}, tiny...), corpus)
	fresh := filepath.Join(t.TempDir(), "run")
	if r := done(t, "", append([]string{"pretrain", "--out", fresh}, args...)...); !strings.Contains(r.stdout, "the run starts at step 0") {
		t.Errorf("the report:\n%s", r.stdout)
	}
	sameRuns(t, filepath.Join(dir, "run"), fresh)

	// Every order of events that a kill can leave: no file yet, some of them, the tokens not yet in place, no checkpoint complete.
	for _, gone := range [][]string{{"*"}, {"config.yaml"}, {"tokenizer.json", "tokens"}, {"inputs.json"}, {"tokens"}, {"checkpoints/*/state.json"}, {"checkpoints"}} {
		half := filepath.Join(t.TempDir(), "run")
		if err := os.CopyFS(half, os.DirFS(fresh)); err != nil {
			t.Fatal(err)
		}
		if gone[0] != "checkpoints/*/state.json" {
			gone = append(gone, "checkpoints", "last", "best", "metrics.jsonl")
		}
		for _, pattern := range gone {
			names, _ := filepath.Glob(filepath.Join(half, pattern))
			for _, name := range names {
				if filepath.Base(name) == ".lock" {
					continue
				}
				if err := os.RemoveAll(name); err != nil {
					t.Fatal(err)
				}
			}
		}
		if gone[0] == "config.yaml" { // it is written first: nothing stands without it
			failure(t, statusFailed, append([]string{"pretrain", "--out", half}, args...), "has no config.yaml", "is not the folder of a run")
			continue
		}
		write(t, half, ".tokens.tmp/x", "half")
		write(t, half, "..tokens.tmp.writing/x", "half")
		r := done(t, "", append([]string{"pretrain", "--out", half}, args...)...)
		if !strings.Contains(r.stdout, "step 0") {
			t.Errorf("without %v, the report:\n%s", gone, r.stdout)
		}
		sameRuns(t, fresh, half)
	}
}

func TestResumeRefusesAnotherRun(t *testing.T) {
	dir, _ := tinyRun()
	corpus := filepath.Join(dir, "corpus.txt")
	out := filepath.Join(t.TempDir(), "run")
	interrupted(t, out, corpus)
	refuse := func(args []string, words ...string) {
		t.Helper()
		failure(t, statusFailed, append([]string{"pretrain", "--quiet", "--resume", "--out", out}, args...), words...)
	}
	refuse([]string{"--set", "train.batch_size=4", "--set", "model.n_layer=3", corpus}, "model.n_layer was 1 and is now 3", "train.batch_size was 8 and is now 4", "start a new run")
	refuse([]string{"--seed", "7"}, "train.seed was 1 and is now 7")
	refuse([]string{"--model", "gpt-mini"}, "model.preset was gpt-nano and is now gpt-mini")
	refuse([]string{"--init", dir}, "--init", dir)
	refuse([]string{"--set", "corpus.unit=paragraph"}, "corpus.unit", "paragraph")
	refuse([]string{"--steps", "10"}, "train.steps is 10 but 20 are done")
	refuse([]string{"--set", "train.stpes=10"}, "train.stpes", "train.steps")

	text, err := os.ReadFile(corpus)
	if err != nil {
		t.Fatal(err)
	}
	changed := write(t, t.TempDir(), "corpus.txt", strings.Replace(string(text), "sailor", "pirate", 1))
	refuse([]string{changed}, changed, "sha256", "then", "now", "leave PATH out")
	refuse([]string{corpus, changed}, changed, "was not among the 1 files")
	other := filepath.Join(t.TempDir(), "other.json")
	done(t, "", "tokenizer", "train", "--quiet", "--vocab-size", "290", "--out", other, corpus)
	refuse([]string{"--tokenizer", other, corpus}, other, "sha256", "then", "now")
	failure(t, statusFailed, []string{"pretrain", "--quiet", "--resume", "--out", filepath.Dir(changed)}, "has no config.yaml", "corpus.txt")
	failure(t, statusFailed, []string{"pretrain", "--quiet", "--resume", "--out", corpus}, corpus, "run folder")
	failure(t, statusUsage, []string{"pretrain", "--quiet", "--resume", "--out", filepath.Join(t.TempDir(), "none")}, "missing argument PATH")

	away := filepath.Join(out, "inputs.json")
	if err := os.Rename(away, away+".away"); err != nil {
		t.Fatal(err)
	}
	refuse([]string{corpus}, away, "is missing", "--init")
	if err := os.Rename(away+".away", away); err != nil {
		t.Fatal(err)
	}

	// None of that did any harm.
	done(t, "", "pretrain", "--quiet", "--resume", "--out", out, corpus)
	sameRuns(t, filepath.Join(dir, "run"), out)
}

func TestResumeSaysWhatIsNew(t *testing.T) {
	dir, _ := tinyRun()
	out := filepath.Join(t.TempDir(), "run")
	interrupted(t, out, filepath.Join(dir, "corpus.txt"))
	r := done(t, "", "pretrain", "--quiet", "--resume", "--out", out, "--steps", "30", "--keep", "1", "--on-divergence", "backoff", "--set", "checkpoint.every=90s", "--set", "train.learning_rate=1e-3")
	for _, want := range []string{"train.steps was 60 and is now 30", "train.learning_rate was 0.005 and is now 0.001", `checkpoint.every was 500 and is now "1m30s"`, "checkpoint.keep was 2 and is now 1", "all steps done: 30 steps"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the report lacks %q:\n%s", want, r.stdout)
		}
	}
	config, err := os.ReadFile(filepath.Join(out, "config.yaml"))
	if err != nil || !bytes.Contains(config, []byte("steps: 30")) || !bytes.Contains(config, []byte(`every: "1m30s"`)) {
		t.Errorf("config.yaml (%v):\n%s", err, config)
	}
	r = done(t, "", "pretrain", "--quiet", "--resume", "--out", out)
	if strings.Contains(r.stdout, "and is now") {
		t.Errorf("what is new is said again:\n%s", r.stdout)
	}
}

// Two processes on one run: here one process with the folder open twice, which the lock tells apart as well.
func TestARunHasOneProcess(t *testing.T) {
	dir, _ := tinyRun()
	corpus := filepath.Join(dir, "corpus.txt")
	out := filepath.Join(t.TempDir(), "run")
	tried := false
	watch := writerFunc(func(data []byte) (int, error) {
		if bytes.Contains(data, []byte("held-out")) && !tried {
			tried = true
			failure(t, statusFailed, []string{"pretrain", "--quiet", "--resume", "--out", out, corpus}, out, "process "+strconv.Itoa(os.Getpid()), "wait")
			failure(t, statusFailed, append(append([]string{"pretrain", "--out", out}, tiny...), corpus), "exists and is not empty")
		}
		return len(data), nil
	})
	args := append(append([]string{"pretrain", "--out", out, "--steps", "20"}, tiny...), "--quiet=false", corpus)
	if status := run(context.Background(), strings.NewReader(""), watch, watch, args); status != statusDone || !tried {
		t.Errorf("status %d, tried %v", status, tried)
	}
}

// A run that began from the weights of another one remembers them: they are needed again only where no checkpoint is complete.
func TestResumeKeepsWhatTheRunBeganFrom(t *testing.T) {
	dir, _ := tinyRun()
	corpus, from := filepath.Join(dir, "corpus.txt"), filepath.Join(t.TempDir(), "from")
	if err := os.CopyFS(from, os.DirFS(filepath.Join(dir, "run"))); err != nil {
		t.Fatal(err)
	}
	args := []string{"--quiet", "--threads", "1", "--steps", "6", "--set", "train.batch_size=8", "--set", "checkpoint.every=3", "--init", from, corpus}
	whole, parted := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parted")
	done(t, "", append([]string{"pretrain", "--out", whole}, args...)...)
	weights := func(run string) []byte {
		data, err := os.ReadFile(filepath.Join(run, "checkpoints/step-0000006/model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for _, gone := range []string{"checkpoints/step-0000006", "checkpoints"} {
		if err := os.RemoveAll(parted); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(parted, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(parted, gone)); err != nil {
			t.Fatal(err)
		}
		r := done(t, "", "pretrain", "--quiet", "--resume", "--out", parted)
		if again := strings.Contains(r.stdout, "weights of "+from); again != (gone == "checkpoints") {
			t.Errorf("without %s, the report:\n%s", gone, r.stdout)
		}
		if !bytes.Equal(weights(parted), weights(whole)) {
			t.Errorf("without %s, the resumed run has other weights", gone)
		}
	}
	failure(t, statusFailed, []string{"pretrain", "--quiet", "--resume", "--out", parted, "--init", dir}, "--init", from, dir)
	if err := os.Rename(from, from+".moved"); err != nil {
		t.Fatal(err)
	}
	done(t, "", "pretrain", "--quiet", "--resume", "--out", parted)
}
