package embeddings

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"unsafe"
)

// Convert returns the same words with their rows held as d, in memory. Float16
// rounds each number to the nearest; one beyond its range (65,504) is an error.
// Int8 rounds to one of 255 steps from minus to plus the largest number of the
// row. Float32 decodes. Words and counts are shared, so a mapped store must stay
// open; what composes words is not taken along.
func (v *Vectors) Convert(d DType) (*Vectors, error) {
	if d == v.DType() {
		return v, nil
	}
	out := *v
	out.rows, out.half, out.codes, out.scales = nil, nil, nil, nil
	out.screen, out.file, out.close, out.compose = nil, nil, nil, nil
	switch size := v.Len() * v.dim; d {
	case Float32:
		out.rows = v.Rows()
	case Float16:
		out.half = padded[uint16](size)
		if bad := v.intoHalves(out.half); bad >= 0 {
			return nil, fmt.Errorf("the vector of word %s holds a number beyond float16's range (65,504)", quote(v.Word(bad)))
		}
	case Int8:
		out.codes, out.scales = padded[int8](size), make([]float32, v.Len())
		v.eachRow(func(i int, row []float32) {
			out.scales[i] = largest(row) / 127
			encodeCodes(out.codes[i*v.dim:(i+1)*v.dim], row, float64(out.scales[i]))
		})
	default:
		return nil, fmt.Errorf("unknown kind of numbers %s; there are float32, float16 and int8", quote(string(d)))
	}
	out.norms = make([]float64, v.Len())
	out.eachRow(func(i int, row []float32) { out.norms[i] = norm(row) })
	return &out, nil
}

// intoHalves returns the first row that does not fit, or -1.
func (v *Vectors) intoHalves(half []uint16) int {
	bad := -1
	var lock sync.Mutex
	v.eachRow(func(i int, row []float32) {
		fits := true
		for d, x := range row {
			h := toHalf(x)
			half[i*v.dim+d] = h
			fits = fits && h&0x7c00 != 0x7c00
		}
		if !fits {
			lock.Lock()
			if bad < 0 || i < bad {
				bad = i
			}
			lock.Unlock()
		}
	})
	return bad
}

// eachRow decodes all rows, on all cores; do may not keep the row.
func (v *Vectors) eachRow(do func(i int, row []float32)) {
	spans(v.Len(), runtime.GOMAXPROCS(0), func(_, from, to int) {
		var row []float32
		for i := from; i < to; i++ {
			row = v.AppendRow(row[:0], i)
			do(i, row)
		}
	})
}

func largest(row []float32) float32 {
	most := float32(0)
	for _, x := range row {
		most = max(most, x, -x)
	}
	return most
}

// encodeCodes rounds row / scale to whole numbers of seven bits and a sign.
func encodeCodes(codes []int8, row []float32, scale float64) {
	if scale == 0 {
		return // a zero row, or one so small that its steps are no float32
	}
	for d, x := range row {
		codes[d] = int8(max(-127, min(127, math.RoundToEven(float64(x)/scale))))
	}
}

// padded makes n numbers and 64 bytes after them, so that a wide load at the end
// stays inside.
func padded[T any](n int) []T {
	var t T
	return make([]T, n+sectionAlign/int(unsafe.Sizeof(t)))[:n]
}
