package embeddings

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/go-cloze/cloze/embeddings/fasttext"
	"github.com/go-cloze/cloze/models/safetensors"
)

// A fasttext run of `cloze pretrain` keeps, beside the vectors of its words, the
// table that they are the means of: a row a word, then a row for each bucket that
// n-grams of its words fall into. The others were never trained: they are zeros.
const (
	tensorInput    = "input"       // F32 [rows,S], S at least D, the rest of a row is 0
	tensorBuckets  = "bucket_rows" // I32 [buckets]: the row of each, -1 for zeros
	tensorSubwords = "subwords"    // I64 [3]: shortest and longest n-gram in characters, buckets
)

// bucketTable composes words from the rows of a run, which stay in its file.
type bucketTable struct {
	table, rows      []byte // [rows,S] float32; [buckets] int32
	dim, wide        int    // D, S
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
	if s := input.Shape; input.DType != safetensors.F32 || len(s) != 2 || s[0] < int64(v.Len()) || s[1] < int64(v.dim) {
		return fail("tensor %s is %s %v; %d words of dimension %d want F32 [%d,%d] or more rows", tensorInput, input.DType, s, v.Len(), v.dim, v.Len(), v.dim)
	}
	rows, ok := f.Tensor(tensorBuckets)
	if !ok || rows.DType != safetensors.I32 || rows.NumEl() != n[2] {
		return fail("tensor %s is missing or not I32 [%d], a number for each bucket", tensorBuckets, n[2])
	}
	b := &bucketTable{input.Data, rows.Data, v.dim, int(input.Shape[1]), int(n[0]), int(n[1]), int(n[2])}
	for bucket := range b.size {
		if row := b.row(bucket); int64(row) >= input.Shape[0] {
			return fail("tensor %s: bucket %d has row %d of %d", tensorBuckets, bucket, row, input.Shape[0])
		}
	}
	v.compose = b
	return true, nil
}

func (b *bucketTable) buckets(word string) []int32 {
	return fasttext.AppendSubwords(make([]int32, 0, 64), word, b.minN, b.maxN, b.size)
}

// row is the row of a bucket, negative for zeros.
func (b *bucketTable) row(bucket int) int32 {
	return int32(binary.LittleEndian.Uint32(b.rows[4*bucket:]))
}

func (b *bucketTable) canCompose(word string) bool { return len(b.buckets(word)) > 0 }

// appendVector appends the mean of the rows of the word's n-grams, summed in
// float32 in their order as the original does.
func (b *bucketTable) appendVector(dst []float32, word string) ([]float32, error) {
	from := len(dst)
	dst = append(dst, make([]float32, b.dim)...)
	to, buckets := dst[from:], b.buckets(word)
	for _, bucket := range buckets {
		at := b.row(int(bucket))
		if at < 0 {
			continue
		}
		row := b.table[4*b.wide*int(at):][:4*b.dim]
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
