package main

import (
	"bufio"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
)

// neighborFlags are what "neighbors" can be told.
type neighborFlags struct {
	k             int
	threads       int
	strict, quiet bool
	json          bool
}

func newNeighbors() *cobra.Command {
	var f neighborFlags
	cmd := &cobra.Command{
		Use:   "neighbors VECTORS WORD... [-k 10]",
		Short: "the nearest words by cosine",
		Long: `Print the nearest words of each WORD, best first: word and cosine, a line each. With several WORDs each list
stands under its word.

VECTORS is a file of vectors (word2vec text or binary, GloVe, fastText text, safetensors), or a run or Hugging Face
folder, whose input embeddings are read; libtorch is not needed. Tokens are written readably: ▁ is a blank, <0x0A> a
byte. A WORD is looked up as it is written; where it is not there, as the token with a blank before it (▁word).`,
		Args: wantArgs(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.k < 1 {
				return fmt.Errorf("-k is %d; give at least 1", f.k)
			}
			return runNeighbors(cmd, args[0], args[1:], f)
		},
	}
	cmd.Flags().IntVarP(&f.k, "k", "k", 10, "how many neighbours")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "refuse a vector file that has to be mended to be read")
	addThreads(cmd, &f.threads)
	addQuiet(cmd, &f.quiet)
	addJSON(cmd, &f.json)
	return cmd
}

// neighborRecord is a line of --json.
type neighborRecord struct {
	Word      string                `json:"word"`    // as asked
	Matched   string                `json:"matched"` // as the vectors spell it
	Neighbors []embeddings.Neighbor `json:"neighbors"`
}

func runNeighbors(cmd *cobra.Command, path string, words []string, f neighborFlags) error {
	v, err := openVectors(path, embeddings.Options{Strict: f.strict, Threads: f.threads})
	if err != nil {
		return err
	}
	if r := v.Report(); r.Total() > 0 && !f.quiet {
		fmt.Fprintln(cmd.ErrOrStderr(), r)
	}
	records := make([]neighborRecord, len(words)) // all are found before a line is written
	for i, word := range words {
		row, ok := v.Find(word)
		if !ok {
			return fmt.Errorf("%s: %w", path, v.Unknown(word))
		}
		matched := v.Word(row)
		near, err := v.Nearest(matched, f.k, embeddings.SearchOptions{Threads: f.threads})
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		records[i] = neighborRecord{word, matched, near}
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	for _, r := range records {
		if f.json {
			data, err := json.Marshal(r)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s\n", data)
			continue
		}
		if len(words) > 1 {
			fmt.Fprintf(out, "%s:\n", r.Matched)
		}
		for _, n := range r.Neighbors {
			fmt.Fprintf(out, "%s\t%.4f\n", n.Word, n.Similarity)
		}
	}
	return out.Flush()
}
