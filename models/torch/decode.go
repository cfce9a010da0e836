package torch

// #include <stdlib.h>
// #include "native/native.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// DecoderLayer is the weights of one block as Decoder takes them: float32, dense, matrices [out,in]; nil for what a network has not.
// Without K and V, Q holds the rows of all three, one below the other. Without Gate the MLP is down(act(up(x))), with it
// down(act(gate(x)) * up(x)).
type DecoderLayer struct {
	Norm1, Norm1Bias, Norm2, Norm2Bias         *Tensor
	Q, QBias, K, KBias, V, VBias               *Tensor
	Out, OutBias                               *Tensor
	Gate, GateBias, Up, UpBias, Down, DownBias *Tensor
}

// Decoder describes a pre-norm network of causal attention for Step.
type Decoder struct {
	Tokens, Positions *Tensor   // tables [V,D] and [P,D]; Positions may be nil
	Frequencies       []float32 // K/2 of rotary positions, radians a token; nil without
	Layers            []DecoderLayer
	Norm, NormBias    *Tensor
	Head, HeadBias    *Tensor // [V,D] and [V] or nil
	Heads, KVHeads    int
	HeadWidth         int // K
	RMSNorm           bool
	Epsilon           float64
	Activation        string // gelu, gelu_tanh, relu, silu
}

var decoderActivations = map[string]C.int{"gelu": C.CLOZE_GELU, "gelu_tanh": C.CLOZE_GELU_TANH, "relu": C.CLOZE_RELU, "silu": C.CLOZE_SILU}

// Step runs one token of each of some rows through the network and returns their logits, row after row [rows,V]. Row i is token ids[i]
// at positions[i], and stands in row rows[i] of the cache, which holds lengths[i] tokens before it; its keys and values are written there.
// keys and values have a tensor [cache rows,capacity,G,K] a layer. Nothing is recorded for Backward.
func (d *Decoder) Step(ids, rows, lengths, positions []int32, keys, values []*Tensor) []float32 {
	mustBeInside()
	activation, ok := decoderActivations[d.Activation]
	if !ok || len(ids) == 0 || len(rows) != len(ids) || len(lengths) != len(ids) || len(positions) != len(ids) ||
		len(keys) != len(d.Layers) || len(values) != len(d.Layers) || len(d.Layers) == 0 {
		panic(&Error{Op: "Step", Msg: fmt.Sprintf("%d ids, %d rows, %d lengths, %d positions, %d layers of keys for %d layers, activation %q do not go together",
			len(ids), len(rows), len(lengths), len(positions), len(keys), len(d.Layers), d.Activation)})
	}
	shape := keys[0].Shape()
	weights := make([]C.cloze_tensor, 0, len(d.Layers)*C.CLOZE_SLOTS)
	for _, l := range d.Layers {
		for _, t := range [C.CLOZE_SLOTS]*Tensor{l.Norm1, l.Norm1Bias, l.Norm2, l.Norm2Bias, l.Q, l.QBias, l.K, l.KBias, l.V, l.VBias,
			l.Out, l.OutBias, l.Gate, l.GateBias, l.Up, l.UpBias, l.Down, l.DownBias} {
			weights = append(weights, orNull(t))
		}
	}
	// C memory: cgo lets no struct in Go memory hold a pointer into Go memory.
	size := len(weights) * int(unsafe.Sizeof(weights[0]))
	held := C.malloc(C.size_t(size + 4*len(d.Frequencies)))
	defer C.free(held)
	copy(unsafe.Slice((*C.cloze_tensor)(held), len(weights)), weights)
	var frequencies *C.float
	if len(d.Frequencies) > 0 {
		if 2*len(d.Frequencies) != d.HeadWidth {
			panic(&Error{Op: "Step", Msg: fmt.Sprintf("%d frequencies for heads of %d", len(d.Frequencies), d.HeadWidth)})
		}
		frequencies = (*C.float)(unsafe.Add(held, size))
		copy(unsafe.Slice((*float32)(unsafe.Pointer(frequencies)), len(d.Frequencies)), d.Frequencies)
	}
	c := C.cloze_decoder{
		weights: (*C.cloze_tensor)(held), tokens: orNull(d.Tokens), positions: orNull(d.Positions), norm: orNull(d.Norm), norm_bias: orNull(d.NormBias),
		head: orNull(d.Head), head_bias: orNull(d.HeadBias),
		frequencies: frequencies, layers: C.int(len(d.Layers)), heads: C.int(d.Heads), kv_heads: C.int(d.KVHeads), head_width: C.int(d.HeadWidth),
		rms_norm: C.int(flag(d.RMSNorm)), activation: activation, epsilon: C.double(d.Epsilon),
		cache_rows: C.int64_t(shape[0]), capacity: C.int64_t(shape[1]),
	}
	logits := make([]float32, int64(len(ids))*d.Head.Size(0))
	k, v := ownHandles(keys), ownHandles(values)
	nativeDone(C.cloze_decode(&c, &k[0], &v[0], C.int(len(ids)), int32s(ids), int32s(rows), int32s(lengths), int32s(positions),
		(*C.float)(&logits[0])), d.Tokens, keys[0])
	return logits
}

// ownHandles are tensors as our own kernels take them.
func ownHandles(ts []*Tensor) []C.cloze_tensor {
	list := make([]C.cloze_tensor, len(ts))
	for i, t := range ts {
		list[i] = handle(t.in())
	}
	return list
}

func int32s(s []int32) *C.int32_t { return (*C.int32_t)(unsafe.Pointer(unsafe.SliceData(s))) }
