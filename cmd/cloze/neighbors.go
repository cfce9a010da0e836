package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/embeddings/ann"
)

// neighborFlags are what "neighbors" can be told.
type neighborFlags struct {
	queryFlags
	positive, negative []string
	approx             bool
}

func newNeighbors() *cobra.Command {
	var f neighborFlags
	cmd := &cobra.Command{
		Use:   "neighbors VECTORS WORD... [-k 10]",
		Short: "the nearest words by cosine",
		Long: `Print the nearest words of each WORD, best first: word and cosine, a line each. With several WORDs each list
stands under its word. With --positive or --negative all words are one question: those nearest to the sum of the
positive ones, the WORDs among them, less the negative ones, each scaled to length 1 first. The words asked for are
left out of the answer.

VECTORS is a file of vectors, told by its content, or a run or Hugging Face folder, whose input embeddings are read;
libtorch is not needed. Tokens are written readably: ▁ is a blank, <0x0A> a byte. A WORD is looked up as it is written;
where it is not there, as the token with a blank before it (▁word).

With --interactive each line of standard input is a question: a word, or several of which those with a - before them
are negative: king woman -man.`,
		Args: wantArgs(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runNeighbors(cmd, args[0], args[1:], f)
		},
	}
	cmd.Flags().StringArrayVar(&f.positive, "positive", nil, "a word to add; may be repeated")
	cmd.Flags().StringArrayVar(&f.negative, "negative", nil, "a word to subtract; may be repeated")
	cmd.Flags().BoolVar(&f.approx, "approx", false, "search by the index VECTORS.hnsw, which may miss some; cloze embeddings index builds it")
	f.add(cmd)
	return cmd
}

// neighborRecord is a line of --json.
type neighborRecord struct {
	Word     string   `json:"word,omitempty"`    // as asked
	Matched  string   `json:"matched,omitempty"` // as the vectors spell it
	Positive []string `json:"positive,omitempty"`
	Negative []string `json:"negative,omitempty"`
	embeddings.Answer
}

func runNeighbors(cmd *cobra.Command, path string, words []string, f neighborFlags) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	joined := len(f.positive)+len(f.negative) > 0
	if len(words) == 0 && !joined && !f.interactive {
		return usagef("missing argument; usage: %s", cmd.UseLine())
	}
	v, err := f.open(cmd, path)
	if err != nil {
		return err
	}
	defer v.Close()
	if f.approx {
		x, err := openIndex(path, v, o)
		if err != nil {
			return err
		}
		defer x.Close()
		o.Index = func(query []float32, k int, skip func(int) bool) ([]embeddings.Neighbor, error) {
			return x.NearestTo(query, k, ann.Options{Skip: skip})
		}
	}
	var records []neighborRecord // all are found before a line is written
	if joined {
		r, err := askJoined(v, append(f.positive, words...), f.negative, f.k, o)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		records = append(records, r)
		words = nil
	}
	for _, word := range words {
		r, err := askWord(v, word, f.k, o)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		records = append(records, r)
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	for _, r := range records {
		if err := f.print(cmd, out, r, len(records) > 1 || f.interactive); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil || !f.interactive {
		return err
	}
	return answerLines(cmd, "a word, or several: king woman -man", func(w io.Writer, line string) error {
		r, err := askLine(v, line, f.k, o)
		if err != nil {
			return err
		}
		return f.print(cmd, w, r, true)
	})
}

// askWord finds the neighbours of one word.
func askWord(v *embeddings.Vectors, word string, k int, o embeddings.QueryOptions) (neighborRecord, error) {
	matched := spelled(v, []string{word})
	answer, err := v.Search(embeddings.Query{Positive: embeddings.Words(matched...), QueryOptions: o}, k)
	return neighborRecord{Word: word, Matched: matched[0], Answer: answer}, err
}

// askJoined finds the words nearest to a sum.
func askJoined(v *embeddings.Vectors, positive, negative []string, k int, o embeddings.QueryOptions) (neighborRecord, error) {
	r := neighborRecord{Positive: spelled(v, positive), Negative: spelled(v, negative)}
	var err error
	r.Answer, err = v.Search(embeddings.Query{Positive: embeddings.Words(r.Positive...), Negative: embeddings.Words(r.Negative...), QueryOptions: o}, k)
	return r, err
}

// askLine answers a line of --interactive: a word, which may hold blanks, or several.
func askLine(v *embeddings.Vectors, line string, k int, o embeddings.QueryOptions) (neighborRecord, error) {
	if _, ok := v.Find(line); ok || len(strings.Fields(line)) == 1 && line[0] != '-' {
		return askWord(v, line, k, o)
	}
	var positive, negative []string
	for _, word := range strings.Fields(line) {
		if _, ok := v.Find(word); !ok && len(word) > 1 && word[0] == '-' {
			negative = append(negative, word[1:])
		} else {
			positive = append(positive, word)
		}
	}
	return askJoined(v, positive, negative, k, o)
}

// print writes a record; titled puts what was asked above it.
func (f *neighborFlags) print(cmd *cobra.Command, w io.Writer, r neighborRecord, titled bool) error {
	if f.json {
		return json.NewEncoder(w).Encode(r)
	}
	if titled {
		title := r.Matched
		if title == "" {
			title = strings.Join(r.Positive, " ")
			for _, word := range r.Negative {
				title += " -" + word
			}
		}
		fmt.Fprintf(w, "%s:\n", strings.TrimSpace(title))
	}
	return printAnswer(cmd, w, r.Answer, f.quiet)
}

// printAnswer writes words and scores, and says on standard error which words had no vector of their own.
func printAnswer(cmd *cobra.Command, w io.Writer, a embeddings.Answer, quiet bool) error {
	became := map[embeddings.Policy]string{embeddings.Compose: "composed of its parts", embeddings.Skip: "left out", embeddings.Zero: "taken as zero"}
	for _, u := range a.Unknown {
		if !quiet {
			fmt.Fprintf(cmd.ErrOrStderr(), "note: %q has no vector of its own; %s\n", u.Word, became[u.Used])
		}
	}
	for _, n := range a.Neighbors {
		if _, err := fmt.Fprintf(w, "%s\t%.4f\n", n.Word, n.Similarity); err != nil {
			return err
		}
	}
	return nil
}
