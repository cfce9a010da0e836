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

	"github.com/go-cloze/cloze/embeddings"
)

// rowFormat is how "embed" writes vectors: text, csv, jsonl or npy.
type rowFormat string

// embedRecord is a line of jsonl.
type embedRecord struct {
	Line    int64                    `json:"line"` // from 1
	Vector  []json.Number            `json:"vector"`
	Words   int                      `json:"words"` // in the line, unknown ones too
	Unknown []embeddings.UnknownWord `json:"unknown,omitempty"`
}

// append appends one record; numbers are written so that the same float32 comes back.
func (f rowFormat) append(dst []byte, line int64, vector []float32, words int, unknown []embeddings.UnknownWord) []byte {
	switch f {
	case "npy":
		for _, x := range vector {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(x))
		}
		return dst
	case "jsonl":
		r := embedRecord{Line: line, Vector: make([]json.Number, len(vector)), Words: words, Unknown: unknown}
		for i, x := range vector {
			r.Vector[i] = json.Number(strconv.FormatFloat(float64(x), 'g', -1, 32))
		}
		data, err := json.Marshal(r)
		if err != nil { // numbers are finite and strings are always encoded
			panic(err)
		}
		return append(append(dst, data...), '\n')
	}
	separator := byte(' ')
	if f == "csv" {
		separator = ','
	}
	for i, x := range vector {
		if i > 0 {
			dst = append(dst, separator)
		}
		dst = strconv.AppendFloat(dst, float64(x), 'g', -1, 32)
	}
	return append(dst, '\n')
}

// begin gives the writer for the records, and what must be called after the last of them with the error so far and
// the number of lines. The head of an npy file tells how many rows follow, so they wait in a file aside.
func (f rowFormat) begin(w io.Writer, dim int) (io.Writer, func(err error, lines int64) error, error) {
	plain := func(err error, _ int64) error { return err }
	switch f {
	case "csv":
		out := bufio.NewWriter(w)
		for i := range dim {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString("v" + strconv.Itoa(i))
		}
		out.WriteByte('\n')
		return w, plain, out.Flush()
	case "npy":
	default:
		return w, plain, nil
	}
	aside, err := os.CreateTemp("", "cloze-embed-*.npy")
	if err != nil {
		return nil, nil, fmt.Errorf("a file for the rows cannot be made: %v; set TMPDIR to a folder with room", err)
	}
	finish := func(err error, lines int64) error {
		defer os.Remove(aside.Name())
		defer aside.Close()
		if err != nil {
			return err
		}
		if _, err := aside.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := w.Write(npyHead(lines, dim)); err != nil {
			return err
		}
		_, err = io.Copy(w, aside)
		return err
	}
	return aside, finish, nil
}

// npyHead is the head of version 1.0, padded to 64 bytes as numpy does (NEP 1).
func npyHead(rows int64, dim int) []byte {
	text := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", rows, dim)
	const before = 10 // magic, version, length
	for (before+len(text)+1)%64 != 0 {
		text += " "
	}
	text += "\n"
	head := append([]byte("\x93NUMPY\x01\x00"), byte(len(text)), byte(len(text)>>8))
	return append(head, text...)
}
