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
	dropout := a.Dropout
	if !in.Train {
		dropout = 0
	}
	qkv := a.QKV.Forward(xND) // [N,3D]: queries, keys, values
	return a.Out.Forward(torch.AttentionQKV(qkv, int64(a.NumHeads), in.RowOffsets, a.Causal, dropout))
}
