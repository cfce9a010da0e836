package torch

// #include "native/native.h"
import "C"

import "github.com/sugarme/gotch/libtch"

// NoGrad runs f without recording operations for Backward and restores what was before, also when f panics. It nests.
func NoGrad(f func()) { withGrad(false, f) }

// WithGrad runs f with recording on, inside a NoGrad too.
func WithGrad(f func()) { withGrad(true, f) }

func withGrad(on bool, f func()) {
	mustBeInside()
	before := GradEnabled()
	defer setGrad(before)
	setGrad(on)
	f()
}

// GradEnabled says whether operations are recorded for Backward. It must be called inside Do.
func GradEnabled() bool {
	mustBeInside()
	return C.cloze_grad_enabled() != 0
}

func setGrad(on bool) {
	if on {
		libtch.AtGradSetEnabled(1)
	} else {
		libtch.AtGradSetEnabled(0)
	}
}

// RequiresGrad says whether operations on t are recorded.
func (t *Tensor) RequiresGrad() bool { return libtch.AtRequiresGrad(t.in()) }

// SetRequiresGrad makes t, which no operation made, one that Backward computes a gradient of. It returns t.
func (t *Tensor) SetRequiresGrad(on bool) *Tensor {
	again, flag := new(Tensor), int32(0)
	if on {
		flag = 1
	}
	libtch.AtgSetRequiresGrad(&again.c, t.in(), flag)
	return t.inPlaceDone(again, t)
}

// Grad returns the gradient that Backward has added up, of t's shape, or nil when there is none. Changing it in place changes it.
func (t *Tensor) Grad() *Tensor {
	g := new(Tensor)
	libtch.AtgGrad(&g.c, t.in())
	if g.c != nil && !libtch.AtDefined(g.c) {
		libtch.AtFree(g.c)
		return nil
	}
	return g.done(t)
}

// ZeroGrad drops the gradient: Grad is nil until the next Backward.
func (t *Tensor) ZeroGrad() { nativeDone(C.cloze_zero_grad(handle(t.in())), t) }

// Backward adds, to every tensor that requires a gradient and had part in t, the gradient of t, which must have one element. The
// record of operations is freed.
func (t *Tensor) Backward() { nativeDone(C.cloze_backward(handle(t.in()), nil, 0), t) }

// BackwardWith is Backward of a tensor of any shape, weighted by grad of the same shape.
func (t *Tensor) BackwardWith(grad *Tensor) {
	nativeDone(C.cloze_backward(handle(t.in()), handle(grad.in()), 0), t, grad)
}

// BackwardKeep is Backward that keeps the record, so that it can be run again.
func (t *Tensor) BackwardKeep() { nativeDone(C.cloze_backward(handle(t.in()), nil, 1), t) }

// Detach returns a tensor of the same memory whose history is forgotten.
func (t *Tensor) Detach() *Tensor { return unary(libtch.AtgDetach, t) }
