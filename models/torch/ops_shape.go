package torch

import (
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// View returns the same memory under another shape; one size may be -1. It panics where the strides forbid it: Reshape copies then.
func (t *Tensor) View(shape ...int64) *Tensor {
	r := new(Tensor)
	libtch.AtgView(&r.c, t.in(), ints(shape), len(shape))
	return r.done(t)
}

// Reshape is View, or a copy where a view is impossible.
func (t *Tensor) Reshape(shape ...int64) *Tensor {
	r := new(Tensor)
	libtch.AtgReshape(&r.c, t.in(), ints(shape), len(shape))
	return r.done(t)
}

// Transpose returns a view with dimensions i and j exchanged.
func (t *Tensor) Transpose(i, j int64) *Tensor {
	r := new(Tensor)
	libtch.AtgTranspose(&r.c, t.in(), i, j)
	return r.done(t)
}

// Permute returns a view with the dimensions in the order given.
func (t *Tensor) Permute(dims ...int64) *Tensor {
	r := new(Tensor)
	libtch.AtgPermute(&r.c, t.in(), ints(dims), len(dims))
	return r.done(t)
}

// Contiguous returns the same elements in row-major order; a copy only where needed.
func (t *Tensor) Contiguous() *Tensor { return unary(libtch.AtgContiguous, t) }

// Narrow returns a view of length elements of dim from start on.
func (t *Tensor) Narrow(dim, start, length int64) *Tensor {
	r := new(Tensor)
	libtch.AtgNarrow(&r.c, t.in(), dim, start, length)
	return r.done(t)
}

// Select returns a view of one index of dim, which is removed.
func (t *Tensor) Select(dim, index int64) *Tensor {
	r := new(Tensor)
	libtch.AtgSelect(&r.c, t.in(), dim, index)
	return r.done(t)
}

// Unsqueeze returns a view with a new dimension of size 1 at dim.
func (t *Tensor) Unsqueeze(dim int64) *Tensor {
	r := new(Tensor)
	libtch.AtgUnsqueeze(&r.c, t.in(), dim)
	return r.done(t)
}

// Squeeze returns a view without dim, where its size is 1.
func (t *Tensor) Squeeze(dim int64) *Tensor {
	r := new(Tensor)
	libtch.AtgSqueezeDim(&r.c, t.in(), dim)
	return r.done(t)
}

// Expand returns a view in which dimensions of size 1 are repeated to the shape; -1 leaves a size.
func (t *Tensor) Expand(shape ...int64) *Tensor {
	r := new(Tensor)
	libtch.AtgExpand(&r.c, t.in(), ints(shape), len(shape), 0)
	return r.done(t)
}

// Split returns views of size elements of dim each; the last may be shorter.
func (t *Tensor) Split(size, dim int64) []*Tensor {
	if size <= 0 {
		fail("the size of a part must be positive", []*Tensor{t})
	}
	n := t.Size(dim)
	var parts []*Tensor
	for start := int64(0); start == 0 || start < n; start += size {
		parts = append(parts, t.Narrow(dim, start, min(size, n-start)))
	}
	return parts
}

// Chunk returns n views of equal size along dim; the last may be shorter, and there may be fewer.
func (t *Tensor) Chunk(n, dim int64) []*Tensor {
	if n <= 0 {
		fail("the number of parts must be positive", []*Tensor{t})
	}
	return t.Split(max(1, (t.Size(dim)+n-1)/n), dim)
}

// Cat joins tensors along dim; the other sizes must be equal.
func Cat(dim int64, ts ...*Tensor) *Tensor { return join(libtch.AtgCat, dim, ts) }

// Stack joins tensors of one shape along a new dimension dim.
func Stack(dim int64, ts ...*Tensor) *Tensor { return join(libtch.AtgStack, dim, ts) }

func join(f func(*libtch.Ctensor, []libtch.Ctensor, int, int64), dim int64, ts []*Tensor) *Tensor {
	mustBeInside()
	if len(ts) == 0 {
		fail("no tensors", nil)
	}
	r := new(Tensor)
	f(&r.c, handles(ts), len(ts), dim)
	return r.done(ts...)
}

// handles lists what C takes.
func handles(ts []*Tensor) []libtch.Ctensor {
	hs := make([]libtch.Ctensor, len(ts))
	for i, t := range ts {
		hs[i] = t.in()
	}
	return hs
}

// IndexSelect picks the indices (int64 [N]) of dim: that dimension has size N then.
func (t *Tensor) IndexSelect(dim int64, indices *Tensor) *Tensor {
	r := new(Tensor)
	libtch.AtgIndexSelect(&r.c, t.in(), dim, indices.in())
	return r.done(t, indices)
}

// Gather picks along dim, for each element of indices (int64, as many dimensions as t), the element with that index.
func (t *Tensor) Gather(dim int64, indices *Tensor) *Tensor {
	r := new(Tensor)
	libtch.AtgGather(&r.c, t.in(), dim, indices.in(), 0)
	return r.done(t, indices)
}

// MaskedFill returns t with v where the bool mask is true, with broadcasting.
func (t *Tensor) MaskedFill(mask *Tensor, v float64) *Tensor {
	r := new(Tensor)
	c, m, s := t.in(), mask.in(), scalar(v)
	libtch.AtgMaskedFill(&r.c, c, m, s)
	libtch.AtsFree(s)
	return r.done(t, mask)
}

// Where picks from a where the bool tensor cond is true and from b elsewhere, with broadcasting.
func Where(cond, a, b *Tensor) *Tensor {
	r := new(Tensor)
	libtch.AtgWhereSelf(&r.c, cond.in(), a.in(), b.in())
	return r.done(cond, a, b)
}

// Tril returns the matrices with zeros above the diagonal; diagonal > 0 leaves that many more.
func (t *Tensor) Tril(diagonal int64) *Tensor {
	r := new(Tensor)
	libtch.AtgTril(&r.c, t.in(), diagonal)
	return r.done(t)
}

// To returns the tensor with elements of the type; itself, as another handle, where it has it already.
func (t *Tensor) To(dtype DType) *Tensor {
	r := new(Tensor)
	libtch.AtgToDtype(&r.c, t.in(), int32(dtype), 0, 0)
	return r.done(t)
}

// ToDevice returns the tensor on the device; itself, as another handle, where it lies there already.
func (t *Tensor) ToDevice(device Device) *Tensor {
	r := new(Tensor)
	libtch.AtgTo(&r.c, t.in(), device.code())
	return r.done(t)
}

// Equal says whether shapes and all elements are equal.
func (t *Tensor) Equal(o *Tensor) bool {
	same := libtch.AtgEqual(t.in(), o.in())
	if message, failed := gotchError(); failed {
		fail(message, []*Tensor{t, o})
	}
	return same
}

// DataPointer returns the address of the first element, for telling whether two tensors share memory.
func (t *Tensor) DataPointer() unsafe.Pointer { return libtch.AtDataPtr(t.in()) }
