package hogwild

import (
	"encoding/binary"
	"fmt"

	"github.com/go-cloze/cloze/models/safetensors"
)

// Saved is the model in a checkpoint, in plain memory.
type Saved struct {
	Words     []string
	Counts    []int64
	Dim       int
	Vectors   []float32 // [V,D]
	Positions []float32 // [2*window,D] of position-weighted CBOW, else nil

	stride        int
	input, output []float32 // rows of stride; input is nil without sub-words
}

// ReadSaved reads the tensors of a checkpoint, whose file may be closed afterwards.
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
	var err error
	for name, to := range map[string]*[]float32{EmbeddingsTensor: &s.Vectors, OutputTensor: &s.output, InputTensor: &s.input, PositionsTensor: &s.Positions} {
		t, ok := f.Tensor(name)
		if !ok {
			continue
		}
		if name != EmbeddingsTensor && (len(t.Shape) != 2 || int(t.Shape[1]) != s.stride) || s.stride < s.Dim {
			return nil, damaged(name)
		}
		if *to, err = t.Float32s(); err != nil {
			return nil, err
		}
	}
	s.Positions = s.dense(s.Positions)
	return s, nil
}

// dense takes the padding off rows.
func (s *Saved) dense(rows []float32) []float32 {
	var out []float32
	for i := 0; i < len(rows); i += s.stride {
		out = append(out, rows[i:i+s.Dim]...)
	}
	return out
}

// Input is the input table without padding: of the words, and with sub-words of the buckets behind them. The memory is new.
func (s *Saved) Input() []float32 {
	if s.input == nil {
		return append([]float32(nil), s.Vectors...)
	}
	return s.dense(s.input)
}

// Output is the output table without padding, in new memory.
func (s *Saved) Output() []float32 { return s.dense(s.output) }

// InputRow is a row of the input table, [D].
func (s *Saved) InputRow(i int) []float32 {
	if s.input == nil {
		return s.Vectors[i*s.Dim:][:s.Dim]
	}
	return s.input[i*s.stride:][:s.Dim]
}

// OutputRow is a row of the output table, [D].
func (s *Saved) OutputRow(i int) []float32 { return s.output[i*s.stride:][:s.Dim] }

// InputRow is a row of the input table, [D], the table's own memory.
func (m *Model) InputRow(i int) []float32 { return m.input[i*m.Stride:][:m.Dim] }

// OutputRow is a row of the output table, [D], the table's own memory.
func (m *Model) OutputRow(i int) []float32 { return m.output[i*m.Stride:][:m.Dim] }
