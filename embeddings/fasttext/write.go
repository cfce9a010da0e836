package fasttext

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
)

const (
	magic   = 793712314
	version = 12
)

// Write writes the model to path as the original's .bin (.ftz where quantised):
// aside in the same folder, synced to the disk, then renamed, so that path holds
// the old or the new file whole.
func (m *Model) Write(path string) (err error) {
	fail := func(err error) error {
		return &Error{File: path, Cause: "cannot be written", Err: cutPath(err), Remedy: "check the folder, its rights and the free space"}
	}
	if err := m.writable(); err != nil {
		return &Error{File: path, Cause: "the model cannot be written", Err: err, Remedy: "this is a fault of the program that made it"}
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fail(err)
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	for _, step := range []func() error{
		func() error { return m.encode(file) },
		func() error { return file.Chmod(0o644) }, // CreateTemp's 0600 is for secrets
		file.Sync, file.Close,
		func() error { return os.Rename(file.Name(), path) },
	} {
		if err := step(); err != nil {
			return fail(err)
		}
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil { // make the rename last
		_ = dir.Sync() // some file systems cannot
		dir.Close()
	}
	return nil
}

// Encode writes the same bytes to w.
func (m *Model) Encode(w io.Writer) error {
	if err := m.writable(); err != nil {
		return err
	}
	return m.encode(w)
}

func (m *Model) writable() error {
	if m.Output == nil {
		return errors.New("it has no output matrix")
	}
	return m.check()
}

func (m *Model) encode(to io.Writer) error {
	w := &writer{w: bufio.NewWriterSize(to, 1<<20)}
	w.number(uint32(magic), uint32(version))
	a := m.Args
	w.number(a.Dim, a.WS, a.Epoch, a.MinCount, a.Neg, a.WordNgrams, a.Loss, a.Model, a.Bucket, a.MinN, a.MaxN, a.LRUpdateRate, a.T)
	w.dictionary(m.Dictionary)
	w.number(m.Input.Codes != nil)
	w.matrix(m.Input)
	w.number(m.Output.Codes != nil)
	w.matrix(m.Output)
	if w.err != nil {
		return w.err
	}
	return w.w.Flush()
}

// writer keeps the first error.
type writer struct {
	w   *bufio.Writer
	buf []byte
	err error
}

func (w *writer) number(values ...any) {
	for _, x := range values {
		if w.err == nil {
			w.err = binary.Write(w.w, binary.LittleEndian, x)
		}
	}
}

func (w *writer) bytes(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

func (w *writer) dictionary(d *Dictionary) {
	pruned := int64(-1)
	if d.Pruned {
		pruned = int64(len(d.Buckets))
	}
	w.number(int32(len(d.Words)+len(d.Labels)), int32(len(d.Words)), int32(len(d.Labels)), d.Tokens, pruned)
	for label, entries := range [][]Entry{d.Words, d.Labels} {
		for _, e := range entries {
			w.buf = append(append(w.buf[:0], e.Word...), 0)
			w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(e.Count))
			w.bytes(append(w.buf, byte(label)))
		}
	}
	if !d.Pruned {
		return
	}
	kept := make([]int32, 0, len(d.Buckets))
	for b := range d.Buckets {
		kept = append(kept, b)
	}
	slices.Sort(kept)
	for _, b := range kept {
		w.number(b, d.Buckets[b])
	}
}

func (w *writer) matrix(m *Matrix) {
	if q := m.Codes; q != nil {
		w.number(q.Norms != nil, int64(m.Rows), int64(m.Cols), int32(len(q.Codes)))
		w.bytes(q.Codes)
		w.quantiser(&q.Parts)
		if q.Norms != nil {
			w.bytes(q.NormCodes)
			w.quantiser(q.Norms)
		}
		return
	}
	w.number(int64(m.Rows), int64(m.Cols))
	if m.Index == nil {
		w.floats(m.Data)
		return
	}
	zeros := make([]float32, m.Cols)
	for _, row := range m.Index {
		if row < 0 {
			w.floats(zeros)
		} else {
			w.floats(m.Data[int(row)*m.Cols:][:m.Cols])
		}
	}
}

func (w *writer) quantiser(q *Quantiser) {
	w.number(int32(q.Dim), int32(q.Count), int32(q.Width), int32(q.last()))
	w.floats(q.Centroids)
}

func (w *writer) floats(xs []float32) {
	for block := range slices.Chunk(xs, 1<<14) {
		w.buf = w.buf[:0]
		for _, x := range block {
			w.buf = binary.LittleEndian.AppendUint32(w.buf, math.Float32bits(x))
		}
		w.bytes(w.buf)
	}
}

// Error is a refused file, in one line: file, cause, remedy.
type Error struct {
	File   string
	Cause  string
	Remedy string
	Err    error // the error underneath, where there is one
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s", e.File, e.Cause)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }
