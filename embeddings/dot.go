package embeddings

import (
	"unsafe"

	"github.com/go-cloze/cloze/models/safetensors"
)

// The kernels of a search, each in portable Go and, where the machine has it, in
// assembly (dot_amd64.s). The two differ in the order of their additions, so in
// the last places of what they give; a search knows how far that can be off
// (floatSlack) and scores again in float64 what lies so close, so that both give
// the same answers to the last bit.

// laneFloats is what queries are padded to with zeros: the widest step of any kernel.
const laneFloats = 16

// kernels are chosen once, when the program starts.
var kernels = portable

// kernelSet is what a search runs on. In the assembly, rows are read up to 32
// bytes past their end (float32: never), see padded.
type kernelSet struct {
	name string
	// floats, halves, ints: out[i] = dot(query, row i) for len(out) rows of dim
	// numbers. The query is padded to laneFloats with zeros.
	floats func(out []float32, rows []float32, dim int, query []float32)
	halves func(out []float32, rows []uint16, dim int, query []float32)
	ints   func(out []int32, rows []int8, dim int, query []int16)
	// tile is tileRows rows against tileQueries queries at once: see tilePortable.
	tile func(t *tileArgs) bool
	// widen decodes float16.
	widen func(dst []float32, half []uint16)
}

var portable = kernelSet{name: "portable", floats: floatsPortable, halves: halvesPortable, ints: intsPortable, tile: tilePortable, widen: widenPortable}

func floatsPortable(out []float32, rows []float32, dim int, query []float32) {
	for i := range out {
		out[i] = dot(rows[i*dim:(i+1)*dim], query)
	}
}

// dot has four sums at work, since one would wait for itself at each addition.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + (s2 + s3)
}

func halvesPortable(out []float32, rows []uint16, dim int, query []float32) {
	for i := range out {
		sum := float32(0)
		for d, h := range rows[i*dim : (i+1)*dim] {
			sum += safetensors.Float16(h) * query[d]
		}
		out[i] = sum
	}
}

func intsPortable(out []int32, rows []int8, dim int, query []int16) {
	for i := range out {
		sum := int32(0)
		for d, c := range rows[i*dim : (i+1)*dim] {
			sum += int32(c) * int32(query[d])
		}
		out[i] = sum
	}
}

func widenPortable(dst []float32, half []uint16) {
	for i, h := range half {
		dst[i] = safetensors.Float16(h)
	}
}

// A tile keeps its sums in registers: 6 x 16 of them fill twelve of AVX2's
// sixteen, and each number loaded is used six or sixteen times.
const (
	tileRows    = 6
	tileQueries = 16
)

// tileArgs are the operands of a tile. The assembly knows this layout.
type tileArgs struct {
	rows    *float32             // the first of tileRows rows of dim numbers, one after another
	panel   *float32             // [dim][tileQueries]: number d of all queries side by side
	dim     int                  //
	inverse [8]float32           // 1/|row|, tileRows of them
	floor   [tileQueries]float32 // for each query, what a score must reach
	scores  [tileRows][tileQueries]float32
	hits    [8]uint32 // for each row a bit a query: the score does not stay below the floor
}

// tilePortable fills in scores = dot(row, query) * inverse and hits, and says
// whether there is a hit. A score that is NaN is one.
func tilePortable(t *tileArgs) bool {
	rows, panel := floatsAt(t.rows, tileRows*t.dim), floatsAt(t.panel, tileQueries*t.dim)
	any := false
	for r := range tileRows {
		var sums [tileQueries]float32
		for d, x := range rows[r*t.dim : (r+1)*t.dim] {
			for q, y := range panel[d*tileQueries : (d+1)*tileQueries : (d+1)*tileQueries] {
				sums[q] += x * y
			}
		}
		t.hits[r] = 0
		for q, sum := range sums {
			score := sum * t.inverse[r]
			t.scores[r][q] = score
			if !(score < t.floor[q]) {
				t.hits[r] |= 1 << q
				any = true
			}
		}
	}
	return any
}

func floatsAt(p *float32, n int) []float32 { return unsafe.Slice(p, n) }
