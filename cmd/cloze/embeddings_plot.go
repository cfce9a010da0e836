package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/embeddings/plot"
	"github.com/go-cloze/cloze/embeddings/reduce"
)

// plotFlags are what "embeddings plot" can be told.
type plotFlags struct {
	vectorFlags
	out    []string
	top    int
	words  string
	method string
	tsne   reduce.TSNE
}

func newPlot() *cobra.Command {
	f := plotFlags{tsne: reduce.DefaultTSNE()}
	cmd := &cobra.Command{
		Use:   "plot VECTORS --out FILE.html|FILE.png|FILE.svg",
		Short: "draw words on a map",
		Long: `Place words on a plane so that those with a large cosine lie near each other, and draw it: as a page for a browser,
which needs no network and has a search box, or as a picture. --out may be given several times. VECTORS is as in cloze
neighbors. The words are the first of the file, the most frequent in most, or with --words those of a file, a line
each.`,
		Args: wantArgs(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			v, err := f.open(cmd, args[0])
			if err != nil {
				return err
			}
			defer v.Close()
			m, err := f.draw(cmd, args[0], v)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return f.write(cmd, m)
		},
	}
	cmd.Flags().StringArrayVar(&f.out, "out", nil, "file to write, .html, .png or .svg; may be repeated; refused if it exists")
	cmd.Flags().IntVar(&f.top, "top", 1000, "how many words, from the first")
	cmd.Flags().StringVar(&f.words, "words", "", "file of the words to draw instead, a line each")
	cmd.Flags().StringVar(&f.method, "method", "tsne", "how words are placed: tsne, or pca (quick, and less telling)")
	cmd.Flags().Float64Var(&f.tsne.Perplexity, "perplexity", f.tsne.Perplexity, "of t-SNE: about how many neighbours stay near a word")
	cmd.Flags().IntVar(&f.tsne.Iterations, "iterations", f.tsne.Iterations, "of t-SNE")
	f.vectorFlags.add(cmd)
	return cmd
}

func (f *plotFlags) check(cmd *cobra.Command) error {
	if len(f.out) == 0 {
		return usagef("missing --out; usage: %s", cmd.UseLine())
	}
	for _, out := range f.out {
		switch ext := strings.ToLower(filepath.Ext(out)); ext {
		case ".html", ".png", ".svg":
		default:
			return fmt.Errorf("--out %s: ends in %q; give a name that ends in .html, .png or .svg", out, ext)
		}
		if err := refuseExisting(out); err != nil {
			return err
		}
	}
	if f.top < 4 {
		return fmt.Errorf("--top is %d; give at least 4", f.top)
	}
	return oneOf("method", f.method, []string{"tsne", "pca"})
}

// draw places the words.
func (f *plotFlags) draw(cmd *cobra.Command, path string, v *embeddings.Vectors) (plot.Map, error) {
	some, err := f.choose(cmd, v)
	if err != nil {
		return plot.Map{}, err
	}
	m := plot.Map{Title: filepath.Base(path), Words: some.Words()}
	if f.method == "pca" {
		m.Note = fmt.Sprintf("%s words, by their first two principal components", count(some.Len()))
		m.Points, err = reduce.Plane(some)
	} else {
		m.Note = fmt.Sprintf("%s words, by t-SNE of perplexity %g: near words are alike, far distances mean little", count(some.Len()), f.tsne.Perplexity)
		p := newProgress(cmd.ErrOrStderr(), f.quiet, "t-SNE", int64(f.tsne.Iterations))
		f.tsne.Progress = func(done int) { p.set(int64(done), "") }
		if m.Points, err = f.tsne.Map(some); err == nil {
			p.end(count(f.tsne.Iterations) + " iterations")
		}
	}
	if err != nil {
		return m, err
	}
	const shown = 10
	near, err := some.NearestBatch(some.Rows(), shown+1, embeddings.SearchOptions{Threads: f.threads})
	if err != nil {
		return m, err
	}
	for i, list := range near {
		var short []plot.Near
		for _, n := range list {
			if n.Row != i && len(short) < shown {
				short = append(short, plot.Near{Word: n.Row, Score: n.Similarity})
			}
		}
		m.Near = append(m.Near, short)
	}
	return m, nil
}

// choose are the vectors of the words to draw. Zero vectors have no place, and unknown words are told and left out.
func (f *plotFlags) choose(cmd *cobra.Command, v *embeddings.Vectors) (*embeddings.Vectors, error) {
	var rows []int
	var unknown []string
	if f.words != "" {
		asked, err := readWords(f.words)
		if err != nil {
			return nil, err
		}
		met := map[int]bool{}
		for _, word := range asked {
			row, ok := v.Find(word)
			if !ok {
				unknown = append(unknown, word)
			} else if !met[row] {
				met[row] = true
				rows = append(rows, row)
			}
		}
	} else {
		for row := range min(f.top, v.Len()) {
			rows = append(rows, row)
		}
	}
	var words []string
	var numbers []float32
	zero := 0
	for _, row := range rows {
		if v.Norm(row) == 0 {
			zero++
			continue
		}
		words = append(words, v.Word(row))
		numbers = v.AppendRow(numbers, row)
	}
	if !f.quiet && len(unknown)+zero > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "note: left out %d words without a vector%s and %d zero vectors\n", len(unknown), list(unknown), zero)
	}
	if len(words) < 4 {
		return nil, fmt.Errorf("%d words to draw; there must be at least 4", len(words))
	}
	return embeddings.FromRows(words, v.Dim(), numbers)
}

// list names the first few, in brackets.
func list(words []string) string {
	if len(words) == 0 {
		return ""
	}
	s := " (" + strings.Join(words[:min(5, len(words))], ", ")
	if len(words) > 5 {
		s += ", ..."
	}
	return s + ")"
}

// readWords reads a word a line.
func readWords(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--words %s: cannot read: %v; check the path", path, cause(err))
	}
	defer file.Close()
	var words []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if word := strings.TrimSpace(lines.Text()); word != "" {
			words = append(words, word)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("--words %s: cannot read: %v", path, err)
	}
	return words, nil
}

// drawn is what plot wrote.
type drawn struct {
	Out   []string `json:"out"`
	Words int      `json:"words"`
}

func (d drawn) String() string {
	return fmt.Sprintf("drew %s words: %s", count(d.Words), strings.Join(d.Out, ", "))
}

func (f *plotFlags) write(cmd *cobra.Command, m plot.Map) error {
	for _, out := range f.out {
		var b bytes.Buffer
		var err error
		if strings.ToLower(filepath.Ext(out)) == ".html" {
			err = m.HTML(&b)
		} else {
			err = m.Picture(&b, out)
		}
		if err != nil {
			return err
		}
		if err := writeNewFile(out, b.Bytes()); err != nil {
			return err
		}
	}
	return f.tell(cmd, drawn{f.out, len(m.Words)})
}
