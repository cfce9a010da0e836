package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
)

func newAnalogy() *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use:   "analogy VECTORS A B C [-k 10]",
		Short: "A is to B as C is to what?",
		Long: `Print the words that are to C as B is to A, best first: word and score, a line each. The three words are left out.

--method add ranks by the cosine with B - A + C, the words scaled to length 1 first (3CosAdd, gensim's most_similar).
--method mul ranks by a product of cosines moved to 0...1, cos(x,B) cos(x,C) / (cos(x,A) + 1e-6) (3CosMul of Levy and
Goldberg 2014, gensim's most_similar_cosmul); its scores may be above 1.

VECTORS and the words are as in cloze neighbors. With --interactive each line of standard input holds A B C.`,
		Args: wantArgs(1, 4),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runAnalogy(cmd, args[0], args[1:], f)
		},
	}
	f.add(cmd)
	return cmd
}

// analogyRecord is a line of --json.
type analogyRecord struct {
	A      string `json:"a"` // as the vectors spell it
	B      string `json:"b"`
	C      string `json:"c"`
	Method string `json:"method"`
	embeddings.Answer
}

func runAnalogy(cmd *cobra.Command, path string, words []string, f queryFlags) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	if len(words) != 3 && !(len(words) == 0 && f.interactive) {
		return usagef("%d words; an analogy wants three, A B C; usage: %s", len(words), cmd.UseLine())
	}
	v, err := f.open(cmd, path)
	if err != nil {
		return err
	}
	defer v.Close()
	ask := func(w io.Writer, words []string) error {
		at := spelled(v, words)
		answer, err := v.Analogy(at[0], at[1], at[2], f.k, o)
		if err != nil {
			return err
		}
		if f.json {
			return json.NewEncoder(w).Encode(analogyRecord{at[0], at[1], at[2], f.method, answer})
		}
		if f.interactive {
			fmt.Fprintf(w, "%s:\n", strings.Join(at, " "))
		}
		return printAnswer(cmd, w, answer, f.quiet)
	}
	if len(words) == 3 {
		out := bufio.NewWriter(cmd.OutOrStdout())
		if err := ask(out, words); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := out.Flush(); err != nil || !f.interactive {
			return err
		}
	}
	return answerLines(cmd, "three words: man king woman", func(w io.Writer, line string) error {
		words := strings.Fields(line)
		if len(words) != 3 {
			return fmt.Errorf("%d words; an analogy wants three, A B C", len(words))
		}
		return ask(w, words)
	})
}
