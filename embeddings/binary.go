package embeddings

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// wordBytes bounds a word of a binary file: without a limit a damaged file is
// one endless word.
const wordBytes = 1 << 20

// readBinary reads "N D\n" and then a word, a blank and D float32, N times. The
// original tool ends each with a newline and gensim does not: newlines before a
// word are skipped.
func (in *input) readBinary() (*Vectors, error) {
	r := &binaryReader{in: in, buf: bufio.NewReaderSize(in.body, 1<<20), repairs: repairs{}}
	line, err := r.buf.ReadSlice('\n')
	words, dim, ok := header(trimEnd(bytes.TrimSuffix(line, []byte{'\n'})))
	if err != nil || !ok || dim < 1 || dim > maxDim || words > maxWords {
		return nil, &Error{File: in.path, Unit: "line", Number: 1, Cause: "no usable header: word2vec binary starts with two numbers, words and dimension", Remedy: remedyAgain}
	}
	r.dim = int(dim)
	if most := in.size / (4*dim + 2); in.size >= 0 { // believe no more than fits
		r.reserve(int(min(words, most)))
	}
	for n := int64(1); ; n++ {
		more, err := r.next(n, words)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
	}
	report := Report{File: in.path, Format: Word2VecBinary, HeaderWords: words, HeaderDim: dim, Words: r.names.len(), Dim: r.dim}
	if r.seen != words {
		r.repairs.add(repairCount, "line", 1)
	}
	report.Repairs = r.repairs.list()
	if in.Strict {
		if err := r.repairs.strictError(report); err != nil {
			return nil, err
		}
	}
	return finish(r.names, r.dim, r.rows, report), nil
}

type binaryReader struct {
	in      *input
	buf     *bufio.Reader
	dim     int
	word    []byte
	raw     []byte // one row as in the file
	names   names
	rows    []float32
	repairs repairs
	seen    int64
}

func (r *binaryReader) reserve(n int) {
	r.names.reserve(n)
	r.rows = make([]float32, 0, n*r.dim)
}

// next reads word n of the `promised`. It says false at the end of the file,
// which is an error before the promised number and a repair after it.
func (r *binaryReader) next(n, promised int64) (bool, error) {
	fail := func(remedy, format string, args ...any) (bool, error) {
		return false, &Error{File: r.in.path, Unit: "word", Number: n, Cause: fmt.Sprintf(format, args...), Remedy: remedy}
	}
	err := r.readWord()
	size := 4 * r.dim
	switch {
	case err == errEnd && n > promised:
		return false, nil
	case err == errEnd:
		return fail(remedyAgain, "the file ends before it: the header promises %d words, at least %d bytes are missing", promised, (promised-n+1)*int64(size+2))
	case err == io.EOF && n > promised:
		return fail(remedyAgain, "%d bytes after the %d words that the header promises are no further word", len(r.word), promised)
	case err == io.EOF:
		return fail(remedyAgain, "the file ends inside the word: at least %d bytes are missing", size+1)
	case err == errLongWord:
		return fail(remedyAgain, "no blank in %d bytes: not word2vec binary, or damaged before here", wordBytes)
	case err != nil:
		return false, r.in.readError(err)
	}
	if r.raw == nil {
		r.raw = make([]byte, size)
	}
	got, err := readFull(r.buf, r.raw)
	if err != nil && err != io.EOF {
		return false, r.in.readError(err)
	}
	if err != nil {
		return fail(remedyAgain, "the file ends inside the vector of %s: %d of %d bytes are missing", quote(string(r.word)), size-got, size)
	}
	for i := range r.dim {
		if !finite(math.Float32frombits(binary.LittleEndian.Uint32(r.raw[4*i:]))) {
			return fail("train again, or check that the file was not damaged on its way", "number %d of %d of %s is not finite", i+1, r.dim, quote(string(r.word)))
		}
	}
	return true, r.keep(n)
}

// keep adds the word and row just read, unless the word was there before.
func (r *binaryReader) keep(n int64) error {
	r.seen++
	r.repairs.oddWord(r.word, "word", n)
	if r.names.len() >= maxWords {
		return &Error{File: r.in.path, Cause: fmt.Sprintf("more than %d words", maxWords), Remedy: "cut the file to its first words"}
	}
	if _, fresh := r.names.add(string(r.word)); !fresh {
		r.repairs.add(repairDuplicate, "word", n)
	} else {
		for i := range r.dim {
			r.rows = append(r.rows, math.Float32frombits(binary.LittleEndian.Uint32(r.raw[4*i:])))
		}
	}
	if r.in.Strict {
		return r.repairs.strictError(Report{File: r.in.path})
	}
	return nil
}

var (
	errEnd      = errors.New("end between words")
	errLongWord = errors.New("word without end")
)

// readWord fills r.word. io.EOF means that the file ended inside the word.
func (r *binaryReader) readWord() error {
	r.word = r.word[:0]
	for {
		part, err := r.buf.ReadSlice(' ')
		r.word = append(r.word, part...)
		switch {
		case err == nil:
			r.word = bytes.TrimLeft(r.word[:len(r.word)-1], "\n")
			return nil
		case err == bufio.ErrBufferFull:
			if len(r.word) > wordBytes {
				return errLongWord
			}
		case err == io.EOF:
			if r.word = bytes.TrimLeft(r.word, "\n"); len(r.word) == 0 {
				return errEnd
			}
			return io.EOF
		default:
			return err
		}
	}
}
