package fasttext

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
)

// Open reads the model at path: version 12 and 11, and those of 2016 that have no
// magic number. A damaged file gives an *Error.
func Open(path string) (*Model, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, &Error{File: path, Cause: "cannot be read", Err: cutPath(err), Remedy: "name an existing model"}
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, &Error{File: path, Cause: "it is not a plain file", Err: cutPath(err), Remedy: "name an existing model"}
	}
	return Read(path, file, info.Size())
}

// Read is Open for a stream of size bytes, -1 where that is not known; name is
// used in messages.
func Read(name string, r io.Reader, size int64) (*Model, error) { return read(name, r, size, true) }

// ReadInput is Read for looking words up: the output matrix is checked for its
// length and not kept.
func ReadInput(name string, r io.Reader, size int64) (*Model, error) {
	return read(name, r, size, false)
}

func read(name string, from io.Reader, size int64, keepOutput bool) (*Model, error) {
	r := &reader{r: bufio.NewReaderSize(from, 1<<20), size: size}
	m := &Model{Dictionary: &Dictionary{}}
	r.model(m, keepOutput)
	if r.err == nil {
		r.err = m.check()
	}
	if r.err == nil {
		if _, err := r.r.ReadByte(); err == nil {
			r.err = fmt.Errorf("there is more after the model's end at byte %d", r.at)
		}
	}
	if r.err != nil {
		return nil, &Error{File: name, Cause: "no usable fastText model", Err: r.err, Remedy: "fetch or write the file again"}
	}
	return m, nil
}

// reader keeps the first error; after it every number is zero.
type reader struct {
	r    *bufio.Reader
	at   int64 // bytes read
	size int64 // of the whole; -1 unknown
	buf  [8]byte
	err  error
}

// model reads the parts in the order of the file.
func (r *reader) model(m *Model, keepOutput bool) {
	modern, version := r.start()
	m.Args = r.args(modern)
	if m.Args.Model == Supervised && version < 12 {
		m.Args.MaxN = 0 // classifiers of that time had no sub-words, whatever the file says
	}
	if r.err == nil {
		r.err = m.Args.Validate()
	}
	r.dictionary(m.Dictionary, modern)
	quantised := modern && r.flag("quantised input")
	m.Input = r.matrix("input matrix", quantised, true)
	// The flag for the output counts in a quantised model only.
	if quantisedOutput := modern && r.flag("quantised output"); quantisedOutput && quantised {
		m.Output = r.matrix("output matrix", true, true)
	} else {
		m.Output = r.matrix("output matrix", false, keepOutput)
	}
	if !keepOutput {
		m.Output = nil
	}
}

// start tells the version by the magic number; without one it is put back.
func (r *reader) start() (modern bool, v int32) {
	head, err := r.r.Peek(8)
	if err != nil || binary.LittleEndian.Uint32(head) != magic {
		return false, 0
	}
	v = int32(binary.LittleEndian.Uint32(head[4:]))
	r.full(r.buf[:8], "version")
	if v > version || v < 1 {
		r.err = fmt.Errorf("version %d, up to %d is known", v, version)
	}
	return true, v
}

func (r *reader) args(modern bool) Args {
	var a Args
	for _, to := range []*int32{&a.Dim, &a.WS, &a.Epoch, &a.MinCount, &a.Neg, &a.WordNgrams, (*int32)(&a.Loss), (*int32)(&a.Model), &a.Bucket, &a.MinN, &a.MaxN, &a.LRUpdateRate} {
		*to = r.int32("arguments")
	}
	r.full(r.buf[:8], "arguments")
	a.T = math.Float64frombits(binary.LittleEndian.Uint64(r.buf[:]))
	a.Label = "__label__"
	return a
}

// full fills b or says what the file ends in.
func (r *reader) full(b []byte, part string) {
	if r.err != nil {
		clear(b)
		return
	}
	n, err := io.ReadFull(r.r, b)
	r.at += int64(n)
	if err == nil {
		return
	}
	clear(b)
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the file ends at byte %d, inside its %s", r.at, part)
	}
	r.err = err
}

func (r *reader) int32(part string) int32 {
	r.full(r.buf[:4], part)
	return int32(binary.LittleEndian.Uint32(r.buf[:]))
}

func (r *reader) int64(part string) int64 {
	r.full(r.buf[:8], part)
	return int64(binary.LittleEndian.Uint64(r.buf[:]))
}

func (r *reader) flag(part string) bool {
	r.full(r.buf[:1], part)
	if r.err == nil && r.buf[0] > 1 {
		r.err = fmt.Errorf("byte %d should say whether the model has a %s: it is %d", r.at, part, r.buf[0])
	}
	return r.buf[0] == 1
}

// room refuses a count of things, each of at least `each` bytes, that the rest
// of the file cannot hold.
func (r *reader) room(count, each int64, part string) bool {
	if r.err != nil {
		return false
	}
	most := int64(math.MaxInt64)
	if r.size >= 0 {
		most = r.size - r.at
	}
	if count < 0 || count > most/each {
		r.err = fmt.Errorf("the %s, %d parts of %d bytes, does not fit between byte %d and the file's end at byte %d", part, count, each, r.at, r.size)
		return false
	}
	return true
}

// dictionary reads words, then labels. The count of pruned buckets came with the
// magic number.
func (r *reader) dictionary(d *Dictionary, modern bool) {
	const part = "dictionary"
	size, words, labels := r.int32(part), r.int32(part), r.int32(part)
	d.Tokens = r.int64(part)
	pruned := int64(-1)
	if modern {
		pruned = r.int64(part)
	}
	if r.err == nil && (words < 0 || labels < 0 || int64(words)+int64(labels) != int64(size)) {
		r.err = fmt.Errorf("%d words and %d labels make no dictionary of %d", words, labels, size)
	}
	if !r.room(int64(size), 10, part) { // a zero byte, count, type
		return
	}
	for i := int32(0); i < size && r.err == nil; i++ {
		word := r.word()
		count := r.int64(part)
		r.full(r.buf[:1], part)
		if isLabel := r.buf[0] == 1; r.err == nil && (isLabel != (i >= words) || r.buf[0] > 1) {
			r.err = fmt.Errorf("entry %d of %d words and %d labels is of type %d", i, words, labels, r.buf[0])
		}
		if i < words {
			d.Words = append(d.Words, Entry{word, count})
		} else {
			d.Labels = append(d.Labels, Entry{word, count})
		}
	}
	if d.Pruned = pruned >= 0; d.Pruned && r.room(pruned, 8, part) {
		d.Buckets = map[int32]int32{}
		for range pruned {
			from, to := r.int32(part), r.int32(part)
			if r.err != nil {
				return
			}
			d.Buckets[from] = to
		}
		if r.err == nil && int64(len(d.Buckets)) != pruned {
			r.err = fmt.Errorf("of %d kept buckets only %d differ", pruned, len(d.Buckets))
		}
	}
	d.makeIndex()
}

// word reads up to a zero byte.
func (r *reader) word() string {
	const longest = 1 << 20 // without a limit a damaged file is one endless word
	var word []byte
	for r.err == nil {
		part, err := r.r.ReadSlice(0)
		r.at += int64(len(part))
		word = append(word, part...)
		switch {
		case err == nil:
			return string(word[:len(word)-1])
		case err == io.EOF:
			r.err = fmt.Errorf("the file ends at byte %d, inside a word", r.at)
		case err != bufio.ErrBufferFull:
			r.err = err
		case len(word) > longest:
			r.err = fmt.Errorf("a word before byte %d has no end", r.at)
		}
	}
	return ""
}

// cutPath takes the path out of a *fs.PathError: the message has it already.
func cutPath(err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		return pe.Err
	}
	return err
}
