package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
)

// embedFlags are what "embed" can be told.
type embedFlags struct {
	vectorFlags
	format, pooling, words, unknown string
	tokenizer, counts               string
	unit                            bool
	a                               float64
	maxTokens, layer                int
	tokens                          bool
	checkpoint                      string
}

var (
	embedFormats  = []string{"text", "npy", "jsonl", "csv", "parquet"}
	tokenFormats  = []string{"jsonl", "safetensors"}
	embedPoolings = []string{"mean", "sum", "max", "sif"}
	modelPoolings = []string{"mean", "cls", "last", "max"}
)

func newEmbed() *cobra.Command {
	var f embedFlags
	cmd := &cobra.Command{
		Use:   "embed VECTORS|RUN|DIR [PATH]",
		Short: "a vector for each line of text, from vectors of words or a model",
		Long: `Write a vector for each line of text of PATH (standard input without one or for -): the vectors of its words pooled,
or, where a model's folder is given (a run, or a Hugging Face folder as sentence-transformers keeps it), the hidden
states of its tokens. A line without a known word has a vector of zeros; line i of the output is line i of the text.

A model's folder says itself how it pools, scales and cuts texts (modules.json); else --pooling is the mean. Vectors do
not depend on the lines beside. The flags about words are for vectors of words alone.

A word is looked up as it stands, else in lower case; what becomes of others --unknown says. How many there were is
told on standard error.

--format   text    numbers with blanks between, a line each
           jsonl   {"line", "vector", "words", "unknown"} a line each (words: a model's tokens); --json is the same
           csv     a heading v0,v1,... and a row each
           npy     one array [N,D] float32, for numpy.load
           parquet columns line (from 1) and vector, a list of float32
--layer N  of an encoder: the output of its N-th block, or from the end, -1 the last one's; 0 is what goes into the first
--tokens   a vector for each token of a model, neither pooled nor scaled, as
           jsonl       {"line", "ids", "pieces", "offsets", "byte_offsets", "vectors"} a line each, as tokenizer encode --json
           safetensors ids [N], offsets [N,2] (code points of the line), vectors [N,D], and rows [L+1]: the tokens of
                       line i are rows[i] to rows[i+1]
--pooling  mean, sum, max, or sif: the mean with rare words weighing more, a/(a+p(word)), less the direction that all
           texts share (Arora et al. 2017); it holds the whole text in memory. p is counted in --counts F (lines of
           word, count), else as the vectors tell it, else in the text itself. Of a model's tokens: mean, cls, last, max.
--words    unicode (UAX #29, without punctuation) or blanks; with --tokenizer the pieces of a tokenizer`,
		Args: wantArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.json {
				f.format = "jsonl"
			}
			for _, name := range []string{"model.json", "config.json"} {
				if isFile(filepath.Join(args[0], name)) {
					return runEmbedModel(cmd, args, f)
				}
			}
			return runEmbed(cmd, args, f)
		},
	}
	cmd.Flags().StringVar(&f.format, "format", "text", strings.Join(embedFormats, ", ")+"; of --tokens "+strings.Join(tokenFormats, ", "))
	cmd.Flags().StringVar(&f.pooling, "pooling", "mean", strings.Join(embedPoolings, ", "))
	cmd.Flags().StringVar(&f.words, "words", "unicode", "how a line is cut into words: unicode, blanks")
	addTokenizer(cmd, &f.tokenizer, "tokenizer whose pieces are the words, for vectors of a model's tokens")
	cmd.Flags().BoolVar(&f.unit, "unit", false, "scale the words' vectors to length 1 first")
	cmd.Flags().StringVar(&f.counts, "counts", "", "file of words and how often they occur, for sif")
	cmd.Flags().Float64Var(&f.a, "sif-a", 1e-3, "the a of sif")
	cmd.Flags().IntVar(&f.maxTokens, "max-tokens", 0, "cut a model's texts after that many tokens; 0 as its folder says")
	cmd.Flags().IntVar(&f.layer, "layer", -1, "which layer's output, of an encoder; see above")
	cmd.Flags().BoolVar(&f.tokens, "tokens", false, "a vector for each token of a model, as jsonl (the default then) or safetensors")
	cmd.Flags().StringVar(&f.checkpoint, "checkpoint", "last", "which of a run's: last, best, or its folder's name")
	addUnknown(cmd, &f.unknown, embeddings.ComposeOrSkip)
	f.add(cmd)
	return cmd
}

// check refuses what no text can be embedded with, before anything is read.
func (f *embedFlags) check(cmd *cobra.Command) error {
	for _, flag := range []string{"layer", "tokens", "max-tokens", "checkpoint"} {
		if cmd.Flags().Changed(flag) {
			return usagef("--%s is for a model's folder, not for vectors of words", flag)
		}
	}
	for _, c := range []struct {
		flag, value string
		known       []string
	}{{"format", f.format, embedFormats}, {"pooling", f.pooling, embedPoolings}, {"words", f.words, []string{"unicode", "blanks"}}} {
		if err := oneOf(c.flag, c.value, c.known); err != nil {
			return err
		}
	}
	if !(f.a > 0 && f.a < 1e6) {
		return fmt.Errorf("--sif-a is %v; give a number above 0, 1e-3 is usual", f.a)
	}
	if f.counts != "" && f.pooling != "sif" {
		return usagef("--counts means something for --pooling sif alone")
	}
	return nil
}

// checkModel is check for a model's folder.
func (f *embedFlags) checkModel(cmd *cobra.Command) error {
	for _, flag := range []string{"words", "tokenizer", "unit", "counts", "sif-a", "unknown", "strict"} {
		if cmd.Flags().Changed(flag) {
			return usagef("--%s is for vectors of words, not for a model's folder", flag)
		}
	}
	if !cmd.Flags().Changed("pooling") {
		f.pooling = "" // as the folder says
	} else if err := oneOf("pooling", f.pooling, modelPoolings); err != nil {
		return err
	}
	if f.maxTokens < 0 {
		return fmt.Errorf("--max-tokens is %d; give a number from 1, or 0 for what the folder says", f.maxTokens)
	}
	if !f.tokens {
		return oneOf("format", f.format, embedFormats)
	}
	if f.pooling != "" {
		return usagef("--tokens and --pooling exclude each other; give one")
	}
	if !cmd.Flags().Changed("format") {
		f.format = "jsonl"
	}
	return oneOf("format", f.format, tokenFormats)
}

// embedder turns lines into vectors. It is used by several goroutines at once.
type embedder struct {
	v    *embeddings.Vectors
	o    embeddings.TextOptions
	cut  cutter
	rows rowFormat

	mu     sync.Mutex
	counts embedCounts
}

// embedCounts is what the report tells.
type embedCounts struct {
	lines, words, composed, skipped, zero, without int64
}

func runEmbed(cmd *cobra.Command, args []string, f embedFlags) (err error) {
	e := &embedder{o: embeddings.TextOptions{Unit: f.unit}, rows: rowFormat(f.format)}
	if err := f.check(cmd); err != nil {
		return err
	}
	if e.o.Unknown, err = policy(f.unknown); err != nil {
		return err
	}
	e.o.Pooling = map[string]embeddings.Pooling{"sum": embeddings.Sum, "max": embeddings.Max}[f.pooling] // else the mean
	if e.v, err = f.open(cmd, args[0]); err != nil {
		return err
	}
	defer e.v.Close()
	if e.cut, err = newCutter(e.v, f.words, f.tokenizer); err != nil {
		return err
	}
	in, name, err := lineInput(cmd, args[1:])
	if err != nil {
		return err
	}
	defer in.Close()
	out, finish, err := e.rows.begin(cmd.OutOrStdout(), e.v.Dim())
	if err != nil {
		return err
	}
	if f.pooling == "sif" {
		err = e.sif(cmd, out, in, name, f)
	} else {
		_, err = mapNumbered(out, in, name, f.threads, e.line)
	}
	if err = finish(err, e.counts.lines); err == nil && !f.quiet {
		e.report(cmd.ErrOrStderr())
	}
	return err
}

// line appends the record of one line.
func (e *embedder) line(dst []byte, number int64, text []byte) ([]byte, error) {
	vector, words, unknown, err := e.vector(text)
	if err != nil {
		return dst, err
	}
	return e.rows.append(dst, number, vector, words, unknown), nil
}

// vector embeds a line and counts it.
func (e *embedder) vector(text []byte) (vector []float32, words int, unknown []embeddings.UnknownWord, err error) {
	cut := e.cut(text)
	vector, unknown, err = e.v.AppendText(make([]float32, 0, e.v.Dim()), cut, e.o)
	if err != nil {
		return nil, 0, nil, err
	}
	c := embedCounts{lines: 1, words: int64(len(cut))}
	for _, u := range unknown {
		switch u.Used {
		case embeddings.Compose:
			c.composed++
		case embeddings.Skip:
			c.skipped++
		case embeddings.Zero:
			c.zero++
		}
	}
	if c.skipped+c.zero == c.words {
		c.without = 1
	}
	e.mu.Lock()
	e.counts.add(c)
	e.mu.Unlock()
	return vector, len(cut), unknown, nil
}

func (c *embedCounts) add(o embedCounts) {
	c.lines, c.words, c.without = c.lines+o.lines, c.words+o.words, c.without+o.without
	c.composed, c.skipped, c.zero = c.composed+o.composed, c.skipped+o.skipped, c.zero+o.zero
}

func (e *embedder) report(w io.Writer) {
	c := e.counts
	fmt.Fprintf(w, "embed: %s lines, %s words", count(c.lines), count(c.words))
	for _, part := range []struct {
		n    int64
		what string
	}{{c.composed, "composed"}, {c.skipped, "unknown and left out"}, {c.zero, "unknown and taken as zero"}} {
		if part.n > 0 {
			fmt.Fprintf(w, ", %s (%.1f %%) %s", count(part.n), 100*float64(part.n)/float64(c.words), part.what)
		}
	}
	if c.without > 0 {
		fmt.Fprintf(w, "; %s lines have no known word and a vector of zeros", count(c.without))
	}
	fmt.Fprintln(w)
}

// countsOf reads --counts: a word and its count a line, a blank or a tab between.
func countsOf(path string) (map[string]int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read: %v; check the path", path, cause(err))
	}
	defer f.Close()
	return readCounts(f, path)
}
