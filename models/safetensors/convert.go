package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// littleEndian says whether this machine lays numbers out as the file does, so
// that float32 data can be copied whole.
var littleEndian = func() bool {
	one := uint16(1)
	return *(*byte)(unsafe.Pointer(&one)) == 1
}()

// NumEl is the number of elements; 1 for a 0-dimensional tensor.
func (t Tensor) NumEl() int64 {
	n := int64(1)
	for _, side := range t.Shape {
		n *= side
	}
	return n
}

// Float32s copies a F32, F16, BF16 or F64 tensor out as float32, row-major.
// F16 and BF16 convert exactly; F64 rounds to nearest, ties to even.
func (t Tensor) Float32s() ([]float32, error) {
	out := make([]float32, t.NumEl())
	switch t.DType {
	case F32:
		if littleEndian && len(out) > 0 {
			copy(unsafe.Slice((*byte)(unsafe.Pointer(&out[0])), 4*len(out)), t.Data)
			break
		}
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
		}
	case F16:
		for i := range out {
			out[i] = Float16(binary.LittleEndian.Uint16(t.Data[2*i:]))
		}
	case BF16: // the upper half of a float32
		for i := range out {
			out[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(t.Data[2*i:])) << 16)
		}
	case F64:
		for i := range out {
			out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:])))
		}
	default:
		return nil, fmt.Errorf("tensor %s holds %s, not floating-point numbers (F32, F16, BF16, F64)", quoteName(t.Name), t.DType)
	}
	return out, nil
}

// Float32Source is a F32 tensor to be written from numbers. data is not copied
// where the machine is little-endian: leave it alone until it is written.
func Float32Source(name string, data []float32, shape ...int64) Source {
	s := Source{Name: name, DType: F32, Shape: shape, Data: []byte{}}
	if len(data) == 0 {
		return s
	}
	if littleEndian {
		s.Data = unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), 4*len(data))
		return s
	}
	s.Data = make([]byte, 4*len(data))
	for i, v := range data {
		binary.LittleEndian.PutUint32(s.Data[4*i:], math.Float32bits(v))
	}
	return s
}

// Float16 is the float32 of an IEEE 754 binary16, exactly.
func Float16(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exp {
	case 0: // zero and subnormals: frac * 2^-24, exact in float32
		f := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 31: // infinity; NaN keeps its payload
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}
