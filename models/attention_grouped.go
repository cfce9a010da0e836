package models

import "github.com/go-cloze/cloze/models/torch"

// GroupedAttention is attention in which several query heads share a head of keys and values (Ainslie et al. 2023,
// section 2.2), with rotary positions. One key head for each query head is plain multi-head attention.
type GroupedAttention struct {
	Q, K, V, Out Linear // [H·K,D], twice [H/G·K,D], [D,H·K]
	HeadDim      int    // K
	Dropout      float64
}

// Forward maps [N,D] to [N,D]; a token sees itself and those before it in its row. angles are those of the tokens'
// positions.
func (a GroupedAttention) Forward(xND *torch.Tensor, in Input, angles torch.Angles) *torch.Tensor {
	dropout := a.Dropout
	if !in.Train {
		dropout = 0
	}
	q, k, v := a.heads(a.Q, xND).Rotary(angles), a.heads(a.K, xND).Rotary(angles), a.heads(a.V, xND)
	if in.Cache != nil {
		return a.Out.Forward(in.Cache.attend(in.layer, q, k, v, in.RowOffsets).Reshape(xND.Size(0), a.Out.WeightOI.Size(1)))
	}
	y := torch.Attention(q, k, v, in.RowOffsets, true, dropout)
	return a.Out.Forward(y.View(xND.Size(0), a.Out.WeightOI.Size(1)))
}

// heads maps [N,D] to [N,heads,K].
func (a GroupedAttention) heads(l Linear, xND *torch.Tensor) *torch.Tensor {
	width := int64(a.HeadDim)
	return l.Forward(xND).View(xND.Size(0), l.WeightOI.Size(0)/width, width) // no -1: there may be no tokens
}
