package wordvec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// A stream is a file of little-endian uint32: the number of each word + 1, and 0 after each sentence. It has no header: what is known of it
// stands in the vocabulary file beside it.
const sentenceEnd = 0

// bufferBytes is how much of a stream is in memory at a time.
const bufferBytes = 256 << 10

// streamWriter writes a stream from some place on.
type streamWriter struct {
	file *os.File
	at   int64 // where buf goes
	buf  []byte
	err  error // the first one; what is put after it is lost
}

func (w *streamWriter) put(value uint32) {
	w.buf = binary.LittleEndian.AppendUint32(w.buf, value)
	if len(w.buf) >= bufferBytes {
		w.flush()
	}
}

func (w *streamWriter) flush() error {
	if w.err == nil && len(w.buf) > 0 {
		if _, err := w.file.WriteAt(w.buf, w.at); err != nil {
			w.err = fileError(w.file.Name(), "written", err)
		}
	}
	w.at += int64(len(w.buf))
	w.buf = w.buf[:0]
	return w.err
}

// size is how many bytes the stream has so far.
func (w *streamWriter) size() int64 { return w.at + int64(len(w.buf)) }

// streamReader reads a stream. It may read what a writer of the same file is about to write over, as long as it is ahead of it.
type streamReader struct {
	file    *os.File
	at, end int64
	buf     []byte
	values  []uint32 // of buf
	used    int      // of values
	err     error
}

func newStreamReader(file *os.File, size int64) *streamReader {
	return &streamReader{file: file, end: size}
}

// next is the next value; ok is false at the end, or where reading failed (err).
func (r *streamReader) next() (value uint32, ok bool) {
	if r.used == len(r.values) && !r.fill() {
		return 0, false
	}
	r.used++
	return r.values[r.used-1], true
}

func (r *streamReader) fill() bool {
	n := min(bufferBytes, r.end-r.at)
	if n <= 0 || r.err != nil {
		return false
	}
	if r.buf == nil {
		r.buf, r.values = make([]byte, bufferBytes), make([]uint32, bufferBytes/4)
	}
	buf := r.buf[:n]
	r.values, r.used = r.values[:n/4], 0
	if _, err := r.file.ReadAt(buf, r.at); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		r.err, r.values = fileError(r.file.Name(), "read", err), r.values[:0]
		return false
	}
	for i := range r.values {
		r.values[i] = binary.LittleEndian.Uint32(buf[4*i:])
	}
	r.at += n
	return true
}

// fileError names the file once, and what to look at.
func fileError(name, done string, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return fmt.Errorf("%s: cannot be %s: %w; check the folder, its rights and the free space", name, done, err)
}
