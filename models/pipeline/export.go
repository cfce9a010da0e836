package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/embeddings"
)

// The formats that make a folder: Hugging Face's, and the same with what sentence-transformers wants to know. The others are those of
// embeddings and make a file.
const (
	HF                   = "hf"
	SentenceTransformers = "sentence-transformers"
)

// Folder says whether a format makes a folder.
func Folder(format string) bool { return format == HF || format == SentenceTransformers }

// Formats returns the formats that Export writes.
func Formats() []string {
	formats := []string{HF, SentenceTransformers}
	for _, format := range embeddings.Formats() {
		formats = append(formats, string(format))
	}
	return formats
}

// ExportOptions say what is written.
type ExportOptions struct {
	Format string // one of Formats
	Table  string // which vectors: input (also "") or output

	// Sentence says how texts become vectors (sentence-transformers). What is zero becomes the mean, and the network's context.
	Sentence Sentence

	// MaxFileBytes bounds each file of weights in a Hugging Face folder; what is more is cut into several with an
	// index. 0 means 5,000,000,000, as transformers 4 has it.
	MaxFileBytes int64
}

// Report says what Export wrote and that it comes back.
type Report struct {
	Path              string   `json:"path"`
	Format            string   `json:"format"`
	Files             []string `json:"files"` // in Path when that is a folder
	Bytes             int64    `json:"bytes"` // of all files
	Table             string   `json:"table,omitempty"`
	Words             int      `json:"words,omitempty"`
	Dim               int      `json:"dim,omitempty"`
	Parameters        int64    `json:"parameters,omitempty"`
	LargestDifference float64  `json:"largest_difference"`       // of a number read again to the one in memory
	LogitDifference   float64  `json:"largest_logit_difference"` // of the logits of a passage (hf)
}

// String is the report in one line.
func (r Report) String() string {
	what := fmt.Sprintf("%d vectors of the %s table, dimension %d", r.Words, r.Table, r.Dim)
	difference := fmt.Sprintf("%g", r.LargestDifference)
	if Folder(r.Format) {
		what = fmt.Sprintf("%d parameters", r.Parameters)
		difference += fmt.Sprintf(" in weights, %g in logits", r.LogitDifference)
	}
	return fmt.Sprintf("wrote %s (%s: %s, %d bytes); read again, largest difference %s", r.Path, r.Format, what, r.Bytes, difference)
}

// Export writes the model (hf, a folder) or its vectors (the other formats, a file) to path, reads it again and
// compares. Nothing that exists is overwritten.
func (lm *LM) Export(path string, o ExportOptions) (Report, error) {
	if !slices.Contains(Formats(), o.Format) {
		return Report{}, fmt.Errorf("unknown format %q; there are %s", o.Format, strings.Join(Formats(), ", "))
	}
	if err := refuseExisting(path, Folder(o.Format)); err != nil {
		return Report{}, err
	}
	if Folder(o.Format) {
		o.MaxFileBytes = cmp.Or(o.MaxFileBytes, maxFileBytes)
		return lm.exportFolder(path, o)
	}
	return lm.exportVectors(path, o)
}

// maxFileBytes is the most that a file of weights has where nobody says: Hugging Face's.
const maxFileBytes = 5_000_000_000

// exportFolder writes the folder and compares what it holds.
func (lm *LM) exportFolder(path string, o ExportOptions) (Report, error) {
	report := Report{Path: path, Format: o.Format, Parameters: lm.Model.Params().NumEl()}
	err := writeFolder(path, func(aside string) (err error) {
		if err := lm.writeHF(aside, o.MaxFileBytes); err != nil {
			return err
		}
		if o.Format == SentenceTransformers {
			shape := lm.Model.Configuration().Shape()
			o.Sentence.Pooling, o.Sentence.MaxTokens = cmp.Or(o.Sentence.Pooling, "mean"), cmp.Or(o.Sentence.MaxTokens, shape.NumContext)
			if err := o.Sentence.write(aside, shape.Dim); err != nil {
				return err
			}
		}
		if report.LargestDifference, report.LogitDifference, err = lm.compareHF(aside); err != nil {
			return fmt.Errorf("%s: what was written cannot be read again: %w", path, err)
		}
		return report.count(aside)
	})
	if err != nil {
		return Report{}, err
	}
	return report, nil
}

// writeFolder has write fill a new folder beside path, and renames it, so that path is there whole or not at all.
func writeFolder(path string, write func(aside string) error) (err error) {
	parent := filepath.Dir(filepath.Clean(path))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	aside, err := os.MkdirTemp(parent, "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(aside)
		}
	}()
	if err := write(aside); err != nil {
		return err
	}
	if err := os.Chmod(aside, 0o755); err != nil { // MkdirTemp's 0700 is for secrets
		return err
	}
	return os.Rename(aside, path)
}

func (lm *LM) exportVectors(path string, o ExportOptions) (Report, error) {
	table, vectorsOf := "input", lm.InputEmbeddings
	switch o.Table {
	case "", "input":
	case "output":
		table, vectorsOf = "output", lm.OutputEmbeddings
	default:
		return Report{}, fmt.Errorf("unknown table %q; there are input and output", o.Table)
	}
	vectors, err := vectorsOf()
	if err != nil {
		return Report{}, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return Report{}, err
	}
	if err := vectors.Write(path, embeddings.Format(o.Format)); err != nil {
		return Report{}, err
	}
	again, err := embeddings.Open(path)
	if err != nil {
		return Report{}, fmt.Errorf("what was written cannot be read again: %w", err)
	}
	defer again.Close()
	report := Report{Path: path, Format: o.Format, Table: table, Words: vectors.Len(), Dim: vectors.Dim()}
	if report.LargestDifference, err = embeddings.Compare(vectors, again); err != nil {
		return Report{}, fmt.Errorf("%s: what was written comes back otherwise: %w", path, err)
	}
	return report, report.count(path)
}

// count fills in the names and sizes of what lies at path.
func (r *Report) count(path string) error {
	return filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(path, name)
		if inside == "." {
			inside = filepath.Base(name)
		}
		r.Files, r.Bytes = append(r.Files, inside), r.Bytes+info.Size()
		return err
	})
}

// refuseExisting is an error where something is already; an empty folder may become a folder.
func refuseExisting(path string, folder bool) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if folder && info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil || len(entries) == 0 {
			return err
		}
		return fmt.Errorf("%s: the folder exists and is not empty; give another name, or remove it", path)
	}
	return fmt.Errorf("%s: exists already; give another name, or remove it", path)
}
