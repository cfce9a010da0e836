package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
)

// newEval groups what measures; both builds have it.
func newEval() *cobra.Command {
	return newGroup("eval", "measure a model, a classifier or vectors", append([]*cobra.Command{newEvalVectors(), newEvalClassifier()}, torchEvals()...)...)
}

// evalVectorsFlags are what "eval vectors" can be told.
type evalVectorsFlags struct {
	vectorFlags
	similarity, analogies []string
	method                string
	o                     embeddings.EvalOptions
}

func newEvalVectors() *cobra.Command {
	var f evalVectorsFlags
	cmd := &cobra.Command{
		Use:   "vectors VECTORS [--similarity F]... [--analogies F]...",
		Short: "how well vectors agree with people, and analogies answered right",
		Long: `Measure vectors. VECTORS is as in cloze neighbors.

--similarity F: pairs of words that people have scored, a line each: word, word, score, with tabs, else commas, else
blanks between; lines that begin with # are comments. Told are Spearman's and Pearson's correlation of the scores with
the cosines, and the share of pairs with an unknown word, which are left out.

--analogies F: questions in the form of word2vec's questions-words.txt: ": NAME" begins a section, four words a line.
Told is the share answered right, by section. Questions with an unknown word are left out.

F may be compressed with gzip, or be a folder, of which all files .txt, .tsv and .csv are read. The rules and defaults
are those of gensim's evaluate_word_pairs and evaluate_word_analogies, so the numbers compare: the first 300,000 rows
count as known, case is ignored.`,
		Args: wantArgs(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if f.o.Method, err = analogyMethod(f.method); err != nil {
				return err
			}
			if len(f.similarity)+len(f.analogies) == 0 {
				return usagef("nothing to measure with; give --similarity or --analogies; usage: %s", cmd.UseLine())
			}
			return runEvalVectors(cmd, args[0], f)
		},
	}
	cmd.Flags().StringArrayVar(&f.similarity, "similarity", nil, "file or folder of scored pairs; may be repeated")
	cmd.Flags().StringArrayVar(&f.analogies, "analogies", nil, "file or folder of questions; may be repeated")
	cmd.Flags().IntVar(&f.o.First, "first", 300000, "only the first rows count as known")
	cmd.Flags().BoolVar(&f.o.CaseSensitive, "case-sensitive", false, "look words up as they stand")
	cmd.Flags().BoolVar(&f.o.ZeroUnknown, "zero-unknown", false, "count what has an unknown word: similarity 0, answer wrong")
	cmd.Flags().BoolVar(&f.o.Compose, "compose", false, "in pairs, compose words without a vector where the model can")
	cmd.Flags().StringVar(&f.method, "method", "add", "how questions are answered: add (3CosAdd) or mul (3CosMul)")
	f.add(cmd)
	return cmd
}

// evalVectorsReport is what "eval vectors" finds.
type evalVectorsReport struct {
	Vectors      string                        `json:"vectors"`
	Words        int                           `json:"words"`
	Dim          int                           `json:"dim"`
	Similarity   []embeddings.SimilarityResult `json:"similarity,omitempty"`
	MeanSpearman *float64                      `json:"mean_spearman,omitempty"`
	Analogies    []embeddings.AnalogyResult    `json:"analogies,omitempty"`
}

func runEvalVectors(cmd *cobra.Command, path string, f evalVectorsFlags) error {
	pairs, err := openSets(f.similarity, embeddings.OpenSimilaritySet)
	if err != nil {
		return err
	}
	questions, err := openSets(f.analogies, embeddings.OpenAnalogySet)
	if err != nil {
		return err
	}
	v, err := f.open(cmd, path)
	if err != nil {
		return err
	}
	defer v.Close()
	f.o.Threads = f.threads
	e, err := v.Evaluator(f.o)
	if err != nil {
		return err
	}
	r := evalVectorsReport{Vectors: path, Words: v.Len(), Dim: v.Dim()}
	for _, set := range pairs {
		result, err := e.Similarity(set)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		r.Similarity = append(r.Similarity, result)
	}
	if mean := embeddings.MeanSpearman(r.Similarity); !math.IsNaN(mean) {
		r.MeanSpearman = &mean
	}
	for _, set := range questions {
		r.Analogies = append(r.Analogies, e.Analogies(set))
	}
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
	}
	return r.print(cmd.OutOrStdout())
}

// openSets opens files, and the files of folders in the order of their names.
func openSets[S any](paths []string, open func(string) (*S, error)) ([]*S, error) {
	var sets []*S
	for _, path := range paths {
		files := []string{path}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if files, err = setFiles(path); err != nil {
				return nil, err
			}
		}
		for _, file := range files {
			set, err := open(file)
			if err != nil {
				return nil, err
			}
			sets = append(sets, set)
		}
	}
	return sets, nil
}

func setFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read: %v", dir, cause(err))
	}
	var files []string
	for _, e := range entries {
		if slices.Contains([]string{".txt", ".tsv", ".csv"}, filepath.Ext(strings.TrimSuffix(e.Name(), ".gz"))) && !e.IsDir() {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: a folder without a file .txt, .tsv or .csv; name the file", dir)
	}
	return files, nil
}

func (r *evalVectorsReport) print(w io.Writer) error {
	fmt.Fprintf(w, "%s: %s words, dimension %d\n", r.Vectors, count(r.Words), r.Dim)
	if len(r.Similarity) > 0 {
		fmt.Fprintf(w, "\n%-24s %8s %10s %10s %10s\n", "similarity", "pairs", "unknown", "Spearman", "Pearson")
	}
	skipped := 0
	for _, s := range r.Similarity {
		fmt.Fprintf(w, "%-24s %8s %8.1f %% %10.4f %10.4f\n", s.Name, count(s.Pairs), 100*s.UnknownShare, s.Spearman, s.Pearson)
		skipped += s.Skipped
	}
	if r.MeanSpearman != nil && len(r.Similarity) > 1 {
		fmt.Fprintf(w, "%-24s %8s %10s %10.4f\n", "mean", "", "", *r.MeanSpearman)
	}
	for _, a := range r.Analogies {
		fmt.Fprintf(w, "\n%-32s %8s %8s %10s %10s\n", "analogies: "+a.Name, "asked", "right", "accuracy", "unknown")
		rows := a.Sections
		for _, sum := range []*embeddings.SectionResult{a.Semantic, a.Syntactic, &a.Total} {
			if sum != nil {
				rows = append(rows[:len(rows):len(rows)], *sum)
			}
		}
		for _, s := range rows {
			fmt.Fprintf(w, "%-32s %8s %8s %10.4f %10s\n", s.Name, count(s.Asked), count(s.Correct), s.Accuracy, count(s.Unknown))
		}
		skipped += a.Skipped
	}
	if skipped > 0 {
		fmt.Fprintf(w, "\nlines that are neither comment, pair, section nor question: %s\n", count(skipped))
	}
	return nil
}
