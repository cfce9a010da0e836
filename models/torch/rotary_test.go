package torch

import (
	"fmt"
	"math"
	"testing"
)

// plainRotary is the definition with the general operations.
func plainRotary(x, cos, sin *Tensor) *Tensor {
	half := x.Size(2) / 2
	a, b := x.Narrow(2, 0, half), x.Narrow(2, half, half)
	c, s := cos.To(x.DType()).Unsqueeze(1), sin.To(x.DType()).Unsqueeze(1)
	return Cat(2, a.Mul(c).Sub(b.Mul(s)), b.Mul(c).Add(a.Mul(s)))
}

func TestRotaryEqualsItsDefinition(t *testing.T) {
	for dtype, tolerance := range map[DType]float64{Float64: 1e-12, Float32: 1e-6, BFloat16: 3e-2} {
		for _, n := range []int64{0, 1, 700} {
			t.Run(fmt.Sprintf("%v/%d", dtype, n), func(t *testing.T) {
				do(t, func() {
					Seed(1)
					// A slice of a wider tensor, as a product of queries and keys in one matrix would give.
					leaf := Empty(Float32, CPU, n, 3, 40).Normal_(1).To(dtype).Detach().SetRequiresGrad(true)
					positions := make([]int32, n)
					for i := range positions {
						positions[i] = int32(i * 37)
					}
					angles := RotaryAngles(FromInt32(positions, n), []float32{1, 0.3, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6})
					w := Empty(Float32, CPU, n, 3, 16).Normal_(1).To(dtype)
					got := leaf.Narrow(2, 7, 16).Rotary(angles)
					got.BackwardWith(w)
					gotGrad := leaf.Grad().To(Float64).Float64s()
					leaf.ZeroGrad()
					want := plainRotary(leaf.Narrow(2, 7, 16), angles.CosNK, angles.SinNK)
					want.BackwardWith(w)
					mustBeNear(t, "turned", got.Float64s(), want.Float64s(), tolerance)
					mustBeNear(t, "gradient", gotGrad, leaf.Grad().To(Float64).Float64s(), tolerance)
				})
			})
		}
	}
}

func TestRMSNormEqualsItsDefinition(t *testing.T) {
	for dtype, tolerance := range map[DType]float64{Float64: 1e-12, Float32: 3e-5, BFloat16: 0.05} {
		for _, shape := range [][2]int64{{0, 8}, {1, 1}, {5, 7}, {3, 64}, {700, 33}} {
			t.Run(fmt.Sprintf("%v/%v", dtype, shape), func(t *testing.T) {
				do(t, func() {
					Seed(2)
					n, d := shape[0], shape[1]
					x := Empty(Float32, CPU, n, d).Normal_(1).To(dtype).Detach().SetRequiresGrad(true)
					w := Empty(Float32, CPU, d).Normal_(1).To(dtype).Detach().SetRequiresGrad(true)
					g := Empty(Float32, CPU, n, d).Normal_(1).To(dtype)
					run := func(f func() *Tensor) (y, dx, dw []float64) {
						out := f()
						out.BackwardWith(g.To(out.DType()))
						y, dx, dw = out.To(Float64).Float64s(), x.Grad().To(Float64).Float64s(), w.Grad().To(Float64).Float64s()
						x.ZeroGrad()
						w.ZeroGrad()
						return y, dx, dw
					}
					y, dx, dw := run(func() *Tensor { return x.RMSNorm(w, 1e-5) })
					wy, wdx, wdw := run(func() *Tensor {
						wide := x.To(Float64)
						return wide.Mul(wide.Mul(wide).MeanDims(true, -1).AddScalar(1e-5).Rsqrt()).Mul(w.To(Float64))
					})
					mustBeNear(t, "norm", y, wy, tolerance)
					mustBeNear(t, "gradient of x", dx, wdx, tolerance)
					mustBeNear(t, "gradient of w", dw, wdw, 10*tolerance) // a sum over all rows
				})
			})
		}
	}
}

// mustBeNear compares within a tolerance, absolute for numbers below 1 and relative above.
func mustBeNear(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range want {
		if d := math.Abs(got[i] - want[i]); !(d <= tolerance*max(1, math.Abs(want[i]))) {
			t.Fatalf("%s: number %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

// TestQueryHeadsShareKeysAndValues: grouped attention is plain attention with keys and values repeated, forward and
// backward, however rows are packed.
func TestQueryHeadsShareKeysAndValues(t *testing.T) {
	for name, off := range packings {
		for _, kvHeads := range []int64{1, 2} {
			t.Run(fmt.Sprintf("%s/%d", name, kvHeads), func(t *testing.T) {
				do(t, func() {
					Seed(3)
					n, h, k := int64(off[len(off)-1]), int64(4), int64(8)
					q := Empty(Float64, CPU, n, h, k).Normal_(1).SetRequiresGrad(true)
					key := Empty(Float64, CPU, n, kvHeads, k).Normal_(1).SetRequiresGrad(true)
					value := Empty(Float64, CPU, n, kvHeads, k).Normal_(1).SetRequiresGrad(true)
					w := Empty(Float64, CPU, n, h, k).Normal_(1)
					repeat := func(x *Tensor) *Tensor {
						return x.Unsqueeze(2).Expand(n, kvHeads, h/kvHeads, k).Reshape(n, h, k)
					}
					out, ds := grads(w, func(q, k, v *Tensor) *Tensor { return Attention(q, k, v, off, true, 0) }, q, key, value)
					want, wants := grads(w, func(q, k, v *Tensor) *Tensor { return Attention(q, repeat(k), repeat(v), off, true, 0) }, q, key, value)
					mustBeNear(t, "output", out.Float64s(), want.Float64s(), 1e-12)
					for i, what := range []string{"gradient of q", "gradient of k", "gradient of v"} {
						mustBeNear(t, what, ds[i].Float64s(), wants[i].Float64s(), 1e-12)
					}
				})
			})
		}
	}
	do(t, func() {
		mustPanic := func(h int64) (failed bool) {
			defer func() { failed = recover() != nil }()
			Attention(Ones(Float32, CPU, 2, 4, 8), Ones(Float32, CPU, 2, h, 8), Ones(Float32, CPU, 2, h, 8), []int32{0, 2}, true, 0)
			return false
		}
		if !mustPanic(3) {
			t.Error("4 query heads share 3 key heads")
		}
	})
}
