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

// Step runs tokens of some rows through the network. Token ids[i] at positions[i] stands in row rows[i] of the cache, which holds lengths[i] tokens
// before it; its keys and values are written there. Tokens of one row come in their order. keys and values have a tensor [cache
// rows,capacity,G,K] a layer. It returns the logits of what follows the last token of each row, [different rows,V] in the order of those
// tokens. Nothing is recorded for Backward. A token's numbers have the same bits whatever else is run with it.
func (d *Decoder) Step(ids, rows, lengths, positions []int32, keys, values []*Tensor) []float32 {
	logits := make([]float32, int64(distinct(rows))*d.Head.Size(0))
	d.step(ids, rows, lengths, positions, keys, values, logits, nil, 0)
	return logits
}

// Best is Step for whoever wants only the id below limit with the largest logit, the lowest of equal ones: of a large vocabulary not all logits are
// computed for that. Where a logit is no number it is -1 - id of the first such. What it keeps of the head, a byte a number, ForgetBest frees.
func (d *Decoder) Best(limit int, ids, rows, lengths, positions []int32, keys, values []*Tensor) []int32 {
	best := make([]int32, distinct(rows))
	d.step(ids, rows, lengths, positions, keys, values, nil, best, limit)
	return best
}

// ForgetBest frees what Best keeps of the last head.
func ForgetBest() {
	mustBeInside()
	C.cloze_forget_screen()
}

// distinct counts the different rows.
func distinct(rows []int32) int {
	seen := map[int32]bool{}
	for _, r := range rows {
		seen[r] = true
	}
	return len(seen)
}

func (d *Decoder) step(ids, rows, lengths, positions []int32, keys, values []*Tensor, logits []float32, best []int32, limit int) {
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
	k, v := ownHandles(keys), ownHandles(values)
	nativeDone(C.cloze_decode(&c, &k[0], &v[0], C.int(len(ids)), int32s(ids), int32s(rows), int32s(lengths), int32s(positions),
		(*C.float)(unsafe.SliceData(logits)), int32s(best), C.int64_t(limit)), d.Tokens, keys[0])
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
