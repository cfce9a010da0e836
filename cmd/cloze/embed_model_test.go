//go:build torch

package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/pipeline"
	"github.com/go-cloze/cloze/models/safetensors"
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

// TestEmbedGivesTokensTheirVectors: jsonl and safetensors hold the same; their mean is the line's vector, of any layer.
func TestEmbedGivesTokensTheirVectors(t *testing.T) {
	dir := writeEncoder(t)
	text := "the tea is hot\n\nder Tisch in der Küche\n"
	for _, layer := range []string{"-1", "1", "0"} {
		args := []string{"embed", dir, "--threads", "1", "--quiet", "--layer", layer}
		lines := strings.Split(strings.TrimSpace(done(t, text, append(args, "--tokens")...).stdout), "\n")
		means := strings.Split(strings.TrimSpace(done(t, text, args...).stdout), "\n")
		file, err := safetensors.Parse("standard output", []byte(done(t, text, append(args, "--tokens", "--format", "safetensors")...).stdout))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		tensor := func(name string) safetensors.Tensor {
			x, ok := file.Tensor(name)
			if !ok {
				t.Fatalf("no tensor %s", name)
			}
			return x
		}
		vectors, err := tensor("vectors").Float32s()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for i, line := range lines {
			var r tokensRecord
			if err := json.Unmarshal([]byte(line), &r); err != nil || r.Line != int64(i+1) || len(r.Vectors) != len(r.IDs) || len(r.Pieces) != len(r.IDs) || len(r.ByteOffsets) != len(r.IDs) {
				t.Fatalf("%s: %v", line, err)
			}
			mean := make([]float64, 16)
			for k, v := range r.Vectors {
				for d, number := range v {
					x, _ := number.Float64()
					if float32(x) != vectors[n*16+d] {
						t.Fatalf("line %d, token %d: %v as jsonl, %v as safetensors", i+1, k, x, vectors[n*16+d])
					}
					mean[d] += x / float64(len(r.Vectors))
				}
				n++
			}
			for d, field := range strings.Fields(means[i]) {
				if x, _ := strconv.ParseFloat(field, 64); math.Abs(x-mean[d]) > 1e-5 {
					t.Fatalf("layer %s, line %d: the mean of the tokens is %v, the line's vector %v", layer, i+1, mean[d], x)
				}
			}
			if i == 2 && (r.Offsets[len(r.Offsets)-2][1] != 22 || r.ByteOffsets[len(r.Offsets)-2][1] != 23) {
				t.Errorf("the last piece ends at %v of 22 characters, %v of 23 bytes", r.Offsets, r.ByteOffsets)
			}
		}
		if shape := tensor("vectors").Shape; len(lines) != 3 || shape[0] != int64(n) || tensor("rows").Shape[0] != 4 || tensor("offsets").Shape[0] != int64(n) {
			t.Errorf("%d lines, %d tokens, shapes %v", len(lines), n, shape)
		}
	}
	failure(t, statusUsage, []string{"embed", dir, "--tokens", "--pooling", "cls"}, "--tokens and --pooling exclude")
	failure(t, statusFailed, []string{"embed", dir, "--tokens", "--format", "csv"}, "jsonl, safetensors")
	failure(t, statusFailed, []string{"embed", dir, "--format", "safetensors"}, "text, npy")
	failure(t, statusFailed, []string{"embed", dir, "--layer", "3"}, "layer 3 of a network of 2")
	run, _ := tinyRun()
	failure(t, statusFailed, []string{"embed", filepath.Join(run, "run"), "--layer", "0"}, "is given of encoders")
}
