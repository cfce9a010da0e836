//go:build torch

package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/embeddings/fasttext"
	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/objectives/train/hogwild"
	"github.com/go-cloze/cloze/objectives/wordvec"
)

// startVectors is what --init-vectors holds. A vector file has words and vectors alone; a run of word vectors and a fastText .bin hold what training
// needs beside: counts, output weights, rows of sub-words.
type startVectors struct {
	path   string
	words  []string
	dim    int
	input  func(word int) []float32   // the word's own row, [D] or longer
	counts []int64                    // nil where they are not known
	output func(word int) []float32   // nil where there is none, or it is that of hierarchical softmax, whose rows are no words
	bucket func(bucket int) []float32 // nil where it was never trained
	shape  [3]int                     // shortest and longest n-gram, buckets
	close  func() error
}

// initReport says what became of --init-vectors.
type initReport struct {
	Path    string `json:"path"`
	Kept    int    `json:"kept"`    // words that had vectors
	New     int    `json:"new"`     // words of the vocabulary that had none
	Dropped int    `json:"dropped"` // words that had vectors and are not in the vocabulary
	Output  bool   `json:"output_weights"`
	Counts  bool   `json:"counts"`
	Buckets bool   `json:"subword_rows"`
	note    string
}

func (r *initReport) String() string {
	return fmt.Sprintf("%s: %s words kept, %s new, %s dropped%s", r.Path, count(r.Kept), count(r.New), count(r.Dropped), r.note)
}

// openStart opens --init-vectors, told by content.
func (v *vectorRun) openStart() (err error) {
	if v.cfg.InitVectors == "" {
		return nil
	}
	path := v.cfg.InitVectors
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: cannot read: %v; check the path", path, cause(err))
	case info.IsDir():
		v.start, err = startFromRun(path)
	case isFastTextModel(path):
		v.start, err = startFromFastText(path)
	default:
		v.start, err = startFromFile(path)
	}
	if err == nil && v.start.dim != v.cfg.Dim {
		err = fmt.Errorf("%s: has vectors of dimension %d, dim is %d; set dim=%d", path, v.start.dim, v.cfg.Dim, v.start.dim)
	}
	return err
}

// vocabulary is the words with their counts, 0 where they are not known.
func (s *startVectors) vocabulary() *wordvec.Vocabulary {
	counts := s.counts
	if counts == nil {
		counts = make([]int64, len(s.words))
	}
	return &wordvec.Vocabulary{Words: s.words, Counts: counts}
}

func startFromFile(path string) (*startVectors, error) {
	from, err := embeddings.Open(path)
	if err != nil {
		return nil, err
	}
	return &startVectors{path: path, words: from.Words(), dim: from.Dim(), input: from.Row, close: from.Close}, nil
}

// isFastTextModel says whether a file begins with fastText's magic number.
func isFastTextModel(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var magic [4]byte
	_, err = io.ReadFull(f, magic[:])
	return err == nil && binary.LittleEndian.Uint32(magic[:]) == 793712314
}

func startFromFastText(path string) (*startVectors, error) {
	m, err := fasttext.Open(path)
	if err != nil {
		return nil, err
	}
	switch {
	case m.Args.Model == fasttext.Supervised:
		return nil, fmt.Errorf("%s: is a text classifier of fastText; name a model of word vectors", path)
	case m.Input.Data == nil:
		return nil, fmt.Errorf("%s: is quantised, its rows are approximate; name the .bin that it was made of", path)
	}
	s := &startVectors{path: path, dim: m.Input.Cols, shape: [3]int{int(m.Args.MinN), int(m.Args.MaxN), int(m.Args.Bucket)}}
	for _, entry := range m.Dictionary.Words {
		s.words, s.counts = append(s.words, entry.Word), append(s.counts, entry.Count)
	}
	row := func(data []float32, i int) []float32 { return data[i*s.dim:][:s.dim] }
	s.input = func(word int) []float32 { return row(m.Input.Data, word) }
	s.bucket = func(bucket int) []float32 { return row(m.Input.Data, len(s.words)+bucket) }
	if m.Args.Loss == fasttext.NegativeSampling && m.Output != nil && m.Output.Data != nil {
		s.output = func(word int) []float32 { return row(m.Output.Data, word) }
	}
	return s, nil
}

// startFromRun opens the newest checkpoint of a run of word vectors; a run of a language model gives its input embeddings.
func startFromRun(dir string) (*startVectors, error) {
	path, err := weightsOf(dir)
	if err != nil {
		return nil, err
	}
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, err
	}
	if _, ok := f.Tensor(hogwild.EmbeddingsTensor); !ok {
		f.Close()
		from, err := openVectors(dir, embeddings.Options{})
		if err != nil {
			return nil, err
		}
		return &startVectors{path: dir, words: from.Words(), dim: from.Dim(), input: from.Row, close: from.Close}, nil
	}
	saved, err := hogwild.ReadSaved(f)
	var cfg vectorsConfig
	if err == nil {
		cfg, err = vectorsConfigOf(dir)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	s := &startVectors{path: dir, close: f.Close, words: saved.Words, counts: saved.Counts, dim: saved.Dim, shape: [3]int{cfg.MinN, cfg.MaxN, cfg.Buckets}}
	s.input = saved.InputRow
	s.bucket = saved.BucketRow
	if !cfg.HS {
		s.output = saved.OutputRow
	}
	return s, nil
}

// into fills the rows of a fresh model with what there is for its words.
func (s *startVectors) into(m *hogwild.Model, c hogwild.Config) *initReport {
	r := &initReport{Path: s.path, Counts: s.counts != nil}
	at := make(map[string]int, len(s.words))
	for i, word := range s.words {
		at[word] = i
	}
	output := s.output
	if c.HS {
		output = nil
	}
	for w, word := range m.Vocabulary.Words {
		i, ok := at[word]
		if !ok {
			r.New++
			continue
		}
		r.Kept++
		copy(m.InputRow(w), s.input(i)[:s.dim])
		if output != nil {
			copy(m.OutputRow(w), output(i)[:s.dim])
		}
	}
	r.Dropped = len(s.words) - r.Kept
	r.Output = output != nil
	if r.Buckets = c.Subwords() && s.bucket != nil && s.shape == [3]int{c.MinN, c.MaxN, c.Buckets}; r.Buckets {
		for b := range c.Buckets {
			if to := m.BucketRow(b); to != nil {
				copy(to, s.bucket(b))
			}
		}
	}
	var missing []string
	if !r.Output {
		missing = append(missing, "output weights")
	}
	if !r.Counts {
		missing = append(missing, "counts")
	}
	if c.Subwords() && !r.Buckets {
		missing = append(missing, "rows of these sub-words")
	}
	if len(missing) > 0 {
		r.note = "; it has no " + strings.Join(missing, ", no ") + ": the vectors are where training starts, it does not go on"
	}
	if s.close != nil {
		s.close()
	}
	return r
}
