package torch

// #include "native/native.h"
import "C"

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Tensor is an n-dimensional array in libtorch's memory. It may be used only inside Do. Its methods make new tensors and change
// nothing, but for those whose names end in an underscore.
type Tensor struct {
	c    libtch.Ctensor // *at::Tensor; nil once freed. No Go pointer may stand in this struct: cgo writes into it.
	kept bool
}

// in returns the handle for a call, and panics on a tensor that cannot be used.
func (t *Tensor) in() libtch.Ctensor {
	if t == nil || t.c == nil || !inside {
		t.refuse()
	}
	return t.c
}

func (t *Tensor) refuse() {
	mustBeInside()
	if t == nil {
		fail("a tensor is nil", nil)
	}
	fail("a tensor was freed already: it was made in a Scope or Do that has ended; Keep it there", nil)
}

// done ends an operation of gotch: t is what it made from in.
func (t *Tensor) done(in ...*Tensor) *Tensor {
	if message, failed := gotchError(); failed {
		fail(message, in)
	}
	return t.track()
}

// inPlaceDone ends an operation of gotch that changed t and returned another handle to it.
func (t *Tensor) inPlaceDone(again *Tensor, in ...*Tensor) *Tensor {
	if message, failed := gotchError(); failed {
		fail(message, in)
	}
	libtch.AtFree(again.c)
	return t
}

// ints gives a slice that gotch can take the address of also when it is empty.
func ints(s []int64) []int64 {
	if len(s) == 0 {
		return []int64{0}[:1]
	}
	return s
}

// product is the number of elements of a shape.
func product(shape []int64) int64 {
	n := int64(1)
	for _, s := range shape {
		n *= s
	}
	return n
}

// fromData copies Go memory of type from into a new tensor of type to.
func fromData(data unsafe.Pointer, n int, shape []int64, from, to DType) *Tensor {
	mustBeInside()
	for _, s := range shape {
		if s < 0 {
			panic(&Error{Op: caller(), Shapes: [][]int64{shape}, Msg: "a size is negative"})
		}
	}
	if int64(n) != product(shape) {
		panic(&Error{Op: caller(), Shapes: [][]int64{shape}, Msg: fmt.Sprintf("the shape holds %d elements, the data has %d", product(shape), n)})
	}
	t := new(Tensor)
	nativeDone(C.cloze_from_data(t.outHandle(), data, (*C.int64_t)(unsafe.SliceData(shape)), C.int(len(shape)), C.int(from), C.int(to)))
	return t.track()
}

// FromFloat32 copies data into a float32 tensor of the shape, in row-major order. No shape gives a 0-dimensional tensor of one
// element. It panics when the numbers of elements differ.
func FromFloat32(data []float32, shape ...int64) *Tensor {
	return fromData(unsafe.Pointer(unsafe.SliceData(data)), len(data), shape, Float32, Float32)
}

// FromFloat64 copies data into a float64 tensor.
func FromFloat64(data []float64, shape ...int64) *Tensor {
	return fromData(unsafe.Pointer(unsafe.SliceData(data)), len(data), shape, Float64, Float64)
}

// FromInt64 copies data into an int64 tensor.
func FromInt64(data []int64, shape ...int64) *Tensor {
	return fromData(unsafe.Pointer(unsafe.SliceData(data)), len(data), shape, Int64, Int64)
}

// FromInt32 copies data into an int64 tensor: ids are int32 in Go and int64 as indices of libtorch.
func FromInt32(data []int32, shape ...int64) *Tensor {
	return fromData(unsafe.Pointer(unsafe.SliceData(data)), len(data), shape, Int32, Int64)
}

// FromBool copies data into a bool tensor.
func FromBool(data []bool, shape ...int64) *Tensor {
	return fromData(unsafe.Pointer(unsafe.SliceData(data)), len(data), shape, Bool, Bool)
}

// FromBytes copies raw elements (little-endian, row-major) into a tensor of the type and shape.
func FromBytes(data []byte, dtype DType, shape ...int64) *Tensor {
	size := dtype.Size()
	if size == 0 || len(data)%size != 0 {
		panic(&Error{Op: "FromBytes", Shapes: [][]int64{shape}, Msg: fmt.Sprintf("%d bytes are no whole number of %v elements", len(data), dtype)})
	}
	return fromData(unsafe.Pointer(unsafe.SliceData(data)), len(data)/size, shape, dtype, dtype)
}

// Zeros makes a tensor of zeros.
func Zeros(dtype DType, device Device, shape ...int64) *Tensor {
	return constructor(libtch.AtgZeros, dtype, device, shape)
}

// Ones makes a tensor of ones.
func Ones(dtype DType, device Device, shape ...int64) *Tensor {
	return constructor(libtch.AtgOnes, dtype, device, shape)
}

// Empty makes a tensor whose elements are whatever the memory held.
func Empty(dtype DType, device Device, shape ...int64) *Tensor {
	return constructor(libtch.AtgEmpty, dtype, device, shape)
}

func constructor(f func(*libtch.Ctensor, []int64, int, int32, int32), dtype DType, device Device, shape []int64) *Tensor {
	mustBeInside()
	t := new(Tensor)
	f(&t.c, ints(shape), len(shape), int32(dtype), device.code())
	return t.done()
}

// Full makes a tensor of one value.
func Full(value float64, dtype DType, device Device, shape ...int64) *Tensor {
	mustBeInside()
	s := scalar(value)
	defer libtch.AtsFree(s)
	t := new(Tensor)
	libtch.AtgFull(&t.c, ints(shape), len(shape), s, int32(dtype), device.code())
	return t.done()
}

// Arange makes the int64 tensor 0, 1 ... n-1.
func Arange(n int64) *Tensor {
	mustBeInside()
	s := libtch.AtsInt(n)
	defer libtch.AtsFree(s)
	t := new(Tensor)
	libtch.AtgArange(&t.c, s, int32(Int64), int32(CPU))
	return t.done()
}

// scalar makes libtorch's number: an integer where the value is one, so that an integer tensor stays one.
func scalar(v float64) libtch.Cscalar {
	if i := int64(v); float64(i) == v && (i != 0 || !math.Signbit(v)) && i > -1<<53 && i < 1<<53 {
		return libtch.AtsInt(i)
	}
	return libtch.AtsFloat(v)
}
