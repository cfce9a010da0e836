//go:build torch

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/embeddings/fasttext"
	"github.com/go-cloze/cloze/models/pipeline"
	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/objectives/train/hogwild"
)

// vectorRunWeights is the weights file of a run of word vectors; ok is false for what is none.
func vectorRunWeights(dir, checkpoint string) (weights string, ok bool) {
	if !slices.Contains(vectorObjectives, objectiveOf(&pretrainFlags{config: configFlags{file: filepath.Join(dir, "config.yaml")}, changed: func(string) bool { return false }})) {
		return "", false
	}
	if checkpoint != "" && checkpoint != "last" && filepath.IsLocal(checkpoint) {
		return filepath.Join(dir, "checkpoints", checkpoint, "model.safetensors"), true
	}
	weights, err := weightsOf(dir)
	return weights, err == nil
}

// exportWordVectors writes the vectors of a run, or its whole model as fastText's .bin, reads what it wrote and compares.
func exportWordVectors(cmd *cobra.Command, run, weights, out string, o pipeline.ExportOptions, asJSON bool) error {
	if !slices.Contains(embeddings.Formats(), embeddings.Format(o.Format)) {
		return fmt.Errorf("--format %s: %s is a run of word vectors; give one of %v", o.Format, run, embeddings.Formats())
	}
	f, err := safetensors.Open(weights)
	if err != nil {
		return err
	}
	defer f.Close()
	saved, err := hogwild.ReadSaved(f)
	if err != nil {
		return err
	}
	cfg, err := vectorsConfigOf(run)
	if err != nil {
		return err
	}
	rows := saved.Vectors
	if o.Table == "output" {
		if cfg.HS {
			return fmt.Errorf("--table output: the output table of hierarchical softmax has no rows of words")
		}
		rows = saved.Output()
	}
	vectors, err := embeddings.FromRows(saved.Words, saved.Dim, rows)
	if err != nil {
		return fmt.Errorf("%s: %w", weights, err)
	}
	if o.Format == string(embeddings.FastText) && o.Table != "output" {
		var model *fasttext.Model
		if model, err = fastTextOf(saved, cfg); err == nil {
			err = model.Write(out)
		}
	} else {
		err = vectors.Write(out, embeddings.Format(o.Format))
	}
	if err != nil {
		return err
	}
	report := pipeline.Report{Path: out, Format: o.Format, Table: o.Table, Words: vectors.Len(), Dim: vectors.Dim()}
	again, err := embeddings.Open(out)
	if err == nil {
		defer again.Close()
		report.LargestDifference, err = embeddings.Compare(vectors, again)
	}
	if err != nil {
		return fmt.Errorf("%s: what was written cannot be read again: %w", out, err)
	}
	if info, err := os.Stat(out); err == nil {
		report.Bytes, report.Files = info.Size(), []string{filepath.Base(out)}
	}
	if asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(report)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), report)
	return err
}

// fastTextOf is the whole model as the original has it. It cannot hold weights of positions.
func fastTextOf(saved *hogwild.Saved, cfg vectorsConfig) (*fasttext.Model, error) {
	entries := make([]fasttext.Entry, len(saved.Words))
	for i, word := range saved.Words {
		entries[i] = fasttext.Entry{Word: word, Count: saved.Counts[i]}
	}
	dictionary, err := fasttext.NewDictionary(entries, nil)
	if err != nil {
		return nil, err
	}
	args := fasttext.DefaultArgs()
	args.Dim, args.WS, args.Epoch, args.MinCount, args.Neg = int32(cfg.Dim), int32(cfg.Window), int32(cfg.Epochs), int32(cfg.MinCount), int32(cfg.Negative)
	args.MinN, args.MaxN, args.Bucket, args.T = int32(cfg.MinN), int32(cfg.MaxN), int32(cfg.Buckets), cfg.Sample
	args.Model, args.Loss = fasttext.CBOW, fasttext.NegativeSampling
	if cfg.SG {
		args.Model = fasttext.SkipGram
	}
	output := saved.Output()
	if cfg.HS {
		args.Loss = fasttext.HierarchicalSoftmax
		output = append(output, make([]float32, saved.Dim)...) // the original has a row a word; the last is unused
	}
	input := saved.Input()
	return &fasttext.Model{Args: args, Dictionary: dictionary,
		Input:  &fasttext.Matrix{Rows: len(input) / saved.Dim, Cols: saved.Dim, Data: input},
		Output: &fasttext.Matrix{Rows: len(output) / saved.Dim, Cols: saved.Dim, Data: output}}, nil
}
