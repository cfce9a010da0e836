package embeddings

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/go-cloze/cloze/embeddings/fasttext"
	"github.com/go-cloze/cloze/models/safetensors"
)

// A fasttext run of `cloze pretrain` keeps, beside the vectors of its words, the
// table that they are the means of: a row a word, then a row a bucket of n-grams.
const (
	tensorInput    = "input"    // F32 [V+buckets,S], S at least D, the rest of a row is 0
	tensorSubwords = "subwords" // I64 [3]: shortest and longest n-gram in characters, buckets
)

// bucketTable composes words from the rows of a run, which stay in its file.
type bucketTable struct {
	table            []byte // [V+buckets,S] float32
	words, dim, wide int    // V, D, S
	minN, maxN, size int    // of n-grams; buckets
}

// composeFrom lets v compose words from the table of a run's file; nothing where
// the file has none. With ok the file must stay open as long as v is used.
func (v *Vectors) composeFrom(f *safetensors.File) (ok bool, err error) {
	input, ok1 := f.Tensor(tensorInput)
	subwords, ok2 := f.Tensor(tensorSubwords)
	if !ok1 || !ok2 {
		return false, nil
	}
	fail := func(format string, args ...any) (bool, error) {
		return false, &Error{File: f.Path(), Cause: fmt.Sprintf(format, args...), Remedy: "take another checkpoint of the run"}
	}
	if subwords.DType != safetensors.I64 || len(subwords.Data) != 24 {
		return fail("tensor %s is %s %v, I64 [3] is wanted", tensorSubwords, subwords.DType, subwords.Shape)
	}
	var n [3]int64
	for i := range n {
		n[i] = int64(binary.LittleEndian.Uint64(subwords.Data[8*i:]))
	}
	if n[0] < 1 || n[1] < n[0] || n[2] < 1 || n[2] > maxWords || n[1] > maxWords {
		return fail("tensor %s holds n-grams of %d to %d characters in %d buckets", tensorSubwords, n[0], n[1], n[2])
	}
	if s := input.Shape; input.DType != safetensors.F32 || len(s) != 2 || s[0] != int64(v.Len())+n[2] || s[1] < int64(v.dim) {
		return fail("tensor %s is %s %v; %d words and %d buckets of dimension %d want F32 [%d,%d]", tensorInput, input.DType, s, v.Len(), n[2], v.dim, int64(v.Len())+n[2], v.dim)
	}
	v.compose = &bucketTable{input.Data, v.Len(), v.dim, int(input.Shape[1]), int(n[0]), int(n[1]), int(n[2])}
	return true, nil
}

func (b *bucketTable) buckets(word string) []int32 {
	return fasttext.AppendSubwords(make([]int32, 0, 64), word, b.minN, b.maxN, b.size)
}

func (b *bucketTable) canCompose(word string) bool { return len(b.buckets(word)) > 0 }

// appendVector appends the mean of the rows of the word's n-grams, summed in
// float32 in their order as the original does.
func (b *bucketTable) appendVector(dst []float32, word string) ([]float32, error) {
	from := len(dst)
	dst = append(dst, make([]float32, b.dim)...)
	to, buckets := dst[from:], b.buckets(word)
	for _, bucket := range buckets {
		row := b.table[4*b.wide*(b.words+int(bucket)):][:4*b.dim]
		for j := range to {
			to[j] += math.Float32frombits(binary.LittleEndian.Uint32(row[4*j:]))
		}
	}
	scale := float32(1 / float64(max(len(buckets), 1)))
	for j := range to {
		to[j] *= scale
	}
	return dst, nil
}
