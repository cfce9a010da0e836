package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
)

// vectorFlags are what every verb on vectors can be told.
type vectorFlags struct {
	threads       int
	strict, quiet bool
	json          bool
}

func (f *vectorFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.strict, "strict", false, "refuse a vector file that has to be mended to be read")
	addThreads(cmd, &f.threads)
	addQuiet(cmd, &f.quiet)
	addJSON(cmd, &f.json)
}

// open opens VECTORS and says on standard error what had to be mended.
func (f *vectorFlags) open(cmd *cobra.Command, path string) (*embeddings.Vectors, error) {
	v, err := openVectors(path, embeddings.Options{Strict: f.strict, Threads: f.threads})
	if err != nil {
		return nil, err
	}
	if r := v.Report(); r.Total() > 0 && !f.quiet {
		fmt.Fprintln(cmd.ErrOrStderr(), r)
	}
	return v, nil
}

// queryFlags are those of the verbs that search.
type queryFlags struct {
	vectorFlags
	k           int
	first       int
	method      string
	unknown     string
	interactive bool
}

func (f *queryFlags) add(cmd *cobra.Command) {
	cmd.Flags().IntVarP(&f.k, "k", "k", 10, "how many words to find")
	cmd.Flags().IntVar(&f.first, "first", 0, "search only the first rows, the most frequent words in most files; 0 is all")
	cmd.Flags().StringVar(&f.method, "method", "add", "how words are joined: add (3CosAdd) or mul (3CosMul)")
	addUnknown(cmd, &f.unknown, embeddings.Compose)
	cmd.Flags().BoolVar(&f.interactive, "interactive", false, "answer lines of standard input, until its end")
	f.vectorFlags.add(cmd)
}

// addUnknown is the policy for words without a vector.
func addUnknown(cmd *cobra.Command, to *string, value embeddings.Policy) {
	cmd.Flags().StringVar(to, "unknown", value.String(), "a word without a vector: compose (else error), error, skip, zero, compose-or-skip")
}

// options are the flags checked.
func (f *queryFlags) options() (o embeddings.QueryOptions, err error) {
	switch {
	case f.k < 1:
		return o, fmt.Errorf("-k is %d; give at least 1", f.k)
	case f.first < 0:
		return o, fmt.Errorf("--first is %d; give at least 1, or 0 for all rows", f.first)
	}
	o.SearchOptions = embeddings.SearchOptions{First: f.first, Threads: f.threads}
	if o.Method, err = analogyMethod(f.method); err != nil {
		return o, err
	}
	o.Unknown, err = policy(f.unknown)
	return o, err
}

// analogyMethod reads the value of --method.
func analogyMethod(name string) (embeddings.Method, error) {
	if name == "mul" {
		return embeddings.CosMul, nil
	}
	return embeddings.CosAdd, oneOf("method", name, []string{"add", "mul"})
}

// policy reads the value of --unknown.
func policy(name string) (p embeddings.Policy, err error) {
	if err := p.UnmarshalText([]byte(name)); err != nil {
		return p, fmt.Errorf("--unknown: %w", err)
	}
	return p, nil
}

// spelled is a word as the vectors spell it, where they have it: what a person types finds a model's token too.
func spelled(v *embeddings.Vectors, words []string) []string {
	out := make([]string, len(words))
	for i, word := range words {
		if row, ok := v.Find(word); ok {
			word = v.Word(row)
		}
		out[i] = word
	}
	return out
}
