//go:build torch

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/embeddings"
)

// topicText has n lines of twelve words, each line of one of ten topics of twenty words.
func topicText(n int) string {
	rng := rand.New(rand.NewPCG(5, 6))
	var b strings.Builder
	for range n {
		topic := rng.IntN(10)
		for range 12 {
			fmt.Fprintf(&b, "t%dw%d ", topic, rng.IntN(20))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// vectorKeys are those of a run that takes a second.
var vectorKeys = []string{"--set", "dim=20", "--set", "sg=1", "--set", "epochs=8", "--set", "sample=0", "--set", "lr=0.05", "--threads", "1", "--quiet"}

// pretrainVectors trains on a text and returns the run.
func pretrainVectors(t *testing.T, objective, text string, more ...string) (run string, r result) {
	t.Helper()
	dir := t.TempDir()
	run = filepath.Join(dir, "run")
	args := append([]string{"pretrain", "--objective", objective, "--out", run}, vectorKeys...)
	return run, done(t, "", append(append(args, more...), write(t, dir, "text.txt", text))...)
}

func TestWord2VecFromTextToNeighbours(t *testing.T) {
	run, r := pretrainVectors(t, "word2vec", topicText(3000))
	for _, want := range []string{"words        36,000 read in 3,000 sentences, 200 different", "vocabulary   200 words", "epoch 8", "all steps done: 288,000 words", "wrote " + run} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the report lacks %q:\n%s", want, r.stdout)
		}
	}
	near := done(t, "", "neighbors", run, "t3w5", "-k", "5")
	if strings.Count(near.stdout, "t3w") != 5 {
		t.Errorf("neighbours of t3w5:\n%s", near.stdout)
	}
	config, err := os.ReadFile(filepath.Join(run, "config.yaml"))
	for _, key := range []string{"objective: word2vec", "dim: 20", "min-count: 5", "window: 5", "negative: 5", "sg: 1", "lr: 0.05", "threads: 1"} {
		if err != nil || !strings.Contains(string(config), key) {
			t.Errorf("config.yaml lacks %q, %v", key, err)
		}
	}
	want, err := openVectors(run, embeddings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range embeddings.Formats() {
		out := filepath.Join(t.TempDir(), "vectors")
		done(t, "", "export", run, "--format", string(format), "--out", out)
		got, err := embeddings.Open(out)
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if d, err := embeddings.Compare(want, got); err != nil || d > 1e-7 {
			t.Errorf("%s: differs by %g, %v", format, d, err)
		}
		got.Close()
	}
	failure(t, statusFailed, []string{"export", run, "--format", "hf", "--out", filepath.Join(t.TempDir(), "x")}, "is a run of word vectors")
}

func TestFastTextRunComposesUnknownWords(t *testing.T) {
	run, _ := pretrainVectors(t, "fasttext", topicText(1500), "--set", "buckets=1000", "--set", "min-n=2", "--set", "max-n=3")
	out := filepath.Join(t.TempDir(), "model.bin")
	done(t, "", "export", run, "--format", "fasttext", "--out", out)
	v, err := embeddings.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	if v.Has("t3w21") || !v.CanCompose("t3w21") {
		t.Error("the model cannot compose a word that it does not have")
	}
	inRun, err := openVectors(run, embeddings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer inRun.Close()
	for _, word := range []string{"t3w21", "x", "éé", ""} {
		want, errWant := v.Compose(word)
		got, err := inRun.Compose(word)
		if fmt.Sprint(got, err) != fmt.Sprint(want, errWant) {
			t.Errorf("%q is %v %v in the run and %v %v in its .bin", word, got, err, want, errWant)
		}
	}
	if near := done(t, "", "neighbors", run, "t3w5", "-k", "3"); strings.Count(near.stdout, "t3w") != 3 {
		t.Errorf("neighbours of t3w5:\n%s", near.stdout)
	}
}

func TestC40NothingLeftIsOneLine(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	failure(t, statusFailed, []string{"pretrain", "--quiet", "--objective", "word2vec", "--set", "min-count=50", "--out", run, write(t, dir, "t.txt", "a b c\na b c\na b c\n")},
		"9 words read", "3 different", "highest count 3", "min-count 50", "lower min-count")
	if _, err := os.Stat(run); err == nil {
		t.Error("a run folder was left")
	}
}

// TestC44RunsRepeat trains three times with one thread, and three times with four.
func TestC44RunsRepeat(t *testing.T) {
	text := topicText(3000)
	for _, more := range [][]string{{"--seed", "42"}, {"--seed", "42", "--deterministic", "--threads", "4"}} {
		var first []byte
		for i := range 3 {
			run, _ := pretrainVectors(t, "word2vec", text, more...)
			out := filepath.Join(t.TempDir(), "v.txt")
			done(t, "", "export", run, "--format", "word2vec", "--out", out)
			data, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = data
			} else if !bytes.Equal(data, first) {
				t.Errorf("%v: run %d gave other vectors", more, i+1)
			}
		}
	}
}

func TestC45StandardInputIsReadForEveryEpoch(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	args := append([]string{"pretrain", "--objective", "word2vec", "--out", run, "--json"}, vectorKeys...)
	r := done(t, topicText(1000), append(args, "--set", "epochs=5", "-")...)
	var report struct {
		Result struct {
			Words       int64     `json:"words"`
			EpochLosses []float64 `json:"epoch_losses"`
		} `json:"result"`
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || report.Result.Words != 5*12_000 || len(report.Result.EpochLosses) != 5 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestInterruptedVectorsGoOn(t *testing.T) {
	text := topicText(9000)
	want, _ := pretrainVectors(t, "word2vec", text)
	dir := t.TempDir()
	run1 := filepath.Join(dir, "run")
	args := append([]string{"pretrain", "--objective", "word2vec", "--out", run1}, vectorKeys...)
	args = append(args, "--quiet=false", write(t, dir, "text.txt", text))
	ctx, cancel := context.WithCancel(context.Background())
	var stdout, stderr bytes.Buffer
	status := run(ctx, strings.NewReader(""), &stdout, writerFunc(func(data []byte) (int, error) {
		if bytes.Contains(data, []byte("epoch 3:")) {
			cancel()
		}
		return stderr.Write(data)
	}), args)
	if status != statusFailed || !strings.Contains(stderr.String(), "interrupted after step") {
		t.Fatalf("status %d\n%s", status, stderr.String())
	}
	failure(t, statusFailed, append([]string{"pretrain", "--out", run1, "--resume", "--quiet"}, "--set", "dim=30"), "dim was 20 and is now 30")
	done(t, "", "pretrain", "--out", run1, "--resume", "--quiet")
	last := func(dir string) []byte {
		weights, err := weightsOf(dir)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(weights)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if !bytes.Equal(last(run1), last(want)) {
		t.Error("gone on with, the run ends with other vectors")
	}
}

// TestInitVectorsTellWhatTheyLack is C48, too.
func TestInitVectorsTellWhatTheyLack(t *testing.T) {
	first, _ := pretrainVectors(t, "word2vec", topicText(1000))
	out := filepath.Join(t.TempDir(), "v.txt")
	done(t, "", "export", first, "--format", "word2vec", "--out", out)
	text := strings.Repeat("t0w1 t0w2 new words here\n", 20)
	_, r := pretrainVectors(t, "word2vec", text, "--init-vectors", out)
	for _, want := range []string{"2 words kept, 3 new, 198 dropped", "no output weights, no counts"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("from a file the report lacks %q:\n%s", want, r.stdout)
		}
	}
	_, r = pretrainVectors(t, "word2vec", text, "--init-vectors", first, "--update-vocab")
	if want := "200 words kept, 3 new, 0 dropped\n"; !strings.Contains(r.stdout, want) {
		t.Errorf("from a run the report lacks %q:\n%s", want, r.stdout)
	}
	file := write(t, t.TempDir(), "t.txt", text)
	failure(t, statusFailed, []string{"pretrain", "--quiet", "--objective", "word2vec", "--init-vectors", out, "--out", filepath.Join(t.TempDir(), "r"), file}, "dimension 20, dim is 100")
}

func TestFlagsOfOtherObjectivesAreRefused(t *testing.T) {
	file := write(t, t.TempDir(), "t.txt", "a b\n")
	out := filepath.Join(t.TempDir(), "run")
	failure(t, statusFailed, []string{"pretrain", "--objective", "word2vec", "--steps", "5", "--out", out, file}, "--steps is not for --objective word2vec", "set epochs")
	failure(t, statusFailed, []string{"pretrain", "--update-vocab", "--out", out, file}, "--update-vocab is for --objective word2vec")
	failure(t, statusFailed, []string{"pretrain", "--objective", "word2vec", "--update-vocab", "--out", out, file}, "name them with --init-vectors")
	failure(t, statusFailed, []string{"pretrain", "--objective", "word2vec", "--set", "windw=3", "--out", out, file}, "window")
	failure(t, statusFailed, []string{"pretrain", "--objective", "word2vek", "--out", out, file}, "word2vek")
}

// TestPiecesOfATokenizerAreTheWords trains on the ids of a tokenizer, with phrases of them.
func TestPiecesOfATokenizerAreTheWords(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "text.txt", prose(600))
	tokenizer := filepath.Join(dir, "tokenizer.json")
	done(t, "", "tokenizer", "train", "--quiet", "--model", "bpe", "--vocab-size", "300", "--out", tokenizer, file)
	run := filepath.Join(dir, "run")
	args := append([]string{"pretrain", "--objective", "word2vec", "--tokenizer", tokenizer, "--out", run}, vectorKeys...)
	done(t, "", append(args, file)...)
	v, err := openVectors(run, embeddings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !v.Has(embeddings.Key(" the")) {
		t.Errorf("words %q", v.Words())
	}
}
