package torch

import "github.com/sugarme/gotch/libtch"

func unary(f func(*libtch.Ctensor, libtch.Ctensor), t *Tensor) *Tensor {
	r := new(Tensor)
	f(&r.c, t.in())
	return r.done(t)
}

func binary(f func(_ *libtch.Ctensor, a, b libtch.Ctensor), t, o *Tensor) *Tensor {
	r := new(Tensor)
	f(&r.c, t.in(), o.in())
	return r.done(t, o)
}

func withScalar(f func(*libtch.Ctensor, libtch.Ctensor, libtch.Cscalar), t *Tensor, v float64) *Tensor {
	r := new(Tensor)
	c, s := t.in(), scalar(v)
	f(&r.c, c, s)
	libtch.AtsFree(s)
	return r.done(t)
}

// flag is a bool as gotch takes it.
func flag(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// Add returns t + o, with broadcasting.
func (t *Tensor) Add(o *Tensor) *Tensor { return binary(libtch.AtgAdd, t, o) }

// Sub returns t - o, with broadcasting.
func (t *Tensor) Sub(o *Tensor) *Tensor { return binary(libtch.AtgSub, t, o) }

// Mul returns the product by elements, with broadcasting.
func (t *Tensor) Mul(o *Tensor) *Tensor { return binary(libtch.AtgMul, t, o) }

// Div returns the quotient by elements, with broadcasting; integers give floats.
func (t *Tensor) Div(o *Tensor) *Tensor { return binary(libtch.AtgDiv, t, o) }

// AddScalar returns t + v. An integer tensor stays one where v is whole.
func (t *Tensor) AddScalar(v float64) *Tensor { return withScalar(libtch.AtgAddScalar, t, v) }

// MulScalar returns t * v. An integer tensor stays one where v is whole.
func (t *Tensor) MulScalar(v float64) *Tensor { return withScalar(libtch.AtgMulScalar, t, v) }

// Neg returns -t.
func (t *Tensor) Neg() *Tensor { return unary(libtch.AtgNeg, t) }

// Pow returns t to the power of v, by elements.
func (t *Tensor) Pow(v float64) *Tensor { return withScalar(libtch.AtgPowTensorScalar, t, v) }

// Sqrt returns the square roots.
func (t *Tensor) Sqrt() *Tensor { return unary(libtch.AtgSqrt, t) }

// Rsqrt returns 1 / sqrt(t).
func (t *Tensor) Rsqrt() *Tensor { return unary(libtch.AtgRsqrt, t) }

// Exp returns e to the power of t.
func (t *Tensor) Exp() *Tensor { return unary(libtch.AtgExp, t) }

// Log returns natural logarithms.
func (t *Tensor) Log() *Tensor { return unary(libtch.AtgLog, t) }

// Tanh returns the hyperbolic tangents.
func (t *Tensor) Tanh() *Tensor { return unary(libtch.AtgTanh, t) }

// Sigmoid returns 1 / (1 + exp(-t)).
func (t *Tensor) Sigmoid() *Tensor { return unary(libtch.AtgSigmoid, t) }

// Sum returns the 0-dimensional sum of all elements; of integers and bools an int64.
func (t *Tensor) Sum() *Tensor {
	r := new(Tensor)
	libtch.AtgSum(&r.c, t.in(), -1)
	return r.done(t)
}

// Mean returns the 0-dimensional mean of all elements of a float tensor; NaN where there are none.
func (t *Tensor) Mean() *Tensor {
	r := new(Tensor)
	libtch.AtgMean(&r.c, t.in(), -1)
	return r.done(t)
}

// SumDims sums over the dimensions; keep leaves them with size 1.
func (t *Tensor) SumDims(keep bool, dims ...int64) *Tensor {
	r := new(Tensor)
	libtch.AtgSumDimIntlist(&r.c, t.in(), ints(dims), len(dims), flag(keep), -1)
	return r.done(t)
}

// MeanDims is the mean over the dimensions of a float tensor; keep leaves them with size 1.
func (t *Tensor) MeanDims(keep bool, dims ...int64) *Tensor {
	r := new(Tensor)
	libtch.AtgMeanDim(&r.c, t.in(), ints(dims), len(dims), flag(keep), -1)
	return r.done(t)
}

// CumSum returns the running sums along dim.
func (t *Tensor) CumSum(dim int64) *Tensor {
	r := new(Tensor)
	libtch.AtgCumsum(&r.c, t.in(), dim, -1)
	return r.done(t)
}

// two ends an operation that made two tensors. They lie in an array of their own: gotch writes them side by side.
func two(out *[2]libtch.Ctensor, in ...*Tensor) (*Tensor, *Tensor) {
	if message, failed := gotchError(); failed {
		fail(message, in)
	}
	return (&Tensor{c: out[0]}).track(), (&Tensor{c: out[1]}).track()
}

// Max returns the largest elements along dim, which is removed, and their int64 indices.
func (t *Tensor) Max(dim int64) (values, indices *Tensor) {
	out := new([2]libtch.Ctensor)
	libtch.AtgMaxDim(&out[0], t.in(), dim, 0)
	return two(out, t)
}

// ArgMax returns the int64 indices of the largest elements along dim, which is removed.
func (t *Tensor) ArgMax(dim int64) *Tensor {
	r := new(Tensor)
	libtch.AtgArgmax(&r.c, t.in(), dim, 0, 0)
	return r.done(t)
}

// TopK returns the k largest elements along dim, the largest first, and their int64 indices.
func (t *Tensor) TopK(k, dim int64) (values, indices *Tensor) {
	out := new([2]libtch.Ctensor)
	libtch.AtgTopk(&out[0], t.in(), k, dim, 1, 1)
	return two(out, t)
}

// Sort returns the elements in order along dim, and the int64 indices where they were.
func (t *Tensor) Sort(dim int64, descending bool) (values, indices *Tensor) {
	out := new([2]libtch.Ctensor)
	libtch.AtgSort(&out[0], t.in(), dim, flag(descending))
	return two(out, t)
}

// Eq returns a bool tensor, true where the elements are equal, with broadcasting.
func (t *Tensor) Eq(o *Tensor) *Tensor { return binary(libtch.AtgEqTensor, t, o) }

// Lt returns a bool tensor, true where t < o, with broadcasting.
func (t *Tensor) Lt(o *Tensor) *Tensor { return binary(libtch.AtgLtTensor, t, o) }

// Gt returns a bool tensor, true where t > o, with broadcasting.
func (t *Tensor) Gt(o *Tensor) *Tensor { return binary(libtch.AtgGtTensor, t, o) }

// EqScalar returns a bool tensor, true where the element is v.
func (t *Tensor) EqScalar(v float64) *Tensor { return withScalar(libtch.AtgEq, t, v) }

// LtScalar returns a bool tensor, true where the element is below v.
func (t *Tensor) LtScalar(v float64) *Tensor { return withScalar(libtch.AtgLt, t, v) }

// GtScalar returns a bool tensor, true where the element is above v.
func (t *Tensor) GtScalar(v float64) *Tensor { return withScalar(libtch.AtgGt, t, v) }
