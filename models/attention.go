package models

import "github.com/go-cloze/cloze/models/torch"

// SelfAttention is multi-head attention of a row's tokens to each other (Vaswani et al. 2017, section 3.2).
// Queries, keys and values come from one matrix: one product of [N,D] by [D,3D] is faster than three.
type SelfAttention struct {
	QKV, Out Linear  // [3D,D] and [D,D]
	NumHeads int     // H
	Causal   bool    // a token sees those before it only
	Dropout  float64 // of attention weights, in training
}

// Forward maps [N,D] to [N,D]; no token sees another row's.
func (a SelfAttention) Forward(xND *torch.Tensor, in Input) *torch.Tensor {
	n, dim := xND.Size(0), xND.Size(1)
	heads := int64(a.NumHeads)
	qkv := a.QKV.Forward(xND).View(n, 3*heads, dim/heads)
	qNHK, kNHK, vNHK := qkv.Narrow(1, 0, heads), qkv.Narrow(1, heads, heads), qkv.Narrow(1, 2*heads, heads)
	dropout := a.Dropout
	if !in.Train {
		dropout = 0
	}
	mixedNHK := torch.Attention(qNHK, kNHK, vNHK, in.RowOffsets, a.Causal, dropout)
	return a.Out.Forward(mixedNHK.Reshape(n, dim))
}
