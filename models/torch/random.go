package torch

// #include "native/native.h"
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Seed starts the generator behind Dropout, Multinomial, Normal_ and the others anew. It must be called inside Do.
func Seed(seed int64) {
	mustBeInside()
	nativeDone(C.cloze_seed(C.int64_t(seed)))
}

// RNGState returns the state of the CPU generator, for SetRNGState: about 5 KB. It must be called inside Do.
func RNGState() []byte {
	mustBeInside()
	var n C.int64_t
	nativeDone(C.cloze_rng_state(nil, 0, &n))
	state := make([]byte, n)
	nativeDone(C.cloze_rng_state(unsafe.Pointer(&state[0]), n, &n))
	return state
}

// SetRNGState puts the CPU generator into a state that RNGState returned: the same draws follow. Other bytes are an error and
// change nothing. It must be called inside Do.
func SetRNGState(state []byte) error {
	mustBeInside()
	if C.cloze_set_rng_state(unsafe.Pointer(unsafe.SliceData(state)), C.int64_t(len(state))) != 0 {
		return fmt.Errorf("torch: the saved state of the random generator (%d bytes) cannot be used: %s", len(state), firstLine(C.GoString(C.cloze_last_error())))
	}
	return nil
}

// Normal_ fills t with draws from a normal distribution of mean 0. Autograd does not see it. It returns t.
func (t *Tensor) Normal_(std float64) *Tensor {
	nativeDone(C.cloze_normal(handle(t.in()), 0, C.double(std)), t)
	return t
}

// Uniform_ fills t with draws from [from, to). Autograd does not see it. It returns t.
func (t *Tensor) Uniform_(from, to float64) *Tensor {
	nativeDone(C.cloze_uniform(handle(t.in()), C.double(from), C.double(to)), t)
	return t
}

// TruncNormal_ fills t with draws from a normal distribution of mean 0 that lie in [low, high]: the numbers of
// torch.nn.init.trunc_normal_ from the same seed. Autograd does not see it. It returns t.
func (t *Tensor) TruncNormal_(std, low, high float64) *Tensor {
	nativeDone(C.cloze_trunc_normal(handle(t.in()), 0, C.double(std), C.double(low), C.double(high)), t)
	return t
}

// Multinomial draws n indices (int64 [..,n]) with the weights of t's last dimension, which need not sum to 1.
func (t *Tensor) Multinomial(n int64, replacement bool) *Tensor {
	r := new(Tensor)
	libtch.AtgMultinomial(&r.c, t.in(), n, flag(replacement))
	return r.done(t)
}
