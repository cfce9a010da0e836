package torch

// #include "native/native.h"
// #include <stdlib.h>
// extern int clozeRecompute(uint64_t id, cloze_tensor x, cloze_tensor grad, cloze_tensor *dx);
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// stretch is what a checkpoint runs again, and the generator's state it ran with.
type stretch struct {
	f   func(*Tensor) *Tensor
	rng []byte
}

// stretches holds those whose record exists, by a number that C++ knows. Only the worker uses them.
var stretches struct {
	byID   map[uint64]stretch
	last   uint64
	panics any // what f panicked with on its second run
}

// Checkpoint returns f(x) and keeps x alone for Backward, which runs f again (Chen et al. 2016, arXiv:1604.06174): the memory of what
// lies inside f is paid for with a second forward pass. Draws of the generator are repeated, so results and gradients are the bits
// that f alone would give. What f uses beside x must exist until Backward, and gets its gradients there. Backward runs once;
// BackwardKeep may not be used. Where nothing is recorded, or x has no gradient, it is f(x).
func Checkpoint(x *Tensor, f func(x *Tensor) *Tensor) *Tensor {
	if !GradEnabled() || !x.RequiresGrad() {
		return f(x)
	}
	forgetStretches()
	s := stretch{f: f, rng: RNGState()}
	var r *Tensor
	Scope(func() {
		var y *Tensor
		NoGrad(func() { y = f(x) })
		stretches.last++
		stretches.byID[stretches.last] = s
		r = new(Tensor)
		nativeDone(C.cloze_checkpoint(r.outHandle(), handle(x.in()), handle(y.in()), C.uint64_t(stretches.last)), x, y)
	})
	return r.track()
}

// forgetStretches drops those whose record is gone.
func forgetStretches() {
	if stretches.byID == nil {
		stretches.byID = map[uint64]stretch{}
		C.cloze_on_recompute(C.cloze_recompute_fn(C.clozeRecompute))
	}
	var id C.uint64_t
	for C.cloze_dead_checkpoint(&id) != 0 {
		delete(stretches.byID, uint64(id))
	}
}

// clozeRecompute is called by the node of a checkpoint, inside Backward. No panic may pass through C++: it waits in stretches.panics.
//
//export clozeRecompute
func clozeRecompute(id C.uint64_t, x, grad C.cloze_tensor, dx *C.cloze_tensor) (status C.int) {
	defer func() {
		if r := recover(); r != nil {
			stretches.panics = r
			message := C.CString(fmt.Sprint(r))
			C.cloze_set_error(message)
			C.free(unsafe.Pointer(message))
			status = -1
		}
	}()
	Scope(func() {
		adopt := func(c C.cloze_tensor) *Tensor { return (&Tensor{c: libtch.Ctensor(unsafe.Pointer(c))}).track() }
		from, dy := adopt(x), adopt(grad)
		s := stretches.byID[uint64(id)]
		now := RNGState()
		WithGrad(func() {
			again := from.Detach().SetRequiresGrad(true)
			mustSetRNG(s.rng)
			var y *Tensor
			Scope(func() { y = s.f(again).Keep() }) // what the record does not need is freed before the gradients come
			mustSetRNG(now)
			nativeDone(C.cloze_backward_of(give(y), handle(dy.in())))
			*dx = give(again.Grad())
		})
	})
	return 0
}

// give makes t's handle someone else's.
func give(t *Tensor) C.cloze_tensor {
	c := handle(t.in())
	t.c = nil
	live.Add(-1)
	return c
}

func mustSetRNG(state []byte) {
	if err := SetRNGState(state); err != nil {
		panic(err) // it was this generator's own
	}
}
