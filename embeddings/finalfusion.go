package embeddings

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

const markFinalfusion = "FiFu"

// The chunks of a finalfusion file, by their numbers there.
const (
	fifuWords        = 1
	fifuMatrix       = 2
	fifuHashed       = 3 // words, and sub-words by finalfusion's own hash
	fifuQuantised    = 4
	fifuMetadata     = 5
	fifuNorms        = 6
	fifuFastText     = 7 // words, and sub-words by fastText's hash
	fifuExplicit     = 8 // words, and a list of sub-words
	fifuFloret       = 9 // sub-words by floret's hash, no words
	fifuMostChunks   = 16
	fifuTypeFloat    = 10
	fifuTypeByte     = 1
	fifuMostHashBits = 31
)

// readFinalfusion reads a header that lists the chunks, then the chunks: words and
// what composes unknown ones, then the rows, those of the words first. Rows are
// what finalfusion itself answers: of length one where the file has their lengths
// apart (norms, which are not taken).
func (in *input) readFinalfusion() (*Vectors, error) {
	r := &fifuReader{r: bufio.NewReaderSize(in.body, 1<<20), size: in.size}
	var vocabulary fifuVocabulary
	var rows *fifuRows
	for _, chunk := range r.header() {
		if got := r.uint32(); r.err == nil && got != chunk {
			r.fail("chunk %d is where the header promises chunk %d", got, chunk)
		}
		length := r.uint64()
		start := r.at
		switch chunk {
		case fifuWords, fifuHashed, fifuFastText, fifuExplicit:
			vocabulary = r.vocabulary(chunk)
		case fifuMatrix:
			rows = r.matrix()
		case fifuQuantised:
			rows = r.quantised()
		case fifuMetadata, fifuNorms:
			r.skip(length)
		case fifuFloret:
			r.fail("floret's vectors have no words of their own, every word is composed; they are not supported, convert them with floret to word2vec text")
		default:
			r.fail("chunk %d is of a kind that is not known", chunk)
		}
		if r.err == nil && uint64(r.at-start) != length {
			r.fail("chunk %d has %d bytes, its header says %d", chunk, r.at-start, length)
		}
	}
	if _, err := r.r.ReadByte(); err == nil && r.err == nil {
		r.fail("there is more after the last chunk")
	}
	if r.err == nil && rows == nil {
		r.fail("there are no rows")
	}
	if n := len(vocabulary.words) + vocabulary.buckets(); r.err == nil && rows.count != n {
		r.fail("%d rows for %d words and %d rows of sub-words", rows.count, len(vocabulary.words), vocabulary.buckets())
	}
	if r.err != nil {
		return nil, &Error{File: in.path, Cause: "no usable finalfusion file", Err: r.err, Remedy: remedyAgain}
	}
	return in.fromFinalfusion(vocabulary, rows)
}

func (in *input) fromFinalfusion(vocabulary fifuVocabulary, rows *fifuRows) (*Vectors, error) {
	all := make([]float32, len(vocabulary.words)*rows.dim)
	spans(len(vocabulary.words), in.Threads, func(_, from, to int) {
		for i := from; i < to; i++ {
			rows.add(all[i*rows.dim:(i+1)*rows.dim], i)
		}
	})
	v, err := FromRows(vocabulary.words, rows.dim, all)
	if err != nil {
		return nil, &Error{File: in.path, Cause: "no usable finalfusion file", Err: err, Remedy: remedyAgain}
	}
	v.report.File, v.report.Format, v.report.HeaderWords, v.report.HeaderDim = in.path, Finalfusion, int64(v.Len()), int64(rows.dim)
	if vocabulary.buckets() > 0 {
		v.compose = &fifuSubwords{vocabulary, rows}
	}
	return v, nil
}

// fifuReader keeps the first error; after it every number is zero.
type fifuReader struct {
	r    *bufio.Reader
	at   int64 // bytes read: numbers are aligned to places in the file
	size int64 // -1 unknown
	buf  [8]byte
	err  error
}

func (r *fifuReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// header gives the numbers of the chunks that follow.
func (r *fifuReader) header() []uint32 {
	r.full(r.buf[:4])
	if string(r.buf[:4]) != markFinalfusion {
		r.fail("it does not begin with %s", markFinalfusion)
	}
	if version := r.uint32(); version != 0 {
		r.fail("version %d, only 0 is known", version)
	}
	count := r.uint32()
	if count > fifuMostChunks {
		r.fail("%d chunks", count)
	}
	if r.err != nil {
		return nil
	}
	chunks := make([]uint32, count)
	for i := range chunks {
		chunks[i] = r.uint32()
	}
	if r.err != nil {
		return nil
	}
	return chunks
}

func (r *fifuReader) full(b []byte) {
	if r.err == nil {
		n, err := io.ReadFull(r.r, b)
		if r.at += int64(n); err == nil {
			return
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = fmt.Errorf("the file ends at byte %d, inside a chunk", r.at)
		}
		r.err = err
	}
	clear(b)
}

func (r *fifuReader) uint32() uint32 {
	r.full(r.buf[:4])
	return binary.LittleEndian.Uint32(r.buf[:])
}

func (r *fifuReader) uint64() uint64 {
	r.full(r.buf[:8])
	return binary.LittleEndian.Uint64(r.buf[:])
}

// room refuses a count of things, of at least `each` bytes, that the rest of the
// file cannot hold, and what no program could index.
func (r *fifuReader) room(count, each uint64) bool {
	most := uint64(math.MaxInt32) * 64
	if r.size >= 0 {
		most = uint64(r.size - r.at)
	}
	if count > most/each {
		r.fail("%d things of %d bytes do not fit after byte %d of %d", count, each, r.at, r.size)
	}
	return r.err == nil
}

func (r *fifuReader) skip(n uint64) {
	if r.room(n, 1) {
		got, err := io.CopyN(io.Discard, r.r, int64(n))
		if r.at += got; err != nil {
			r.fail("the file ends at byte %d, inside a chunk", r.at)
		}
	}
}

// bytes reads n bytes; the memory grows with what really comes.
func (r *fifuReader) bytes(n uint64) []byte {
	if !r.room(n, 1) {
		return nil
	}
	var b []byte
	for uint64(len(b)) < n && r.err == nil {
		from := len(b)
		b = append(b, make([]byte, min(n-uint64(from), 1<<20))...)
		r.full(b[from:])
	}
	return b
}

// floats reads n float32.
func (r *fifuReader) floats(n uint64) []float32 {
	if !r.room(n, 4) {
		return nil
	}
	var xs []float32
	if r.size >= 0 {
		xs = make([]float32, 0, n)
	}
	var block [1 << 14]byte
	for uint64(len(xs)) < n && r.err == nil {
		b := block[:min(4*(n-uint64(len(xs))), uint64(len(block)))]
		r.full(b)
		for ; len(b) > 0; b = b[4:] {
			x := math.Float32frombits(binary.LittleEndian.Uint32(b))
			if !finite(x) {
				r.fail("a number before byte %d is not finite", r.at)
			}
			xs = append(xs, x)
		}
	}
	return xs
}

// pad skips to a place that is a multiple of four; four bytes where it is one.
func (r *fifuReader) pad() { r.full(r.buf[:4-r.at%4]) }
