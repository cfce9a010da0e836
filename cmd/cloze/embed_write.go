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

	"github.com/parquet-go/parquet-go"

	"github.com/go-cloze/cloze/embeddings"
)

// rowFormat is how "embed" writes vectors: text, csv, jsonl, npy or parquet.
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
	case "npy", "parquet":
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
// the number of lines. The head of an npy file tells how many rows follow, and Parquet lies column by column, so their rows
// wait in a file aside.
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
	case "npy", "parquet":
	default:
		return w, plain, nil
	}
	aside, err := os.CreateTemp("", "cloze-embed-*")
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
		if f == "parquet" {
			return writeParquet(w, bufio.NewReaderSize(aside, 1<<20), lines, dim)
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

// embedRow is a row of Parquet.
type embedRow struct {
	Line   int64     `parquet:"line"`
	Vector []float32 `parquet:"vector,list"`
}

// writeParquet writes rows of dim little-endian float32 in groups of about 64 MB.
func writeParquet(w io.Writer, rows io.Reader, lines int64, dim int) error {
	out := parquet.NewGenericWriter[embedRow](w, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(1+(64<<20)/int64(4*dim)))
	raw := make([]byte, 4*dim)
	row := []embedRow{{Vector: make([]float32, dim)}}
	for line := range lines {
		if _, err := io.ReadFull(rows, raw); err != nil {
			return err
		}
		row[0].Line = line + 1
		for i := range row[0].Vector {
			row[0].Vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		if _, err := out.Write(row); err != nil {
			return err
		}
	}
	return out.Close()
}
