package models

import (
	"math"

	"github.com/go-cloze/cloze/models/torch"
)

// Cache keeps the keys and values of the tokens that rows already hold, so that a further token costs one token's work. Its memory
// is taken when it is made and never grows. It is used inside torch.Do and freed with Free.
type Cache struct {
	Lengths []int32 // tokens that each row of the cache holds
	Rows    []int32 // the cache's row that each packed row of an Input belongs to; nil: row i is row i

	keys, values []*torch.Tensor // a layer: [rows,capacity,G,K], G heads of keys
}

// newCache makes room for rows of capacity tokens each, beside the tensor like for its dtype and device.
func newCache(layers, rows, capacity, kvHeads, headWidth int, like *torch.Tensor) *Cache {
	c := &Cache{Lengths: make([]int32, rows)}
	for range layers {
		for _, to := range []*[]*torch.Tensor{&c.keys, &c.values} {
			t := torch.Zeros(like.DType(), like.Device(), int64(rows), int64(capacity), int64(kvHeads), int64(headWidth))
			*to = append(*to, t.Keep())
		}
	}
	return c
}

// Free frees the memory.
func (c *Cache) Free() {
	torch.Free(c.keys...)
	torch.Free(c.values...)
}

// row is the cache's row of the i-th packed row.
func (c *Cache) row(i int) int32 {
	if c.Rows == nil {
		return int32(i)
	}
	return c.Rows[i]
}

// attend appends the keys and values kNGK and vNGK of an input's new tokens to their rows and returns what the queries qNHK, of the same
// tokens, take from all that their row then holds, [N,H,K]. The lengths rise only in advance, after the last layer.
func (c *Cache) attend(layer int, qNHK, kNGK, vNGK *torch.Tensor, rowOffsets []int32) *torch.Tensor {
	c.store(layer, kNGK, vNGK, rowOffsets)
	if c.empty(rowOffsets) { // a start: the rows attend to themselves alone
		return torch.Attention(qNHK, kNGK, vNGK, rowOffsets, true, 0)
	}
	repeats := qNHK.Size(1) / kNGK.Size(1)
	var outs []*torch.Tensor
	for i := range len(rowOffsets) - 1 {
		start, n := int64(rowOffsets[i]), int64(rowOffsets[i+1]-rowOffsets[i])
		if n == 0 {
			continue
		}
		row, before := int64(c.row(i)), int64(c.Lengths[c.row(i)])
		held := func(cache []*torch.Tensor) *torch.Tensor { // [H,before+n,K]
			return repeatHeads(rowOf(cache[layer], row).Narrow(0, 0, before+n).Transpose(0, 1), repeats)
		}
		k, v := held(c.keys), held(c.values)
		outs = append(outs, attendAfter(qNHK.Narrow(0, start, n).Transpose(0, 1), k, v, before).Transpose(0, 1))
	}
	if len(outs) == 0 {
		return qNHK // of no tokens
	}
	return torch.Cat(0, outs...)
}

// store appends keys and values [N,G,K] to the rows of a layer.
func (c *Cache) store(layer int, kNGK, vNGK *torch.Tensor, rowOffsets []int32) {
	for i := range len(rowOffsets) - 1 {
		start, n, row := int64(rowOffsets[i]), int64(rowOffsets[i+1]-rowOffsets[i]), int64(c.row(i))
		before := int64(c.Lengths[row])
		rowOf(c.keys[layer], row).Narrow(0, before, n).Copy_(kNGK.Narrow(0, start, n))
		rowOf(c.values[layer], row).Narrow(0, before, n).Copy_(vNGK.Narrow(0, start, n))
	}
}

// rowOf is one row of a layer's keys or values, [capacity,G,K], in the cache's own memory.
func rowOf(layer *torch.Tensor, row int64) *torch.Tensor {
	shape := layer.Shape()
	return layer.Narrow(0, row, 1).View(shape[1:]...)
}

// empty says whether none of an input's rows holds anything yet.
func (c *Cache) empty(rowOffsets []int32) bool {
	for i := range len(rowOffsets) - 1 {
		if c.Lengths[c.row(i)] > 0 {
			return false
		}
	}
	return true
}

// repeatHeads turns [G,T,K] into [G*repeats,T,K]: each head of keys serves several of queries (Ainslie et al. 2023).
func repeatHeads(xGTK *torch.Tensor, repeats int64) *torch.Tensor {
	if repeats == 1 {
		return xGTK
	}
	var heads []*torch.Tensor
	for g := range xGTK.Size(0) {
		for range repeats {
			heads = append(heads, xGTK.Narrow(0, g, 1))
		}
	}
	return torch.Cat(0, heads...)
}

// attendAfter is softmax(q k' / sqrt(K)) v of queries [H,n,K] whose first follows `before` tokens of the keys and values [H,before+n,K].
func attendAfter(q, k, v *torch.Tensor, before int64) *torch.Tensor {
	n, all, dtype := q.Size(1), k.Size(1), q.DType()
	if dtype.Half() { // scores can be beyond float16
		q, k, v = q.To(torch.Float32), k.To(torch.Float32), v.To(torch.Float32)
	}
	scores := q.MatMul(k.Transpose(1, 2)).MulScalar(1 / math.Sqrt(float64(q.Size(2))))
	if n > 1 {
		hidden := make([]bool, n*all) // token i of the new ones sees those up to itself
		for i := range n {
			for j := before + i + 1; j < all; j++ {
				hidden[i*all+j] = true
			}
		}
		scores = scores.MaskedFill(torch.FromBool(hidden, n, all).ToDevice(q.Device()), math.Inf(-1))
	}
	return scores.Softmax(-1).MatMul(v).To(dtype)
}

// advance counts an input's tokens as held, after all layers have added theirs.
func (c *Cache) advance(rowOffsets []int32) {
	for i := range len(rowOffsets) - 1 {
		c.Lengths[c.row(i)] += rowOffsets[i+1] - rowOffsets[i]
	}
}
