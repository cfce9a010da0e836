package torch

// #include "native/native.h"
import "C"

import "github.com/sugarme/gotch/libtch"

// orNil is the handle of a tensor that may be absent.
func orNil(t *Tensor) libtch.Ctensor {
	if t == nil {
		return nil
	}
	return t.in()
}

// ReLU returns max(0, t).
func (t *Tensor) ReLU() *Tensor { return unary(libtch.AtgRelu, t) }

// SiLU returns t * sigmoid(t) (Elfwing et al. 2017, arXiv:1702.03118).
func (t *Tensor) SiLU() *Tensor { return unary(libtch.AtgSilu, t) }

// GELU returns t * P(X <= t) for a standard normal X (Hendrycks and Gimpel 2016, arXiv:1606.08415); approximate is "none" (or "")
// or "tanh", the form of GPT-2.
func (t *Tensor) GELU(approximate string) *Tensor {
	c := t.in()
	if approximate != "tanh" && approximate != "none" && approximate != "" {
		fail("approximate must be none or tanh, not "+approximate, []*Tensor{t})
	}
	r := new(Tensor)
	nativeDone(C.cloze_gelu(r.outHandle(), handle(c), C.int(flag(approximate == "tanh"))), t)
	return r.track()
}

// Softmax returns exp(t) divided by its sum along dim.
func (t *Tensor) Softmax(dim int64) *Tensor {
	r := new(Tensor)
	libtch.AtgSoftmax(&r.c, t.in(), dim, -1)
	return r.done(t)
}

// LogSoftmax returns the logarithm of Softmax, computed without leaving its range.
func (t *Tensor) LogSoftmax(dim int64) *Tensor {
	r := new(Tensor)
	libtch.AtgLogSoftmax(&r.c, t.in(), dim, -1)
	return r.done(t)
}

// MatMul returns the matrix product [..,N,K] x [..,K,M] = [..,N,M], the leading sizes broadcast.
func (t *Tensor) MatMul(o *Tensor) *Tensor { return binary(libtch.AtgMatmul, t, o) }

// Linear returns t w' + b: t [..,In], w [Out,In], b [Out] or nil gives [..,Out].
func (t *Tensor) Linear(w, b *Tensor) *Tensor {
	r := new(Tensor)
	if t.Dims() != 2 {
		libtch.AtgLinear(&r.c, t.in(), w.in(), orNil(b))
		return r.done(t, w, b)
	}
	nativeDone(C.cloze_linear(r.outHandle(), handle(t.in()), handle(w.in()), orNull(b)), t, w, b)
	return r.track()
}

// LayerNorm returns (t - mean) / sqrt(variance + eps) over the last dimension D, times w [D], plus b [D] or nil (Ba et al. 2016,
// arXiv:1607.06450).
func (t *Tensor) LayerNorm(w, b *Tensor, eps float64) *Tensor {
	r := new(Tensor)
	nativeDone(C.cloze_layer_norm(r.outHandle(), handle(t.in()), handle(w.in()), orNull(b), C.double(eps)), t, w, b)
	return r.track()
}

// Embedding returns the rows of t [V,D] that ids (int64 [..]) name: [..,D]. The gradient of t is summed in float32 at least.
func (t *Tensor) Embedding(ids *Tensor) *Tensor {
	r := new(Tensor)
	nativeDone(C.cloze_embedding(r.outHandle(), handle(t.in()), handle(ids.in())), t, ids)
	return r.track()
}

// Dropout returns t with each element zero with probability p and the others divided by 1-p, when train is true and p > 0;
// otherwise t itself. The draws come from the generator of Seed.
func (t *Tensor) Dropout(p float64, train bool) *Tensor {
	if !train || p == 0 {
		t.in()
		return t
	}
	r := new(Tensor)
	libtch.AtgDropout(&r.c, t.in(), p, 1)
	return r.done(t)
}

// CrossEntropySum returns the 0-dimensional float32 sum, over the targets (int64 [N]) that are not -100, of the negative logarithm
// of the target's softmax probability, in nats; logits are [N,V] of any float type.
func CrossEntropySum(logits, targets *Tensor) *Tensor {
	r := new(Tensor)
	nativeDone(C.cloze_cross_entropy_sum(r.outHandle(), handle(logits.in()), handle(targets.in()), -100), logits, targets)
	return r.track()
}
