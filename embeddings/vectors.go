package embeddings

import (
	"fmt"
	"math"
	"runtime"
	"sync"
)

// Vectors is a table of words and their vectors: N rows of Dim float32. Row i
// belongs to word i, in the order of the file. A word is a string of bytes; it
// need not be UTF-8. No word occurs twice and every number is finite.
type Vectors struct {
	words  []string
	dim    int
	rows   []float32 // [N,D], row-major
	norms  []float64 // [N], Euclidean lengths
	index  map[string]int32
	report Report
}

// maxWords and maxDim bound what is believed of a header; both lie far beyond
// any real file.
const (
	maxWords = math.MaxInt32
	maxDim   = 1 << 24
)

// FromRows makes Vectors of words and their rows ([N,D] float32, row-major).
// Both slices belong to the Vectors afterwards. A word given twice, a number
// that is not finite, or a size that does not fit is an error.
func FromRows(words []string, dim int, rows []float32) (*Vectors, error) {
	if dim < 1 || dim > maxDim || len(words) > maxWords || len(rows) != len(words)*dim {
		return nil, fmt.Errorf("%d words of dimension %d need %d numbers, %d were given", len(words), dim, len(words)*dim, len(rows))
	}
	index := make(map[string]int32, len(words))
	for i, w := range words {
		if first, twice := index[w]; twice {
			return nil, fmt.Errorf("word %s is given twice, as row %d and row %d; make the words unique (embeddings.Keys does)", quote(w), first, i)
		}
		index[w] = int32(i)
	}
	for i, x := range rows {
		if !finite(x) {
			return nil, fmt.Errorf("the vector of word %s (row %d) holds %v; only finite numbers can be looked up", quote(words[i/dim]), i/dim, x)
		}
	}
	return finish(words, dim, rows, index, Report{}), nil
}

// finish takes checked parts and adds the norms.
func finish(words []string, dim int, rows []float32, index map[string]int32, report Report) *Vectors {
	v := &Vectors{words: words, dim: dim, rows: rows, index: index, report: report}
	v.report.Words, v.report.Dim = len(words), dim
	v.norms = make([]float64, len(words))
	spans(len(words), runtime.GOMAXPROCS(0), func(_, from, to int) {
		for i := from; i < to; i++ {
			v.norms[i] = norm(v.Row(i))
		}
	})
	return v
}

// Len is the number of words.
func (v *Vectors) Len() int { return len(v.words) }

// Dim is the number of float32 in a vector.
func (v *Vectors) Dim() int { return v.dim }

// Words are all words, row by row. The slice is the store's own: do not change it.
func (v *Vectors) Words() []string { return v.words }

// Word is the word of row i.
func (v *Vectors) Word(i int) string { return v.words[i] }

// Row is the vector of row i, [D] float32. It is the store's own memory: read only.
func (v *Vectors) Row(i int) []float32 { return v.rows[i*v.dim : (i+1)*v.dim : (i+1)*v.dim] }

// Rows are all vectors, [N,D] float32, row-major. The store's own memory: read only.
func (v *Vectors) Rows() []float32 { return v.rows }

// Norm is the Euclidean length of row i.
func (v *Vectors) Norm(i int) float64 { return v.norms[i] }

// Index is the row of a word.
func (v *Vectors) Index(word string) (int, bool) {
	i, ok := v.index[word]
	return int(i), ok
}

// Has says whether the word has a vector of its own.
func (v *Vectors) Has(word string) bool {
	_, ok := v.index[word]
	return ok
}

// Vector is the vector of a word, [D] float32, the store's own memory: read only.
func (v *Vectors) Vector(word string) ([]float32, bool) {
	i, ok := v.index[word]
	if !ok {
		return nil, false
	}
	return v.Row(int(i)), true
}

// Report says what was read and what was mended. For vectors that come from no
// file it holds the sizes only.
func (v *Vectors) Report() Report { return v.report }

// Compare returns the largest absolute difference between two stores that hold
// the same words in the same order; otherwise an error says where they part.
// Zeros of either sign are equal.
func Compare(a, b *Vectors) (float64, error) {
	if a.Len() != b.Len() || a.dim != b.dim {
		return 0, fmt.Errorf("%d words of dimension %d against %d of dimension %d", a.Len(), a.dim, b.Len(), b.dim)
	}
	for i, w := range a.words {
		if b.words[i] != w {
			return 0, fmt.Errorf("row %d is word %s in one and %s in the other", i, quote(w), quote(b.words[i]))
		}
	}
	largest := 0.0
	for i, x := range a.rows {
		largest = max(largest, math.Abs(float64(x)-float64(b.rows[i])))
	}
	return largest, nil
}

func finite(x float32) bool {
	return math.Float32bits(x)&0x7f800000 != 0x7f800000 // the exponent of Inf and NaN
}

// norm is in float64, where no row of finite float32 overflows.
func norm(row []float32) float64 {
	sum := 0.0
	for _, x := range row {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// spans cuts 0..n into at most `threads` spans and runs do on each, all at once.
func spans(n, threads int, do func(part, from, to int)) {
	const small = 1024 // not worth a goroutine
	threads = max(1, min(threads, (n+small-1)/small))
	var wait sync.WaitGroup
	for t := 1; t < threads; t++ {
		wait.Go(func() { do(t, n*t/threads, n*(t+1)/threads) })
	}
	do(0, 0, n/threads)
	wait.Wait()
}
