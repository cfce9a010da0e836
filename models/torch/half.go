package torch

// #include "native/native.h"
import "C"

// Half says whether the type is bfloat16 or float16. Operations on such tensors compute in float32 and round their results once.
func (d DType) Half() bool { return d == BFloat16 || d == Float16 }

// SetData makes t hold the memory of o, in o's type; t stays the tensor that others refer to, and its gradient is dropped. Both must
// have one shape and device. It returns t.
func (t *Tensor) SetData(o *Tensor) *Tensor {
	nativeDone(C.cloze_set_data(handle(t.in()), handle(o.in())), t, o)
	return t
}

// GatherGrads adds the gradient of each tensor of from to that of its partner in to, in the partner's type, and drops it. Autograd
// leaves gradients in the type of the weights; those of several micro-batches must not be added up in half precision.
func GatherGrads(to, from []*Tensor) {
	mustBeInside()
	if len(to) != len(from) {
		fail("as many tensors must receive gradients as give them", nil)
	}
	nativeDone(C.cloze_gather_grads(handleArray(to), handleArray(from), C.int(len(to))))
}
