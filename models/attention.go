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
	return a.Out.Forward(a.heads(xND, in))
}

// heads returns what the heads have gathered, before Out: [N,D].
func (a SelfAttention) heads(xND *torch.Tensor, in Input) *torch.Tensor {
	dropout := a.Dropout
	if !in.Train {
		dropout = 0
	}
	qkv := a.QKV.Forward(xND) // [N,3D]: queries, keys, values
	if in.Cache != nil {
		return a.cached(qkv, in)
	}
	return torch.AttentionQKV(qkv, int64(a.NumHeads), in.RowOffsets, a.Causal, dropout)
}

// cached is the attention of tokens that follow those of in.Cache.
func (a SelfAttention) cached(qkvN3D *torch.Tensor, in Input) *torch.Tensor {
	n, heads := qkvN3D.Size(0), int64(a.NumHeads)
	width := qkvN3D.Size(1) / 3
	part := func(i int64) *torch.Tensor { return qkvN3D.Narrow(1, i*width, width).Reshape(n, heads, width/heads) }
	return in.Cache.attend(in.layer, part(0), part(1), part(2), in.RowOffsets).Reshape(n, width)
}
