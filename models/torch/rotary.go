package torch

// #include "native/native.h"
import "C"

import "unsafe"

// Angles are the cosines and sines by which rotary positions turn the heads of N tokens.
type Angles struct {
	CosNK, SinNK *Tensor // [N,K/2] float32
}

// RotaryAngles returns cos and sin of position times frequency for positions (int64 [N]) and the K/2 frequencies of a head, in
// radians a token. One call serves all layers.
func RotaryAngles(positions *Tensor, frequencies []float32) Angles {
	mustBeInside()
	if len(frequencies) == 0 {
		fail("rotary positions need at least one frequency", []*Tensor{positions})
	}
	c, s := new(Tensor), new(Tensor)
	nativeDone(C.cloze_rotary_angles(c.outHandle(), s.outHandle(), handle(positions.in()),
		(*C.float)(unsafe.Pointer(&frequencies[0])), C.int64_t(len(frequencies))), positions)
	return Angles{c.track(), s.track()}
}

// Rotary turns each head of t [N,H,K] by its token's angles (Su et al. 2021, arXiv:2104.09864, eq. 34): numbers i and i + K/2 of a head
// are the two coordinates of a point that is turned by angle i, the order of Hugging Face's files.
func (t *Tensor) Rotary(angles Angles) *Tensor {
	r := new(Tensor)
	nativeDone(C.cloze_rotary(r.outHandle(), handle(t.in()), handle(angles.CosNK.in()), handle(angles.SinNK.in())), t, angles.CosNK, angles.SinNK)
	return r.track()
}

// RMSNorm returns t / sqrt(mean(t²) + eps) over the last dimension D, times w [D] (Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4);
// the mean is taken in float32 at least.
func (t *Tensor) RMSNorm(w *Tensor, eps float64) *Tensor {
	r := new(Tensor)
	nativeDone(C.cloze_rms_norm(r.outHandle(), handle(t.in()), handle(w.in()), C.double(eps)), t, w)
	return r.track()
}
