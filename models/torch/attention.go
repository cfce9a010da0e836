package torch

// #include "native/native.h"
import "C"

import "unsafe"

// Attention returns softmax(q k' / sqrt(K)) v (Vaswani et al. 2017, arXiv:1706.03762) for rows packed one after another: q, k and v
// are [N,H,K], row i is [rowOffsets[i], rowOffsets[i+1]) of N and attends to itself only; causal hides what comes later in a row.
// Nothing outside a row has any influence on it, forward or backward, and no mask is built. dropout is the probability of dropping
// an attention probability (0 outside training). k and v may have fewer heads, H/G: G query heads in a row then share one of
// them (grouped queries, Ainslie et al. 2023, arXiv:2305.13245), without a copy. The result is [N,H,K].
func Attention(q, k, v *Tensor, rowOffsets []int32, causal bool, dropout float64) *Tensor {
	mustBeInside()
	if len(rowOffsets) == 0 {
		fail("row offsets must hold at least the 0 they begin with", []*Tensor{q, k, v})
	}
	r := new(Tensor)
	nativeDone(C.cloze_attention(r.outHandle(), handle(q.in()), handle(k.in()), handle(v.in()),
		(*C.int32_t)(unsafe.Pointer(&rowOffsets[0])), C.int(len(rowOffsets)-1), C.int(flag(causal)), C.double(dropout)), q, k, v)
	return r.track()
}

// AttentionQKV is Attention of one tensor qkv [N,3D], which holds the queries, then the keys, then the values of all heads, D = H*K,
// as one linear layer makes them; the result is [N,D]. It is the faster form: the gradient is written once.
func AttentionQKV(qkv *Tensor, heads int64, rowOffsets []int32, causal bool, dropout float64) *Tensor {
	mustBeInside()
	if len(rowOffsets) == 0 {
		fail("row offsets must hold at least the 0 they begin with", []*Tensor{qkv})
	}
	r := new(Tensor)
	nativeDone(C.cloze_attention_qkv(r.outHandle(), handle(qkv.in()), C.int64_t(heads),
		(*C.int32_t)(unsafe.Pointer(&rowOffsets[0])), C.int(len(rowOffsets)-1), C.int(flag(causal)), C.double(dropout)), qkv)
	return r.track()
}
