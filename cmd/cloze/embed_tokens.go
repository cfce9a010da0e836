//go:build torch

package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

	"github.com/go-cloze/cloze/models/pipeline"
	"github.com/go-cloze/cloze/models/safetensors"
)

// tokensRecord is a line of --tokens as jsonl, its lists as those of "tokenizer encode --json".
type tokensRecord struct {
	Line        int64           `json:"line"` // from 1
	IDs         []int32         `json:"ids"`
	Pieces      []string        `json:"pieces"`
	Offsets     [][2]int        `json:"offsets"`      // code points into the line, half-open
	ByteOffsets [][2]int        `json:"byte_offsets"` // bytes into the line, half-open
	Vectors     [][]json.Number `json:"vectors"`      // one for each token
}

// tokenWriter writes what "embed --tokens" gives.
type tokenWriter interface {
	add(line int64, text string, t pipeline.TokenVectors) error
	// end completes what was begun, err being what went wrong so far.
	end(err error) error
}

// newTokenWriter writes as jsonl or safetensors.
func newTokenWriter(w io.Writer, format string, dim int) (tokenWriter, error) {
	if format == "jsonl" {
		return jsonTokens{w, dim}, nil
	}
	return newTensorTokens(w, dim)
}

// jsonTokens writes a line for each text.
type jsonTokens struct {
	w   io.Writer
	dim int
}

func (j jsonTokens) add(line int64, text string, t pipeline.TokenVectors) error {
	r := tokensRecord{Line: line, IDs: t.IDs, Pieces: t.Pieces, ByteOffsets: t.Offsets, Offsets: codePoints(text, t.Offsets), Vectors: make([][]json.Number, len(t.IDs))}
	if r.IDs == nil { // [] and not null
		r.IDs, r.Pieces, r.ByteOffsets = []int32{}, []string{}, [][2]int{}
	}
	for i := range r.Vectors {
		for _, x := range t.Vectors[i*j.dim : (i+1)*j.dim] {
			r.Vectors[i] = append(r.Vectors[i], json.Number(strconv.FormatFloat(float64(x), 'g', -1, 32)))
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = j.w.Write(append(data, '\n'))
	return err
}

func (jsonTokens) end(err error) error { return err }

// tensorTokens gathers the tensors of one file, whose head tells their sizes first: the vectors wait in a file aside.
type tensorTokens struct {
	w            io.Writer
	aside        *os.File
	vectors      *bufio.Writer
	dim          int
	ids          []byte // int32
	offsets      []byte // int32, two a token
	rows         []byte // int64
	tokens, line int64
}

func newTensorTokens(w io.Writer, dim int) (*tensorTokens, error) {
	aside, err := os.CreateTemp("", "cloze-embed-*")
	if err != nil {
		return nil, fmt.Errorf("a file for the vectors cannot be made: %v; set TMPDIR to a folder with room", err)
	}
	return &tensorTokens{w: w, aside: aside, vectors: bufio.NewWriterSize(aside, 1<<20), dim: dim, rows: make([]byte, 8)}, nil
}

func (s *tensorTokens) add(_ int64, text string, t pipeline.TokenVectors) error {
	for i, o := range codePoints(text, t.Offsets) {
		s.ids = binary.LittleEndian.AppendUint32(s.ids, uint32(t.IDs[i]))
		s.offsets = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(s.offsets, uint32(o[0])), uint32(o[1]))
	}
	s.line, s.tokens = s.line+1, s.tokens+int64(len(t.IDs))
	s.rows = binary.LittleEndian.AppendUint64(s.rows, uint64(s.tokens))
	var raw []byte
	for _, x := range t.Vectors {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	_, err := s.vectors.Write(raw)
	return err
}

func (s *tensorTokens) end(err error) error {
	defer os.Remove(s.aside.Name())
	defer s.aside.Close()
	if err != nil {
		return err
	}
	if err := s.vectors.Flush(); err != nil {
		return err
	}
	if _, err := s.aside.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return safetensors.Encode(s.w, []safetensors.Source{
		{Name: "ids", DType: safetensors.I32, Shape: []int64{s.tokens}, Data: s.ids},
		{Name: "offsets", DType: safetensors.I32, Shape: []int64{s.tokens, 2}, Data: s.offsets},
		{Name: "rows", DType: safetensors.I64, Shape: []int64{s.line + 1}, Data: s.rows},
		{Name: "vectors", DType: safetensors.F32, Shape: []int64{s.tokens, int64(s.dim)}, Stream: func(w io.Writer) error {
			_, err := io.Copy(w, s.aside)
			return err
		}},
	}, nil)
}
