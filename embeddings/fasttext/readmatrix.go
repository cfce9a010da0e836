package fasttext

import (
	"encoding/binary"
	"fmt"
	"math"
)

// matrix reads rows as they are or as codes; kept false only skips them.
func (r *reader) matrix(part string, quantised, keep bool) *Matrix {
	if quantised {
		return r.quantised(part)
	}
	m := &Matrix{}
	rows, cols := r.int64(part), r.int64(part)
	if r.err == nil && (rows < 0 || rows > math.MaxInt32 || cols < 1 || cols > maxDim) {
		r.err = fmt.Errorf("the %s should be %d x %d", part, rows, cols)
	}
	if !r.room(rows*cols, 4, part) {
		return m
	}
	m.Rows, m.Cols = int(rows), int(cols)
	m.Data = r.floats(rows*cols, part, keep)
	return m
}

// floats reads n numbers. Where the file's size is not known the memory grows
// with what really comes.
func (r *reader) floats(n int64, part string, keep bool) []float32 {
	const block = 1 << 14
	var raw [4 * block]byte
	var xs []float32
	if keep {
		most := n
		if r.size < 0 {
			most = min(n, block)
		}
		xs = make([]float32, 0, most)
	}
	for n > 0 && r.err == nil {
		b := raw[:4*min(n, block)]
		r.full(b, part)
		n -= int64(len(b) / 4)
		for ; len(b) > 0; b = b[4:] {
			bits := binary.LittleEndian.Uint32(b)
			if bits&0x7f800000 == 0x7f800000 && r.err == nil { // Inf and NaN
				r.err = fmt.Errorf("the %s holds a number that is not finite, before byte %d", part, r.at)
			}
			if keep {
				xs = append(xs, math.Float32frombits(bits))
			}
		}
	}
	return xs
}

func (r *reader) quantised(part string) *Matrix {
	normed := r.flag(part + " with quantised lengths")
	rows, cols := r.int64(part), r.int64(part)
	size := int64(r.int32(part))
	if r.err == nil && (rows < 0 || rows > math.MaxInt32 || cols < 1 || cols > maxDim) {
		r.err = fmt.Errorf("the %s should be %d x %d", part, rows, cols)
	}
	q := &Quantised{Codes: r.codes(size, part)}
	r.quantiser(&q.Parts, part)
	if r.err == nil && (q.Parts.Dim != int(cols) || size != rows*int64(q.Parts.Count)) {
		r.err = fmt.Errorf("the %s is %d x %d, its codes are %d for parts of dimension %d", part, rows, cols, size, q.Parts.Dim)
	}
	if normed {
		q.NormCodes = r.codes(rows, part)
		q.Norms = &Quantiser{}
		r.quantiser(q.Norms, part)
		if r.err == nil && q.Norms.Dim != 1 {
			r.err = fmt.Errorf("the lengths of the %s have dimension %d, not 1", part, q.Norms.Dim)
		}
	}
	return &Matrix{Rows: int(rows), Cols: int(cols), Codes: q}
}

func (r *reader) codes(n int64, part string) []byte {
	if !r.room(n, 1, part) {
		return nil
	}
	var codes []byte
	for int64(len(codes)) < n && r.err == nil {
		from := len(codes)
		codes = append(codes, make([]byte, min(n-int64(from), 1<<20))...)
		r.full(codes[from:], part)
	}
	return codes
}

func (r *reader) quantiser(q *Quantiser, part string) {
	q.Dim, q.Count, q.Width = int(r.int32(part)), int(r.int32(part)), int(r.int32(part))
	last := int(r.int32(part))
	if r.err == nil {
		r.err = q.check()
	}
	if r.err == nil && last != q.last() {
		r.err = fmt.Errorf("the last of %d parts of width %d should have width %d, the file says %d", q.Count, q.Width, q.last(), last)
	}
	if r.room(centroids*int64(q.Dim), 4, part) {
		q.Centroids = r.floats(centroids*int64(q.Dim), part, true)
	}
}
