package embeddings

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/go-cloze/cloze/models/safetensors"
)

// Vectors is a table of words and their vectors: N rows of Dim numbers. Row i
// belongs to word i, in the order of the file. A word is a string of bytes; it
// need not be UTF-8. No word occurs twice and every number is finite.
//
// The rows lie in memory as float32, or in a mapped .cloze store as [DType]
// says. Nothing in reading takes a lock.
type Vectors struct {
	names  names
	dim    int
	rows   []float32 // [N,D], row-major, of a Float32 store; one of these three is set
	half   []uint16  // [N,D] of a Float16 store
	codes  []int8    // [N,D] of an Int8 store: row i is scales[i] * codes
	scales []float32 // [N]
	norms  []float64 // [N], Euclidean lengths
	report Report
	// compose makes vectors of words that have none, where the model has parts
	// of words; else nil.
	compose composer

	// What a .cloze store may have beside.
	screen   *screen
	counts   []uint64
	metadata map[string]string
	file     *storeFile
	close    func() error
}

// DType is how a store holds its numbers.
type DType string

// The kinds of stores. Only .cloze files hold other than Float32.
const (
	Float32 DType = "float32"
	Float16 DType = "float16" // IEEE 754 binary16
	Int8    DType = "int8"    // -127 to 127, times one float32 a row
)

// composer makes a vector of a word's parts.
type composer interface {
	canCompose(word string) bool
	appendVector(dst []float32, word string) ([]float32, error)
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
	names, twice := namesOf(words)
	if twice != nil {
		return nil, fmt.Errorf("word %s is given twice, as row %d and row %d; make the words unique (embeddings.Keys does)", quote(words[twice[0]]), twice[0], twice[1])
	}
	for i, x := range rows {
		if !finite(x) {
			return nil, fmt.Errorf("the vector of word %s (row %d) holds %v; only finite numbers can be looked up", quote(words[i/dim]), i/dim, x)
		}
	}
	return finish(names, dim, rows, Report{}), nil
}

// finish takes checked parts and adds the norms.
func finish(names names, dim int, rows []float32, report Report) *Vectors {
	v := &Vectors{names: names, dim: dim, rows: rows, report: report}
	v.report.Words, v.report.Dim = v.Len(), dim
	v.norms = make([]float64, v.Len())
	spans(v.Len(), runtime.GOMAXPROCS(0), func(_, from, to int) {
		for i := from; i < to; i++ {
			v.norms[i] = norm(v.Row(i))
		}
	})
	return v
}

// Close gives a mapped store's file back; for vectors in memory it does nothing.
// Nothing may be asked of the Vectors afterwards, and rows and norms that they
// handed out are gone. Words that they handed out stay.
func (v *Vectors) Close() error {
	if v.close == nil {
		return nil
	}
	closing := v.close
	v.close = nil
	return closing()
}

// Len is the number of words.
func (v *Vectors) Len() int { return v.names.len() }

// Dim is the number of float32 in a vector.
func (v *Vectors) Dim() int { return v.dim }

// DType is how the numbers are held: Float32 but for some .cloze stores.
func (v *Vectors) DType() DType {
	switch {
	case v.half != nil:
		return Float16
	case v.codes != nil:
		return Int8
	}
	return Float32
}

// Words are all words, row by row; a mapped store makes the list at the first
// call. The slice is the store's own: do not change it.
func (v *Vectors) Words() []string { return v.names.all() }

// Word is the word of row i. A mapped store makes a new string at each call.
func (v *Vectors) Word(i int) string { return v.names.word(i) }

// Row is the vector of row i, [D] float32. In a Float32 store it is the store's
// own memory: read only. Others decode it into a new slice; AppendRow can do that
// into one of yours.
func (v *Vectors) Row(i int) []float32 {
	if v.half != nil || v.codes != nil {
		return v.AppendRow(make([]float32, 0, v.dim), i)
	}
	return v.rows[i*v.dim : (i+1)*v.dim : (i+1)*v.dim]
}

// AppendRow appends the vector of row i, [D] float32, to dst, from any kind of store.
func (v *Vectors) AppendRow(dst []float32, i int) []float32 {
	from, to := i*v.dim, (i+1)*v.dim
	switch {
	case v.half != nil:
		for _, h := range v.half[from:to] {
			dst = append(dst, safetensors.Float16(h))
		}
	case v.codes != nil:
		scale := v.scales[i]
		for _, c := range v.codes[from:to] {
			dst = append(dst, scale*float32(c))
		}
	default:
		dst = append(dst, v.rows[from:to]...)
	}
	return dst
}

// Rows are all vectors, [N,D] float32, row-major. In a Float32 store they are the
// store's own memory: read only. Others decode the whole table at each call.
func (v *Vectors) Rows() []float32 {
	if v.half == nil && v.codes == nil {
		return v.rows
	}
	all := make([]float32, 0, v.Len()*v.dim)
	for i := range v.Len() {
		all = v.AppendRow(all, i)
	}
	return all
}

// Norm is the Euclidean length of row i.
func (v *Vectors) Norm(i int) float64 { return v.norms[i] }

// Index is the row of a word.
func (v *Vectors) Index(word string) (int, bool) { return v.names.find(word) }

// Has says whether the word has a vector of its own. Whether one can be made of
// its parts is another question: [Vectors.CanCompose].
func (v *Vectors) Has(word string) bool {
	_, ok := v.Index(word)
	return ok
}

// Vector is the vector that the word has of its own, as [Vectors.Row] gives it.
func (v *Vectors) Vector(word string) ([]float32, bool) {
	i, ok := v.Index(word)
	if !ok {
		return nil, false
	}
	return v.Row(i), true
}

// CanCompose says whether a vector of the word can be made of its parts, as
// fastText models do. It is false of everything in vectors without parts.
func (v *Vectors) CanCompose(word string) bool {
	return v.compose != nil && v.compose.canCompose(word)
}

// Compose makes a vector of the word's parts, [D] float32, the caller's own. A
// word of which none can be made gives an *UnknownWordError.
func (v *Vectors) Compose(word string) ([]float32, error) {
	if !v.CanCompose(word) {
		return nil, v.Unknown(word)
	}
	return v.compose.appendVector(make([]float32, 0, v.dim), word)
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
	largest := 0.0
	var rowA, rowB []float32
	for i := range a.Len() {
		if a.Word(i) != b.Word(i) {
			return 0, fmt.Errorf("row %d is word %s in one and %s in the other", i, quote(a.Word(i)), quote(b.Word(i)))
		}
		rowA, rowB = a.AppendRow(rowA[:0], i), b.AppendRow(rowB[:0], i)
		for d, x := range rowA {
			largest = max(largest, math.Abs(float64(x)-float64(rowB[d])))
		}
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
