package torch

// #include "native/native.h"
import "C"

import "github.com/sugarme/gotch/libtch"

// Copy_ overwrites t with src, converting type and device, with broadcasting. It returns t.
func (t *Tensor) Copy_(src *Tensor) *Tensor {
	libtch.AtCopy_(t.in(), src.in())
	if message, failed := gotchError(); failed {
		fail(message, []*Tensor{t, src})
	}
	return t
}

// Mul_ multiplies t by o, with broadcasting. It returns t.
func (t *Tensor) Mul_(o *Tensor) *Tensor {
	again := new(Tensor)
	libtch.AtgMul_(&again.c, t.in(), o.in())
	return t.inPlaceDone(again, t, o)
}

// Add_ adds o to t, with broadcasting. It returns t.
func (t *Tensor) Add_(o *Tensor) *Tensor {
	again := new(Tensor)
	libtch.AtgAdd_(&again.c, t.in(), o.in())
	return t.inPlaceDone(again, t, o)
}

// MulScalar_ multiplies t by v. It returns t.
func (t *Tensor) MulScalar_(v float64) *Tensor {
	again := new(Tensor)
	c, s := t.in(), scalar(v)
	libtch.AtgMulScalar_(&again.c, c, s)
	libtch.AtsFree(s)
	return t.inPlaceDone(again, t)
}

// Zero_ sets all elements to 0. It returns t.
func (t *Tensor) Zero_() *Tensor {
	again := new(Tensor)
	libtch.AtgZero_(&again.c, t.in())
	return t.inPlaceDone(again, t)
}

// Fill_ sets all elements to v. It returns t.
func (t *Tensor) Fill_(v float64) *Tensor {
	again := new(Tensor)
	c, s := t.in(), scalar(v)
	libtch.AtgFill_(&again.c, c, s)
	libtch.AtsFree(s)
	return t.inPlaceDone(again, t)
}

// AddScaled_ adds factor * o to t. Autograd does not see it. It returns t.
func (t *Tensor) AddScaled_(o *Tensor, factor float64) *Tensor {
	nativeDone(C.cloze_add_scaled(handle(t.in()), handle(o.in()), C.double(factor)), t, o)
	return t
}
