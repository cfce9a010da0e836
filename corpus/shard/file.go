package shard

import (
	"errors"
	"io"
	"os"
	"slices"
	"unsafe"
)

// file is one shard, mapped. Its slices are views of the mapping. Of a file that was damaged after its header was written they hold
// anything; readers keep inside them whatever they hold.
type file struct {
	path   string
	header header
	data   []byte
	unmap  func() error

	narrow    []uint16 // ids, where they have 16 bits
	wide      []uint32 // ids otherwise
	starts    []uint64
	hashes    []uint64
	text      []uint32
	languages []int16 // nil where there is one
	words     []uint64
	names     []byte
}

func openFile(path string) (*file, error) {
	unreadable := func(err error) error {
		return &Error{File: path, Cause: "cannot be read", Err: cutPath(err), Remedy: "check the file and its rights"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close() // a mapping outlives its descriptor
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a plain file")
	}
	if err != nil {
		return nil, unreadable(err)
	}
	data, unmap, err := mapFile(f, info.Size())
	if err != nil {
		return nil, unreadable(err)
	}
	out, err := parse(path, data)
	if err != nil {
		_ = unmap() // the parse error is the one to tell
		return nil, err
	}
	out.unmap = unmap
	return out, nil
}

// parse is openFile for bytes in memory, which must start at a multiple of 8.
func parse(path string, data []byte) (*file, error) {
	h, err := decodeHeader(path, data, int64(len(data)))
	if err != nil {
		return nil, err
	}
	f := &file{path: path, header: h, data: data}
	if h.bits == 16 {
		f.narrow = view[uint16](f.section(idSection))
	} else {
		f.wide = view[uint32](f.section(idSection))
	}
	f.starts, f.hashes = view[uint64](f.section(startSection)), view[uint64](f.section(hashSection))
	f.text, f.languages = view[uint32](f.section(textSection)), view[int16](f.section(languageSection))
	f.words, f.names = view[uint64](f.section(wordSection)), f.section(nameSection)
	return f, nil
}

func (f *file) section(i int) []byte {
	l := f.header.layout()
	return f.data[l.offset[i] : l.offset[i]+l.bytes[i]]
}

// view reads bytes as numbers in place: sections are aligned, and every machine that cloze runs on is little-endian.
func view[T uint16 | uint32 | uint64 | int16](b []byte) []T {
	var zero T
	n := len(b) / int(unsafe.Sizeof(zero))
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), n)
}

// readWhole is the way without memory mapping. The bytes start at a multiple of 8.
func readWhole(f *os.File, size int64) ([]byte, func() error, error) {
	data := alignedBytes(int(size))
	_, err := io.ReadFull(f, data)
	return data, func() error { return nil }, err
}

// alignedBytes makes bytes that numbers of any width may be read from in place.
func alignedBytes(n int) []byte {
	words := make([]uint64, n/8+1)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), n)
}

func (f *file) ids() int { return int(f.header.ids) }

// appendIDs widens ids [lo, hi) onto dst; both must lie in the file.
func (f *file) appendIDs(dst []int32, lo, hi int) []int32 {
	n := len(dst)
	dst = slices.Grow(dst, hi-lo)[:n+hi-lo]
	out := dst[n:]
	if f.wide != nil {
		for i, id := range f.wide[lo:hi] {
			out[i] = int32(id)
		}
		return dst
	}
	widen(out, f.narrow[lo:hi])
	return dst
}

// widen copies 16-bit ids, eight at a time: most of the time of reading a block is spent here.
func widen(dst []int32, src []uint16) {
	dst = dst[:len(src)]
	for len(src) >= 8 {
		d, s := dst[:8], src[:8]
		d[0], d[1], d[2], d[3] = int32(s[0]), int32(s[1]), int32(s[2]), int32(s[3])
		d[4], d[5], d[6], d[7] = int32(s[4]), int32(s[5]), int32(s[6]), int32(s[7])
		dst, src = dst[8:], src[8:]
	}
	for i, id := range src {
		dst[i] = int32(id)
	}
}

// document gives the bounds of document d. Those of a damaged file may overlap, but never leave it.
func (f *file) document(d int) (start, end int) {
	end = f.ids()
	if d+1 < len(f.starts) {
		end = int(min(f.starts[d+1], f.header.ids))
	}
	return int(min(f.starts[d], f.header.ids)), end
}

// documentAt finds the document that id i lies in: the last one that starts at i or before. Documents are of about equal length, so the
// first guess is near and the search touches few pages of a file that may not be in memory.
func (f *file) documentAt(i int) int {
	at, n := uint64(i), len(f.starts)
	guess := int(float64(i) / float64(f.ids()) * float64(n))
	guess = min(max(guess, 0), n-1)
	// Steps that double bracket the answer: starts[lo] <= i, or lo is 0; starts[hi] > i, or hi is n.
	lo, hi := guess, guess+1
	for step := 1; lo > 0 && f.starts[lo] > at; step *= 2 {
		hi, lo = lo, max(lo-step, 0)
	}
	for step := 1; hi < n && f.starts[hi] <= at; step *= 2 {
		lo, hi = hi, min(hi+step, n)
	}
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) / 2); f.starts[mid] <= at {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
