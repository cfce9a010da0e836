//go:build torch

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// twoLanguages writes files of n lines in two made-up languages that say the same word for word.
func twoLanguages(t *testing.T, dir string, n int) (first, second string) {
	t.Helper()
	words := strings.Fields("ein haus am see wo viele leute wohnen und abends gern singen")
	rng := rand.New(rand.NewPCG(1, 2))
	var a, b strings.Builder
	for range n {
		for i := range 3 + rng.IntN(5) {
			w := words[rng.IntN(len(words))]
			if i > 0 {
				a.WriteString(" ")
				b.WriteString(" ")
			}
			a.WriteString(w)
			b.WriteString("x" + w + "o")
		}
		a.WriteString("\n")
		b.WriteString("\n")
	}
	return write(t, dir, "first.txt", a.String()), write(t, dir, "second.txt", b.String())
}

// tinyTranslation is a run of an encoder with two languages.
func tinyTranslation(out string, args ...string) []string {
	return append([]string{"pretrain", "--objective", "translation", "--model", "xlm-mini", "--threads", "1", "--out", out, "--steps", "60",
		"--set", "tokenizer.vocab_size=300", "--set", "model.num_hidden_layers=1", "--set", "model.hidden_size=32", "--set", "model.num_attention_heads=2",
		"--set", "model.intermediate_size=128", "--set", "model.max_position_embeddings=70", "--set", "train.batch_size=8", "--set", "train.learning_rate=5e-3",
		"--set", "train.eval_every=20"}, args...)
}

// Case C92: pairs are trained on and gone on with bit for bit; files of 3 and 4 lines are refused with both numbers, and leave nothing.
func TestTranslationTrainsOnPairsOfFiles(t *testing.T) {
	dir := t.TempDir()
	first, second := twoLanguages(t, dir, 300)
	whole, parts := filepath.Join(dir, "whole"), filepath.Join(dir, "parts")
	r := done(t, "", tinyTranslation(whole, "--quiet", first, second)...)
	if !strings.Contains(r.stdout, "all steps done: 60 steps") || !strings.Contains(r.stdout, "nats/masked token") {
		t.Errorf("the report:\n%s", r.stdout)
	}
	interruptedAs(t, parts, tinyTranslation(parts, first, second))
	done(t, "", "pretrain", "--quiet", "--out", parts, "--resume")
	sameRuns(t, whole, parts)

	four := write(t, dir, "four.txt", "a\nb\nc\nd\n")
	three := write(t, dir, "three.txt", "a\nb\nc\n")
	out := filepath.Join(dir, "none")
	failure(t, statusFailed, tinyTranslation(out, "--tokenizer", whole, three, four), "three.txt has 3 lines", "four.txt has 4")
	failure(t, statusUsage, tinyTranslation(out, "--tokenizer", whole, three), "two files", "1 paths")
	failure(t, statusFailed, tinyTranslation(out, "--tokenizer", whole, "--set", "data.blocks=tokens", three, four), "data.blocks", "documents")
	failure(t, statusFailed, tinyTranslation(out, "--tokenizer", whole, "--set", "data.mix=1=a|b,1=c|d"), "model.n_langs", "3")
	if _, err := os.Stat(out); err == nil {
		t.Error("a refused run left a folder")
	}
}

// A blank line leaves its partner out, not all that follow it.
func TestBlankLinesKeepPairsInStep(t *testing.T) {
	dir := t.TempDir()
	first, second := twoLanguages(t, dir, 200)
	for i, path := range []string{first, second} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(data), "\n")
		lines[10+20*i] = ""
		write(t, dir, filepath.Base(path), strings.Join(lines, "\n"))
	}
	r := done(t, "", tinyTranslation(filepath.Join(dir, "run"), "--quiet", "--steps", "1", first, second)...)
	if !strings.Contains(r.stdout, "2 lines whose partner is blank") {
		t.Errorf("the report:\n%s", r.stdout)
	}
}

// Lines of about equal length in a block, by tokens; corpora by the square root of their size; each language by its own number.
func TestLanguagesAreMixedByTheirSizes(t *testing.T) {
	dir := t.TempDir()
	first, second := twoLanguages(t, dir, 400)
	data, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	second = write(t, dir, "small.txt", strings.Join(strings.SplitAfter(string(data), "\n")[:100], ""))
	args := tinyTranslation(filepath.Join(dir, "run"), "--quiet", "--steps", "40", "--set", fmt.Sprintf("data.mix=1=%s,1=%s", first, second),
		"--set", "data.mix_alpha=0.5", "--set", "data.blocks=bucketed")
	args[2] = "masked-token"
	var report struct {
		Mix []struct {
			Share  float64
			Tokens float64
		}
	}
	if err := json.Unmarshal([]byte(done(t, "", append(args, "--json")...).stdout), &report); err != nil {
		t.Fatal(err)
	}
	a, b := report.Mix[0], report.Mix[1]
	if want := math.Sqrt(b.Tokens) / (math.Sqrt(a.Tokens) + math.Sqrt(b.Tokens)); math.Abs(b.Share-want) > 1e-9 || want < b.Tokens/(a.Tokens+b.Tokens) {
		t.Errorf("%+v, want shares by the roots of the tokens", report.Mix)
	}
}
