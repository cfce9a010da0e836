package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/embeddings/ann"
)

func newEmbeddings() *cobra.Command {
	return newGroup("embeddings VERB", "convert, shrink, index, check and draw vectors",
		newConvert(), newQuantize(), newReduce(), newIndex(), newVerify(), newPlot())
}

// savingFlags are those of the verbs that write vectors.
type savingFlags struct {
	vectorFlags
	out    string
	format string
}

func (f *savingFlags) add(cmd *cobra.Command) {
	addOut(cmd, &f.out, "file to write")
	cmd.Flags().StringVar(&f.format, "format", string(embeddings.Cloze), "what to write: "+strings.Join(formatNames(), ", "))
	f.vectorFlags.add(cmd)
}

func formatNames() []string {
	var names []string
	for _, f := range embeddings.Formats() {
		names = append(names, string(f))
	}
	return names
}

// check looks at the flags before anything long begins.
func (f *savingFlags) check(cmd *cobra.Command) error {
	if err := wantFlags(cmd, "out"); err != nil {
		return err
	}
	if err := oneOf("format", f.format, formatNames()); err != nil {
		return err
	}
	return refuseExisting(f.out)
}

// tell prints a result: as JSON, or as lines.
func (f *vectorFlags) tell(cmd *cobra.Command, result fmt.Stringer) error {
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(result)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), result)
	return err
}

// written is what a verb wrote.
type written struct {
	Out    string           `json:"out"`
	Format string           `json:"format"`
	Words  int              `json:"words"`
	Dim    int              `json:"dim"`
	DType  embeddings.DType `json:"dtype"`
	Loss   *shrinkage       `json:"loss,omitempty"`
	PCA    *variance        `json:"pca,omitempty"`
}

func (w written) String() string {
	s := fmt.Sprintf("wrote %s: %s, %s words of dimension %d, %s", w.Out, w.Format, count(w.Words), w.Dim, w.DType)
	if w.PCA != nil {
		s += "\n" + w.PCA.String()
	}
	if w.Loss != nil {
		s += "\n" + w.Loss.String()
	}
	return s
}

// save writes v and tells of it.
func (f *savingFlags) save(cmd *cobra.Command, v *embeddings.Vectors, w written) error {
	if err := v.Write(f.out, embeddings.Format(f.format)); err != nil {
		return err
	}
	w.Out, w.Format, w.Words, w.Dim, w.DType = f.out, f.format, v.Len(), v.Dim(), v.DType()
	if w.Format != string(embeddings.Cloze) {
		w.DType = embeddings.Float32 // what else is written holds no other
	}
	return f.tell(cmd, w)
}

func newConvert() *cobra.Command {
	var f savingFlags
	cmd := &cobra.Command{
		Use:   "convert VECTORS --out FILE",
		Short: "write vectors in another format",
		Long: `Read vectors of any format and write them in another, the numbers unchanged. VECTORS is as in cloze neighbors. The
default, cloze, is a store that opens at once whatever its size, with an int8 copy beside the rows that makes exact
searches faster.`,
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
			return f.save(cmd, v, written{})
		},
	}
	f.add(cmd)
	return cmd
}

func newVerify() *cobra.Command {
	var f vectorFlags
	cmd := &cobra.Command{
		Use:   "verify VECTORS",
		Short: "read every byte of vectors and of their index",
		Long: `Read the whole of VECTORS and, where there is one, of VECTORS.hnsw beside it, and hold them against their checksums.
What had to be mended in other formats is told.`,
		Args: wantArgs(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := f.open(cmd, args[0])
			if err != nil {
				return err
			}
			defer v.Close()
			if err := v.Verify(); err != nil {
				return err
			}
			good := verified{Vectors: args[0], Words: v.Len(), Dim: v.Dim(), Checksum: v.Checksum()}
			if path := indexPath(args[0]); isFile(path) {
				x, err := ann.Open(path, v)
				if err != nil {
					return err
				}
				defer x.Close()
				if err := x.Verify(); err != nil {
					return err
				}
				good.Index = path
			}
			return f.tell(cmd, good)
		},
	}
	f.add(cmd)
	return cmd
}

// verified is what verify found good.
type verified struct {
	Vectors  string `json:"vectors"`
	Words    int    `json:"words"`
	Dim      int    `json:"dim"`
	Checksum string `json:"checksum"`
	Index    string `json:"index,omitempty"`
}

func (v verified) String() string {
	s := fmt.Sprintf("%s: good, %s words of dimension %d, checksum %s", v.Vectors, count(v.Words), v.Dim, v.Checksum)
	if v.Index != "" {
		s += "\n" + v.Index + ": good, and of these vectors"
	}
	return s
}

// indexPath is where the index of VECTORS lies.
func indexPath(vectors string) string { return ann.Path(filepath.Clean(vectors)) }
