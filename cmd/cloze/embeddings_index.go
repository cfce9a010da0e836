package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/embeddings/ann"
)

func newIndex() *cobra.Command {
	var f vectorFlags
	c := ann.DefaultConfig()
	var out string
	cmd := &cobra.Command{
		Use:   "index VECTORS",
		Short: "build a graph for approximate search (HNSW)",
		Long: `Build an index for cloze neighbors --approx and write it beside the vectors, as VECTORS.hnsw. VECTORS is as in cloze
neighbors. Up to a thousand rows are held out of the index until its recall has been measured with them: which share of
their ten nearest words, by exact search, it finds. The smallest ef that reaches --recall is written into the index as
that of its searches.`,
		Args: wantArgs(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.Validate(); err != nil {
				return err
			}
			if out == "" {
				out = indexPath(args[0])
			}
			if err := refuseExisting(out); err != nil {
				return err
			}
			v, err := f.open(cmd, args[0])
			if err != nil {
				return err
			}
			defer v.Close()
			report, err := buildIndex(cmd, v, c, f, out)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return f.tell(cmd, report)
		},
	}
	addOut(cmd, &out, "file to write instead of VECTORS.hnsw")
	cmd.Flags().IntVar(&c.M, "m", c.M, "links that a row asks for; it may come to have twice as many")
	cmd.Flags().IntVar(&c.EFConstruction, "ef-construction", c.EFConstruction, "ef of the searches that look for links")
	cmd.Flags().Float64Var(&c.Recall, "recall", c.Recall, "recall@10 that searches shall have")
	cmd.Flags().Uint64Var(&c.Seed, "seed", c.Seed, "of the order in which rows join")
	f.add(cmd)
	return cmd
}

// indexReport is what building gave.
type indexReport struct {
	Out string `json:"out"`
	ann.Info
	FileBytes    int64         `json:"file_bytes"`
	BuildSeconds float64       `json:"build_seconds"` // measuring not counted
	Threads      int           `json:"threads"`
	Measures     []ann.Measure `json:"held_out"`
}

func buildIndex(cmd *cobra.Command, v *embeddings.Vectors, c ann.Config, f vectorFlags, out string) (indexReport, error) {
	if c.Threads = f.threads; c.Threads <= 0 {
		c.Threads = runtime.GOMAXPROCS(0)
	}
	p := newProgress(cmd.ErrOrStderr(), f.quiet, "rows joined", int64(v.Len()))
	c.Progress = func(done, _ int) { p.set(int64(done), "") }
	x, built, err := ann.Build(v, c)
	p.end(count(v.Len()))
	if err != nil {
		return indexReport{}, err
	}
	if err := x.Write(out); err != nil {
		return indexReport{}, err
	}
	info, err := os.Stat(out)
	if err != nil {
		return indexReport{}, err
	}
	return indexReport{Out: out, Info: x.Info(), FileBytes: info.Size(), BuildSeconds: built.Building.Seconds(), Threads: c.Threads, Measures: built.Measures}, nil
}

func (r indexReport) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s rows of dimension %d with %.1f links each; built in %.1f s on %d threads\n", count(r.Nodes), r.Dim, r.Links, r.BuildSeconds, r.Threads)
	if len(r.Measures) > 0 {
		fmt.Fprintf(&s, "%s held-out queries, one thread:\n   ef  recall@10  ms a query\n", count(r.Measures[0].Queries))
	}
	for _, m := range r.Measures {
		fmt.Fprintf(&s, "%5d  %9.4f  %10.3f\n", m.EF, m.Recall, m.Query.Seconds()*1e3)
	}
	if r.Recall > 0 && r.Recall < r.Config.Recall {
		fmt.Fprintf(&s, "recall %.2f was not reached; a larger --m or --ef-construction finds more\n", r.Config.Recall)
	}
	fmt.Fprintf(&s, "wrote %s, %s; ef %d", r.Out, byteSize(r.FileBytes), r.EF)
	return s.String()
}

// openIndex opens the index beside VECTORS for --approx.
func openIndex(vectors string, v *embeddings.Vectors, o embeddings.QueryOptions) (*ann.Index, error) {
	path := indexPath(vectors)
	switch {
	case o.Method != embeddings.CosAdd:
		return nil, fmt.Errorf("--approx: an index knows cosines only; leave out --method mul")
	case !isFile(path):
		return nil, fmt.Errorf("%s: there is no index; build it: cloze embeddings index %s", path, vectors)
	}
	return ann.Open(path, v)
}
