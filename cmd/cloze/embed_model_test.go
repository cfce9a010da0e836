//go:build torch

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/pipeline"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/tokenize"
)

// writeEncoder writes a tiny encoder as a Hugging Face folder.
func writeEncoder(t *testing.T) (dir string) {
	t.Helper()
	plain, err := tokenize.Open("../../testdata/models/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	tokenizer, _, err := plain.WithRoles()
	if err != nil {
		t.Fatal(err)
	}
	config, err := models.BERTPreset("bert-tiny")
	if err != nil {
		t.Fatal(err)
	}
	config.VocabSize, config.Dim, config.InnerDim, config.NumPositions = tokenizer.VocabSize(), 16, 32, 24
	dir = filepath.Join(t.TempDir(), "encoder")
	err = torch.Do(func() error {
		network, err := models.New(config, 5)
		if err != nil {
			return err
		}
		defer network.Params().Free()
		_, err = pipeline.WriteHF(dir, network, tokenizer)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestEmbedWritesAnEncodersVectors: the same numbers in every format, a line each, whatever stands beside it; the exported folder of
// sentence-transformers gives them, too.
func TestEmbedWritesAnEncodersVectors(t *testing.T) {
	dir := writeEncoder(t)
	text := "the tea is hot\n\nder Tisch steht in der Küche und der Tee ist heiß und der Tisch steht\nthe tea is hot"
	run := func(dir string, args ...string) []string {
		t.Helper()
		r := done(t, text, append([]string{"embed", dir, "--threads", "1"}, args...)...)
		if !strings.Contains(r.stderr, "4 lines") || !strings.Contains(r.stderr, "1 lines were longer than 24 tokens") {
			t.Errorf("report %q", r.stderr)
		}
		return strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
	}
	lines := run(dir)
	if len(lines) != 4 || lines[0] != lines[3] || lines[0] == lines[1] {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	csv := run(dir, "--format", "csv")
	for i, line := range run(dir, "--json") {
		var record embedRecord
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		var numbers []string
		for _, number := range record.Vector {
			numbers = append(numbers, number.String())
		}
		if got := strings.Join(numbers, " "); got != lines[i] || strings.ReplaceAll(csv[i+1], ",", " ") != lines[i] || record.Line != int64(i+1) {
			t.Errorf("line %d: %s as jsonl, %s as csv, %s as text", i+1, got, csv[i+1], lines[i])
		}
	}
	if cls := run(dir, "--pooling", "cls"); cls[0] == lines[0] {
		t.Error("the first token's vector is the mean")
	}
	exported := filepath.Join(t.TempDir(), "st")
	done(t, "", "export", dir, "--format", "sentence-transformers", "--out", exported)
	if _, err := os.Stat(filepath.Join(exported, "1_Pooling", "config.json")); err != nil {
		t.Error(err)
	}
	if again := run(exported); again[2] != lines[2] {
		t.Error("the exported folder gives other vectors")
	}
	failure(t, statusUsage, []string{"embed", dir, "--words", "blanks"}, "--words is for vectors of words")
	failure(t, statusFailed, []string{"embed", dir, "--pooling", "sif"}, "mean, cls, last, max")
	failure(t, statusFailed, []string{"generate", dir, "--prompt", "tea"}, "bert is an encoder")
	if n, err := strconv.ParseFloat(strings.Fields(lines[0])[0], 32); err != nil || n == 0 {
		t.Error(n, err)
	}
}
