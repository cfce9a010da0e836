package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/tokenize"
	"github.com/go-cloze/cloze/tokenize/words"
)

// cutter cuts a line into words as the vectors spell them.
type cutter func(text []byte) []string

// newCutter cuts by the rule of that name, or into the pieces of a tokenizer.
func newCutter(v *embeddings.Vectors, rule, tokenizer string) (cutter, error) {
	if tokenizer != "" {
		t, err := tokenize.Open(tokenizer)
		if err != nil {
			return nil, err
		}
		keys := tokenKeys(t)
		return func(text []byte) []string {
			var cut []string
			for _, id := range t.AppendIDs(nil, text) {
				cut = append(cut, keys[id])
			}
			return cut
		}, nil
	}
	// known is the word as it stands, else in lower case.
	known := func(word string) string {
		if v.Has(word) {
			return word
		}
		if lower := strings.ToLower(word); v.Has(lower) {
			return lower
		}
		return word
	}
	if rule == "blanks" {
		return func(text []byte) []string {
			cut := strings.Fields(string(text))
			for i, word := range cut {
				cut[i] = known(word)
			}
			return cut
		}, nil
	}
	return func(text []byte) []string {
		var cut []string
		for word, kind := range words.All(text) {
			if kind != words.None {
				cut = append(cut, known(string(word)))
			}
		}
		return cut
	}, nil
}

// sif embeds by smooth inverse frequency: words are counted where nothing else tells how frequent they are, all
// lines are embedded, then the direction that they share is taken away.
func (e *embedder) sif(cmd *cobra.Command, out io.Writer, in io.Reader, name string, f embedFlags) error {
	lines, err := readLines(in, name)
	if err != nil {
		return err
	}
	p, from, err := e.probability(lines, f.counts)
	if err != nil {
		return err
	}
	if !f.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "sif: words counted in %s\n", from)
	}
	e.o.Weight = embeddings.SIF(f.a, p)
	rows := make([]float32, 0, len(lines)*e.v.Dim())
	cut := make([]int, len(lines))
	unknown := make([][]embeddings.UnknownWord, len(lines))
	for i, line := range lines {
		var vector []float32
		if vector, cut[i], unknown[i], err = e.vector(line); err != nil {
			return fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
		rows = append(rows, vector...)
	}
	component, err := embeddings.CommonComponent(rows, e.v.Dim())
	if err != nil {
		return err
	}
	embeddings.RemoveComponent(rows, component)
	w := bufio.NewWriter(out)
	var record []byte
	for i := range lines {
		record = e.rows.append(record[:0], int64(i+1), rows[i*e.v.Dim():(i+1)*e.v.Dim()], cut[i], unknown[i])
		if _, err := w.Write(record); err != nil {
			return err
		}
	}
	return w.Flush()
}

func readLines(in io.Reader, name string) ([][]byte, error) {
	reader := bufio.NewReader(in)
	var lines [][]byte
	for {
		line, err := readLine(reader)
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, len(lines)+1, err)
		}
		lines = append(lines, line)
	}
}

// probability says how frequent a word is, and by whose counts.
func (e *embedder) probability(lines [][]byte, path string) (p func(string) float64, from string, err error) {
	counts, from := map[string]int64{}, "the text itself"
	switch told := e.v.Counts(); {
	case path != "":
		from = path
		counts, err = countsOf(path)
	case told != nil:
		from = "the vectors' own file"
		for row, n := range told {
			counts[e.v.Word(row)] = int64(n)
		}
	default:
		for _, line := range lines {
			for _, word := range e.cut(line) {
				counts[word]++
			}
		}
		if len(counts) == 0 { // no word, so nothing is weighed
			return func(string) float64 { return 0 }, from, nil
		}
	}
	if err != nil {
		return nil, "", err
	}
	if p, err = embeddings.Probability(counts); err != nil {
		err = fmt.Errorf("%s: %w", from, err)
	}
	return p, from, err
}

func readCounts(r io.Reader, path string) (map[string]int64, error) {
	counts := map[string]int64{}
	lines := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if err == io.EOF {
			return counts, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		fields := strings.Fields(string(line))
		if len(fields) == 0 {
			continue
		}
		n, err := strconv.ParseInt(fields[len(fields)-1], 10, 64)
		if len(fields) != 2 || err != nil || n < 0 {
			return nil, fmt.Errorf("%s:%d: want a word and a whole number, found %q", path, number, string(line))
		}
		counts[fields[0]] += n
	}
}
