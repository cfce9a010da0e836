package torch

// #include "native/native.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// EncoderLayer is the weights of one block as Encoder takes them: matrices [out,in], the rows of queries, keys and values one below the other.
type EncoderLayer struct {
	QKV, QKVBias, Out, OutBias, Norm1, Norm1Bias, Up, UpBias, Down, DownBias, Norm2, Norm2Bias *Tensor
}

// Encoder is the blocks of a network in which a norm follows each residual branch (Devlin et al. 2019), made ready for Encode: it keeps a copy of
// the matrices in an order of its own, and the other tensors. Free it.
type Encoder struct {
	tensors    []*Tensor // CLOZE_ENCODER_SLOTS a layer
	layers     int
	heads      int
	epsilon    float64
	activation C.int
}

var encoderActivations = map[string]C.int{"gelu": C.CLOZE_ENCODE_GELU, "gelu_tanh": C.CLOZE_ENCODE_GELU_TANH, "relu": C.CLOZE_ENCODE_RELU}

// NewEncoder returns the blocks for Encode, or nil where that is not for them: on a processor without AVX2, for tensors that are not float32 on the
// CPU, for another activation than gelu, gelu_tanh and relu.
//
// With int8 each matrix is rounded to whole numbers of 8 bits, with one scale a row of it, and what is multiplied with it to 7 bits as it comes, each token for
// itself: less exact, faster, a quarter of the memory.
func NewEncoder(layers []EncoderLayer, heads int, epsilon float64, activation string, int8 bool) *Encoder {
	mustBeInside()
	kind, known := encoderActivations[activation]
	if !known || C.cloze_can_encode() == 0 {
		return nil
	}
	var bits8 C.int
	if int8 {
		bits8 = 1
	}
	e := &Encoder{layers: len(layers), heads: heads, epsilon: epsilon, activation: kind}
	for _, l := range layers {
		for i, t := range []*Tensor{l.QKV, l.QKVBias, l.Out, l.OutBias, l.Norm1, l.Norm1Bias, l.Up, l.UpBias, l.Down, l.DownBias, l.Norm2, l.Norm2Bias} {
			if t.DType() != Float32 || t.Device() != CPU {
				e.Free()
				return nil
			}
			if t.Dims() == 2 {
				packed := new(Tensor)
				nativeDone(C.cloze_encoder_pack(packed.outHandle(), handle(t.in()), bits8), t)
				t = packed.track().Keep()
			} else if i%2 == 0 && i != 4 && i != 10 {
				fail("a matrix of an encoder must be [out,in]", []*Tensor{t})
			}
			e.tensors = append(e.tensors, t)
		}
	}
	return e
}

// Encode runs the blocks over x [N,D], whose rows are packed as Attention has them, and writes the result there. Nothing is recorded for Backward. A
// row's numbers have the same bits whatever other rows are run with it.
func (e *Encoder) Encode(x *Tensor, rowOffsets []int32) { e.run(x, rowOffsets, 0) }

// EncodeFirst is Encode for the first token of each row alone, [R,D], with the same bits; most of the last block is left out. It is a part of x, the
// rest of which holds nothing then. A row without tokens is an error.
func (e *Encoder) EncodeFirst(x *Tensor, rowOffsets []int32) *Tensor {
	e.run(x, rowOffsets, 1)
	return x.Narrow(0, 0, int64(len(rowOffsets)-1))
}

func (e *Encoder) run(x *Tensor, rowOffsets []int32, first C.int) {
	mustBeInside()
	weights := handleArray(e.tensors)
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(unsafe.Pointer(weights))
	c := C.cloze_encoder{weights: weights, layers: C.int(e.layers), heads: C.int(e.heads), activation: e.activation, epsilon: C.double(e.epsilon)}
	nativeDone(C.cloze_encode(&c, handle(x.in()), (*C.int32_t)(unsafe.Pointer(&rowOffsets[0])), C.int(len(rowOffsets)-1), first), x)
}

// Free frees the copies of the matrices; the tensors that were given stay.
func (e *Encoder) Free() {
	for i, t := range e.tensors {
		if slot := i % C.CLOZE_ENCODER_SLOTS; slot%2 == 0 && slot != 4 && slot != 10 { // all but norms and biases
			Free(t)
		}
	}
	e.tensors = nil
}
