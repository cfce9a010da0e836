package hogwild

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/go-cloze/cloze/models/safetensors"
)

// Saved is the model in a checkpoint. Its larger tables stay in the file until somebody asks for them, so the file must stay open until then.
type Saved struct {
	Words   []string
	Counts  []int64
	Dim     int
	Vectors []float32 // [V,D]

	stride        int
	input, output []byte // float32 rows of stride; input is nil without sub-words
	bucketRows    []byte // int32, the input row of each bucket
}

// ReadSaved reads the tensors of a checkpoint.
func ReadSaved(f *safetensors.File) (*Saved, error) {
	damaged := func(name string) error {
		return fmt.Errorf("%s: the tensor %s is missing or not of word vectors; name a run of word2vec or fasttext", f.Path(), name)
	}
	tensors := map[string]safetensors.Tensor{}
	for _, name := range []string{EmbeddingsTensor, WordsTensor, OffsetsTensor, CountsTensor, OutputTensor} {
		t, ok := f.Tensor(name)
		if !ok {
			return nil, damaged(name)
		}
		tensors[name] = t
	}
	table, output := tensors[EmbeddingsTensor], tensors[OutputTensor]
	offsets, counts, joined := tensors[OffsetsTensor].Data, tensors[CountsTensor].Data, string(tensors[WordsTensor].Data)
	if len(table.Shape) != 2 || len(output.Shape) != 2 || len(offsets) != 8*(int(table.Shape[0])+1) || len(counts) != 8*int(table.Shape[0]) {
		return nil, damaged(OffsetsTensor)
	}
	s := &Saved{Dim: int(table.Shape[1]), stride: int(output.Shape[1])}
	for w := range int(table.Shape[0]) {
		begin, end := binary.LittleEndian.Uint64(offsets[8*w:]), binary.LittleEndian.Uint64(offsets[8*w+8:])
		if begin > end || end > uint64(len(joined)) {
			return nil, damaged(OffsetsTensor)
		}
		s.Words = append(s.Words, joined[begin:end])
		s.Counts = append(s.Counts, int64(binary.LittleEndian.Uint64(counts[8*w:])))
	}
	for name, to := range map[string]*[]byte{OutputTensor: &s.output, InputTensor: &s.input} {
		t, ok := f.Tensor(name)
		if !ok {
			continue
		}
		if t.DType != safetensors.F32 || len(t.Shape) != 2 || int(t.Shape[1]) != s.stride || s.stride < s.Dim {
			return nil, damaged(name)
		}
		*to = t.Data
	}
	if s.input != nil {
		t, ok := f.Tensor(BucketsTensor)
		if !ok || t.DType != safetensors.I32 {
			return nil, damaged(BucketsTensor)
		}
		s.bucketRows = t.Data
		rows := int32(len(s.input) / (4 * s.stride))
		for b := range len(s.bucketRows) / 4 {
			if s.bucketRow(b) >= rows {
				return nil, damaged(BucketsTensor)
			}
		}
	}
	var err error
	s.Vectors, err = table.Float32s()
	return s, err
}

// row appends row i of a table without its padding.
func (s *Saved) row(dst []float32, table []byte, i int) []float32 {
	for at := 4 * i * s.stride; at < 4*(i*s.stride+s.Dim); at += 4 {
		dst = append(dst, math.Float32frombits(binary.LittleEndian.Uint32(table[at:])))
	}
	return dst
}

// Input is the input table without padding as fastText has it: of the words, and with sub-words of all buckets behind them, zeros for those that no
// word has. The memory is new.
func (s *Saved) Input() []float32 {
	if s.input == nil {
		return append([]float32(nil), s.Vectors...)
	}
	buckets := len(s.bucketRows) / 4
	out := make([]float32, 0, (len(s.Words)+buckets)*s.Dim)
	for w := range s.Words {
		out = s.row(out, s.input, w)
	}
	for b := range buckets {
		if row := s.BucketRow(b); row != nil {
			out = append(out, row...)
		} else {
			out = out[:len(out)+s.Dim]
		}
	}
	return out
}

// Output is the output table without padding, in new memory.
func (s *Saved) Output() []float32 {
	n := len(s.output) / (4 * s.stride)
	out := make([]float32, 0, n*s.Dim)
	for i := range n {
		out = s.row(out, s.output, i)
	}
	return out
}

// InputRow is a word's row of the input table, [D].
func (s *Saved) InputRow(word int) []float32 {
	if s.input == nil {
		return s.Vectors[word*s.Dim:][:s.Dim]
	}
	return s.row(make([]float32, 0, s.Dim), s.input, word)
}

func (s *Saved) bucketRow(bucket int) int32 {
	return int32(binary.LittleEndian.Uint32(s.bucketRows[4*bucket:]))
}

// BucketRow is the row of a bucket of n-grams, [D], nil for one that no word has.
func (s *Saved) BucketRow(bucket int) []float32 {
	row := s.bucketRow(bucket)
	if row < 0 {
		return nil
	}
	return s.row(make([]float32, 0, s.Dim), s.input, int(row))
}

// OutputRow is a row of the output table, [D], in new memory.
func (s *Saved) OutputRow(i int) []float32 { return s.row(make([]float32, 0, s.Dim), s.output, i) }

// BucketRow is the row of a bucket of n-grams, [D], the table's own memory; nil for one that no word has.
func (m *Model) BucketRow(bucket int) []float32 {
	if row := m.bucketRows[bucket]; row >= 0 {
		return m.InputRow(int(row))
	}
	return nil
}

// InputRow is a row of the input table, [D], the table's own memory.
func (m *Model) InputRow(i int) []float32 { return m.input[i*m.Stride:][:m.Dim] }

// OutputRow is a row of the output table, [D], the table's own memory.
func (m *Model) OutputRow(i int) []float32 { return m.output[i*m.Stride:][:m.Dim] }
