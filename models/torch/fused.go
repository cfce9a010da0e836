package torch

// #include "native/native.h"
import "C"

// orNull is the handle of a tensor that may be absent, for our own kernels.
func orNull(t *Tensor) C.cloze_tensor {
	if t == nil {
		return nil
	}
	return handle(t.in())
}

// LinearCrossEntropySum is CrossEntropySum(hidden.Linear(weight, bias), targets) without the logits [N,V]: hidden is [N,D], weight
// [V,D], bias [V] or nil, targets int64 [N], where -100 is not counted and costs nothing. Some rows at a time are multiplied and
// forgotten; while gradients are recorded, those of hidden, weight and bias are computed at once and kept, which takes the memory
// of weight instead of that of the logits. The sum is float32 (float64 of float64), added up in float64; of bfloat16 and float16
// the softmax and the gradient of weight are computed in float32.
func LinearCrossEntropySum(hidden, weight, bias, targets *Tensor) *Tensor {
	r := new(Tensor)
	nativeDone(C.cloze_linear_cross_entropy(r.outHandle(), handle(hidden.in()), handle(weight.in()), orNull(bias), handle(targets.in()), -100),
		hidden, weight, bias, targets)
	return r.track()
}

// MLP is t.Linear(up, upBias).GELU(approximate).Linear(down, downBias) as one operation: t [N,D], up [F,D], down [D,F], biases or nil.
// It keeps the numbers before the activation for Backward and computes the activation again, so that [N,F] is held once, not twice.
func (t *Tensor) MLP(up, upBias, down, downBias *Tensor, approximate string) *Tensor {
	c := t.in()
	tanh := geluForm(approximate, t)
	r := new(Tensor)
	nativeDone(C.cloze_mlp(r.outHandle(), handle(c), handle(up.in()), orNull(upBias), handle(down.in()), orNull(downBias), tanh),
		t, up, upBias, down, downBias)
	return r.track()
}

// geluForm is 1 for the tanh form of GELU, 0 for the exact one.
func geluForm(approximate string, t *Tensor) C.int {
	switch approximate {
	case "tanh":
		return 1
	case "none", "":
		return 0
	}
	fail("approximate must be none or tanh, not "+approximate, []*Tensor{t})
	return 0
}

// Memory is what large tensors (above 64 KB) take on the CPU, in bytes.
type Memory struct {
	Used int64 // now
	Most int64 // at most, so far
	Held int64 // the range they came from, which stays with the process for the next ones
}

// MemoryInUse returns the memory of large tensors. It may be called anywhere; all is 0 before the first Do, and where the system
// allows no address space for it (ulimit -v).
func MemoryInUse() Memory {
	var used, most, held C.int64_t
	C.cloze_memory(&used, &most, &held)
	return Memory{int64(used), int64(most), int64(held)}
}
