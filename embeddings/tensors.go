package embeddings

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-cloze/cloze/models/safetensors"
)

// The tensors of a safetensors vector file. Words are inside, so that they
// cannot be parted from their vectors: all their bytes joined, and where each
// begins and ends. In Python:
//
//	w, o = f["words"].tobytes(), f["word_offsets"]
//	words = [w[o[i]:o[i+1]].decode() for i in range(len(o) - 1)]
const (
	tensorRows    = "embeddings"
	tensorWords   = "words"
	tensorOffsets = "word_offsets"
)

// fromTensors takes the rows from `embeddings` or `embedding.weight`, [N,D] in
// F32, F16, BF16 or F64.
func fromTensors(f *safetensors.File) (*Vectors, error) {
	fail := func(format string, args ...any) (*Vectors, error) {
		return nil, &Error{File: f.Path(), Cause: fmt.Sprintf(format, args...), Remedy: "export vectors with cloze export --format safetensors, or word2vec"}
	}
	table, ok := f.Tensor(tensorRows)
	if !ok {
		if table, ok = f.Tensor("embedding.weight"); !ok {
			return fail("no tensor `embeddings` or `embedding.weight`: a model's weights, not vectors")
		}
	}
	if len(table.Shape) != 2 || table.Shape[1] < 1 || table.Shape[1] > maxDim || table.Shape[0] > maxWords {
		return fail("tensor %s has shape %v, a table [words, dimension] is wanted", table.Name, table.Shape)
	}
	joined, ok1 := f.Tensor(tensorWords)
	offsets, ok2 := f.Tensor(tensorOffsets)
	if !ok1 || !ok2 {
		if _, err := os.Stat(filepath.Join(filepath.Dir(f.Path()), model2vecTokens)); err == nil {
			return fromModel2Vec(f, table)
		}
		return fail("vectors without their words: the tensors `words` and `word_offsets` are missing, and no %s lies beside the file", model2vecTokens)
	}
	if joined.DType != safetensors.U8 || offsets.DType != safetensors.I64 || len(offsets.Data) != 8*(int(table.Shape[0])+1) {
		return fail("words are %s %v and word_offsets %s %v; U8 bytes and I64 [%d] are wanted", joined.DType, joined.Shape, offsets.DType, offsets.Shape, table.Shape[0]+1)
	}
	rows, err := table.Float32s()
	if err != nil {
		return fail("%v", err)
	}
	words := make([]string, table.Shape[0])
	text, begin := string(joined.Data), int64(binary.LittleEndian.Uint64(offsets.Data))
	if begin != 0 {
		return fail("word_offsets begins at %d, not at 0", begin)
	}
	for i := range words {
		end := int64(binary.LittleEndian.Uint64(offsets.Data[8*(i+1):]))
		if end < begin || end > int64(len(text)) {
			return fail("word %d ends at byte %d, it begins at %d of %d", i+1, end, begin, len(text))
		}
		words[i], begin = text[begin:end], end
	}
	if begin != int64(len(text)) {
		return fail("%d bytes after the last word", int64(len(text))-begin)
	}
	v, err := FromRows(words, int(table.Shape[1]), rows)
	if err != nil {
		return fail("%v", err)
	}
	v.report.File, v.report.Format, v.report.HeaderWords, v.report.HeaderDim = f.Path(), Safetensors, -1, -1
	return v, nil
}

// tensors is the way back.
func (v *Vectors) tensors() []safetensors.Source {
	offsets := make([]byte, 8*(v.Len()+1))
	var joined []byte
	for i, w := range v.Words() {
		joined = append(joined, w...)
		binary.LittleEndian.PutUint64(offsets[8*(i+1):], uint64(len(joined)))
	}
	if joined == nil {
		joined = []byte{}
	}
	return []safetensors.Source{
		safetensors.Float32Source(tensorRows, v.Rows(), int64(v.Len()), int64(v.dim)),
		{Name: tensorWords, DType: safetensors.U8, Shape: []int64{int64(len(joined))}, Data: joined},
		{Name: tensorOffsets, DType: safetensors.I64, Shape: []int64{int64(v.Len() + 1)}, Data: offsets},
	}
}
