package models

import (
	"math"

	"github.com/go-cloze/cloze/models/torch"
)

// LocalAttention is attention with rotary positions in which a token sees those at most Reach before and behind it in its row (Beltagy et al. 2020,
// section 3.1), or the whole row.
type LocalAttention struct {
	QKV, Out Linear // [3D,D] and [D,D]
	NumHeads int
	Reach    int     // tokens to each side; 0 for all
	Dropout  float64 // of attention weights, in training
}

// Forward maps [N,D] to [N,D]; angles are those of the tokens' positions.
func (a LocalAttention) Forward(xND *torch.Tensor, in Input, angles torch.Angles) *torch.Tensor {
	n, heads := xND.Size(0), int64(a.NumHeads)
	dim := a.Out.WeightOI.Size(1)
	parts := a.QKV.Forward(xND).View(n, 3, heads, dim/heads)
	q, k, v := parts.Select(1, 0).Rotary(angles), parts.Select(1, 1).Rotary(angles), parts.Select(1, 2)
	dropout := a.Dropout
	if !in.Train {
		dropout = 0
	}
	longest := int32(0)
	for i := 1; i < len(in.RowOffsets); i++ {
		longest = max(longest, in.RowOffsets[i]-in.RowOffsets[i-1])
	}
	if a.Reach == 0 || int(longest) <= a.Reach+1 { // nothing is out of reach
		return a.Out.Forward(torch.Attention(q, k, v, in.RowOffsets, false, dropout).View(n, dim))
	}
	return a.Out.Forward(a.masked(q, k, v, in.RowOffsets, dropout).Reshape(n, dim))
}

// masked is the attention of rows of which some are longer than the reach, row by row: runs of rows that are not go through the kernel.
func (a LocalAttention) masked(q, k, v *torch.Tensor, offsets []int32, dropout float64) *torch.Tensor {
	var outs []*torch.Tensor
	for first := 0; first+1 < len(offsets); {
		last := first + 1 // rows [first,last) go together
		short := func(i int) bool { return int(offsets[i]-offsets[i-1]) <= a.Reach+1 }
		if short(last) {
			for last+1 < len(offsets) && short(last+1) {
				last++
			}
		}
		start, n := int64(offsets[first]), int64(offsets[last]-offsets[first])
		part := func(t *torch.Tensor) *torch.Tensor { return t.Narrow(0, start, n) }
		if short(last) {
			own := make([]int32, 0, last-first+1)
			for _, offset := range offsets[first : last+1] {
				own = append(own, offset-offsets[first])
			}
			outs = append(outs, torch.Attention(part(q), part(k), part(v), own, false, dropout))
		} else {
			outs = append(outs, a.long(part(q), part(k), part(v), dropout))
		}
		first = last
	}
	return torch.Cat(0, outs...)
}

// long is the attention of one row longer than the reach: q, k and v are [T,H,K].
func (a LocalAttention) long(q, k, v *torch.Tensor, dropout float64) *torch.Tensor {
	n := q.Size(0)
	far := torch.Ones(torch.Float32, q.Device(), n, n)
	far = far.Tril(int64(-a.Reach - 1)).Add(far.Tril(int64(-a.Reach-1)).Transpose(0, 1)).GtScalar(0)
	scores := q.Transpose(0, 1).MatMul(k.Permute(1, 2, 0)).MulScalar(1 / math.Sqrt(float64(q.Size(2))))
	p := scores.MaskedFill(far, math.Inf(-1)).Softmax(-1).Dropout(dropout, dropout > 0)
	return p.MatMul(v.Transpose(0, 1)).Transpose(0, 1)
}
