package torch

// #include "native/native.h"
import "C"

import (
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Shape returns a copy of the sizes; empty for a 0-dimensional tensor.
func (t *Tensor) Shape() []int64 {
	t.in()
	return t.shape()
}

func (t *Tensor) shape() []int64 {
	shape := make([]int64, libtch.AtDim(t.c))
	if len(shape) > 0 {
		libtch.AtShape(t.c, unsafe.Pointer(&shape[0]))
	}
	return shape
}

// Size returns the size of dimension i; a negative i counts from the last.
func (t *Tensor) Size(i int64) int64 {
	shape := t.Shape()
	if i < 0 {
		i += int64(len(shape))
	}
	if i < 0 || i >= int64(len(shape)) {
		fail("no such dimension", []*Tensor{t})
	}
	return shape[i]
}

// Dims returns the number of dimensions.
func (t *Tensor) Dims() int { return int(libtch.AtDim(t.in())) }

// NumEl returns the number of elements: 1 for a 0-dimensional tensor, 0 where a size is 0.
func (t *Tensor) NumEl() int64 { return product(t.Shape()) }

// DType returns the type of the elements.
func (t *Tensor) DType() DType { return DType(libtch.AtScalarType(t.in())) }

// Device returns where the tensor lies.
func (t *Tensor) Device() Device { return Device(int32(libtch.AtDevice(t.in()))) }

// IsContiguous says whether the elements lie in row-major order without gaps.
func (t *Tensor) IsContiguous() bool { return libtch.AtIsContiguous(t.in()) }

// toData copies all elements, as the type, row-major, to Go memory.
func toData(t *Tensor, data unsafe.Pointer, dtype DType) {
	nativeDone(C.cloze_to_data(handle(t.in()), data, C.int(dtype)), t)
}

// Float32s returns a copy of the elements in row-major order, converted to float32 from whatever type.
func (t *Tensor) Float32s() []float32 {
	data := make([]float32, t.NumEl())
	toData(t, unsafe.Pointer(unsafe.SliceData(data)), Float32)
	return data
}

// Float64s returns a copy of the elements in row-major order, converted to float64 from whatever type.
func (t *Tensor) Float64s() []float64 {
	data := make([]float64, t.NumEl())
	toData(t, unsafe.Pointer(unsafe.SliceData(data)), Float64)
	return data
}

// Int64s returns a copy of the elements in row-major order, converted to int64; floats are cut towards zero.
func (t *Tensor) Int64s() []int64 {
	data := make([]int64, t.NumEl())
	toData(t, unsafe.Pointer(unsafe.SliceData(data)), Int64)
	return data
}

// Bools returns a copy of the elements in row-major order: true where not zero.
func (t *Tensor) Bools() []bool {
	data := make([]bool, t.NumEl())
	toData(t, unsafe.Pointer(unsafe.SliceData(data)), Bool)
	return data
}

// Item returns the only element.
func (t *Tensor) Item() float64 {
	var v C.double
	nativeDone(C.cloze_item(handle(t.in()), &v), t)
	return float64(v)
}

// Bytes returns a copy of the elements as they are, row-major, little-endian.
func (t *Tensor) Bytes() []byte {
	dtype := t.DType()
	data := make([]byte, t.NumEl()*int64(dtype.Size()))
	toData(t, unsafe.Pointer(unsafe.SliceData(data)), dtype)
	return data
}

// CopyToBytes is Bytes into memory that is there: data must be exactly as long.
func (t *Tensor) CopyToBytes(data []byte) {
	dtype := t.DType()
	if int64(len(data)) != t.NumEl()*int64(dtype.Size()) {
		fail("the memory given is not as long as the tensor", []*Tensor{t})
	}
	toData(t, unsafe.Pointer(unsafe.SliceData(data)), dtype)
}

// CopyFromBytes overwrites the elements with raw ones of the same type, row-major, little-endian. Autograd does not see it.
func (t *Tensor) CopyFromBytes(data []byte) {
	nativeDone(C.cloze_from_bytes(handle(t.in()), unsafe.Pointer(unsafe.SliceData(data)), C.int64_t(len(data))), t)
}

// CopyFromFloat32s overwrites a float tensor (of any float type) with row-major values. Autograd does not see it.
func (t *Tensor) CopyFromFloat32s(data []float32) {
	Scope(func() {
		NoGrad(func() { t.Copy_(FromFloat32(data, t.Shape()...)) })
	})
}
