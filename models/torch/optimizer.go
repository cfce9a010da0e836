package torch

// #include "native/native.h"
import "C"

import "unsafe"

// handleArray lists tensors as our kernels take them; nil for none.
func handleArray(ts []*Tensor) *C.cloze_tensor {
	if len(ts) == 0 {
		return nil
	}
	return (*C.cloze_tensor)(unsafe.Pointer(unsafe.SliceData(handles(ts))))
}

// FusedAdamW makes one step of AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) on all params at once, as
// torch.optim.AdamW(fused=True). grads, m and v (first and second moments, zeros at first) match params one by one; grads nil takes
// the gradients that Backward added up. step counts from 1.
func FusedAdamW(params, grads, m, v []*Tensor, lr, beta1, beta2, eps, weightDecay float64, step int64) {
	mustBeInside()
	if len(m) != len(params) || len(v) != len(params) || grads != nil && len(grads) != len(params) {
		fail("params, grads, m and v must be as many", nil)
	}
	nativeDone(C.cloze_adamw(handleArray(params), handleArray(grads), handleArray(m), handleArray(v), C.int(len(params)),
		C.double(lr), C.double(beta1), C.double(beta2), C.double(eps), C.double(weightDecay), C.int64_t(step)))
}

// GradNorm returns the Euclidean norm of all gradients of params taken as one vector; params without a gradient count as 0.
func GradNorm(params []*Tensor) float64 {
	mustBeInside()
	var norm C.double
	nativeDone(C.cloze_grad_norm(handleArray(params), C.int(len(params)), &norm))
	return float64(norm)
}

// ScaleGrads multiplies every gradient of params by factor, in place.
func ScaleGrads(params []*Tensor, factor float64) {
	mustBeInside()
	nativeDone(C.cloze_scale_grads(handleArray(params), C.int(len(params)), C.double(factor)))
}
