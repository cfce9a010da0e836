package torch

import (
	"fmt"
	"math"
	"testing"
)

var halfTypes = []DType{BFloat16, Float16}

// finite says whether no number is NaN or infinite.
func finite(values []float64) bool {
	for _, x := range values {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// Case C75. Scores of -20 in every place, scores that a large spread makes overflow float16 (65504) many times over, causal or not, rows of
// every length, none too: nothing is NaN or infinite, forward or backward, and all equals float32 on the same numbers within 1e-2.
func TestHalfPrecisionAttentionIsFiniteAndNearFloat32(t *testing.T) {
	shapes := map[string]func(n, h, k int64) (q, key *Tensor){
		"scores near -20": func(n, h, k int64) (q, key *Tensor) {
			base := Full(math.Sqrt(20/math.Sqrt(float64(k))), Float32, CPU, n, h, k) // q·k / sqrt(K) = 20
			spread := func() *Tensor { return Empty(Float32, CPU, n, h, k).Normal_(0.3) }
			return base.Neg().Add(spread()), base.Add(spread())
		},
		"scores beyond float16": func(n, h, k int64) (q, key *Tensor) {
			return Empty(Float32, CPU, n, h, k).Normal_(300), Empty(Float32, CPU, n, h, k).Normal_(300)
		},
	}
	for name, off := range packings {
		for what, make := range shapes {
			for _, dtype := range halfTypes {
				for _, causal := range []bool{true, false} {
					t.Run(fmt.Sprintf("%s/%s/%v/causal=%v", name, what, dtype, causal), func(t *testing.T) {
						do(t, func() {
							Seed(5)
							n, h, k := int64(off[len(off)-1]), int64(4), int64(16)
							q, key := make(n, h, k)
							v, w := Empty(Float32, CPU, n, 2, k).Normal_(1), Empty(Float32, CPU, n, h, k).Normal_(1).To(dtype)
							in := []*Tensor{q.To(dtype), key.Narrow(1, 0, 2).To(dtype), v.To(dtype)} // two query heads share keys
							halfCase(t, in, w, func(q, k, v *Tensor) *Tensor { return Attention(q, k, v, off, causal, 0) })
						})
					})
				}
			}
		}
	}
}

// halfCase runs f on half tensors and on the same numbers in float32.
func halfCase(t *testing.T, in []*Tensor, w *Tensor, f func(q, k, v *Tensor) *Tensor) {
	t.Helper()
	var half, full []*Tensor
	for _, x := range in {
		half, full = append(half, x.Detach().SetRequiresGrad(true)), append(full, x.To(Float32).Detach().SetRequiresGrad(true))
	}
	got, gotGrads := grads(w, f, half...)
	want, wantGrads := grads(w, f, full...)
	if !finite(got.Float64s()) {
		t.Fatal("the result is not finite")
	}
	if err := near(got.Float64s(), want.Float64s(), 1e-2); err != nil {
		t.Error(err)
	}
	for i := range wantGrads {
		if !finite(gotGrads[i].Float64s()) {
			t.Fatalf("the gradient of %c is not finite", "qkv"[i])
		}
		largest := 1.0
		for _, x := range wantGrads[i].Float64s() {
			largest = max(largest, math.Abs(x))
		}
		if err := near(gotGrads[i].MulScalar(1/largest).Float64s(), wantGrads[i].MulScalar(1/largest).Float64s(), 1e-2); err != nil {
			t.Errorf("gradient of %c, in %gths: %v", "qkv"[i], largest, err)
		}
	}
}

// Case C75: what sees nothing but itself takes its own value and asks nothing of scores; a row of nothing adds zero to every gradient.
func TestRowsOfOneTokenAndOfNoneInHalfPrecision(t *testing.T) {
	do(t, func() {
		for _, dtype := range halfTypes {
			qkv := Empty(Float32, CPU, 3, 3*16).Normal_(100).To(dtype).Detach().SetRequiresGrad(true)
			out := AttentionQKV(qkv, 2, []int32{0, 0, 1, 2, 2, 3, 3}, true, 0)
			if !out.Equal(qkv.Narrow(1, 32, 16)) {
				t.Errorf("%v: a row of one token gives not its value", dtype)
			}
			out.Sum().Backward()
			g := qkv.Grad()
			if g.Narrow(1, 0, 32).Mul(g.Narrow(1, 0, 32)).Sum().Item() != 0 || !g.Narrow(1, 32, 16).Equal(Ones(dtype, CPU, 3, 16)) {
				t.Errorf("%v: its gradient is %v", dtype, g.Float64s())
			}
			none := Zeros(dtype, CPU, 0, 48).SetRequiresGrad(true)
			out = AttentionQKV(none, 2, []int32{0, 0, 0}, true, 0)
			out.Sum().Backward()
			if out.NumEl() != 0 || none.Grad().NumEl() != 0 {
				t.Errorf("%v: rows of nothing give %v", dtype, out.Shape())
			}
			if p := Attention(qkv.View(3, 6, 8).Narrow(1, 0, 2), qkv.View(3, 6, 8).Narrow(1, 2, 2), qkv.View(3, 6, 8).Narrow(1, 4, 2), []int32{0, 1, 3}, true, 0.1); !finite(p.Float64s()) {
				t.Errorf("%v: with dropout the result is not finite", dtype)
			}
		}
	})
}

// wideOf is x in float64 with a gradient of its own.
func wideOf(x *Tensor) *Tensor { return x.To(Float64).Detach().SetRequiresGrad(true) }

// Every layer on the way of a step, on 600 rows, against float64 on the same numbers. Tolerance: two last bits of the type, relative to the largest.
func TestLayersInHalfPrecisionRoundOnce(t *testing.T) {
	ids := make([]int32, 600)
	for i := range ids {
		ids[i] = int32(i * i % 7)
	}
	do(t, func() {
		index, targets := FromInt32(ids, 600), targetsFor(600, 12, 5)
		angles := RotaryAngles(index, []float32{1, 0.3, 0.1, 0.01})
		plainNorm := func(x, w *Tensor) *Tensor {
			return x.Mul(x.Mul(x).MeanDims(true, -1).AddScalar(1e-5).Rsqrt()).Mul(w)
		}
		for name, c := range map[string]struct {
			shapes [][]int64
			layer  func(in []*Tensor) *Tensor
			plain  func(in []*Tensor) *Tensor // nil: layer itself
		}{
			"Linear":                 {[][]int64{{600, 12}, {9, 12}, {9}}, func(in []*Tensor) *Tensor { return in[0].Linear(in[1], in[2]) }, nil},
			"LayerNorm":              {[][]int64{{600, 12}, {12}, {12}}, func(in []*Tensor) *Tensor { return in[0].LayerNorm(in[1], in[2], 1e-5) }, nil},
			"LayerNorm without bias": {[][]int64{{600, 12}, {12}}, func(in []*Tensor) *Tensor { return in[0].LayerNorm(in[1], nil, 1e-5) }, nil},
			"RMSNorm": {[][]int64{{600, 12}, {12}}, func(in []*Tensor) *Tensor { return in[0].RMSNorm(in[1], 1e-5) },
				func(in []*Tensor) *Tensor { return plainNorm(in[0], in[1]) }},
			"Embedding": {[][]int64{{7, 12}}, func(in []*Tensor) *Tensor { return in[0].Embedding(index) }, nil},
			"Rotary":    {[][]int64{{600, 2, 8}}, func(in []*Tensor) *Tensor { return in[0].Rotary(angles) }, nil},
			"MLP": {[][]int64{{600, 12}, {20, 12}, {20}, {12, 20}, {12}}, func(in []*Tensor) *Tensor { return in[0].MLP(in[1], in[2], in[3], in[4], "tanh") },
				func(in []*Tensor) *Tensor { return in[0].Linear(in[1], in[2]).GELU("tanh").Linear(in[3], in[4]) }},
			"LinearCrossEntropySum": {[][]int64{{600, 12}, {12, 12}, {12}}, func(in []*Tensor) *Tensor { return LinearCrossEntropySum(in[0], in[1], in[2], targets) }, nil},
		} {
			for dtype, bit := range map[DType]float64{BFloat16: 1.0 / 128, Float16: 1.0 / 1024} {
				Seed(4)
				var half, full []*Tensor
				for _, shape := range c.shapes {
					x := Empty(Float32, CPU, shape...).Normal_(0.5).To(dtype)
					half, full = append(half, x.Detach().SetRequiresGrad(true)), append(full, wideOf(x))
				}
				plain := c.plain
				if plain == nil {
					plain = c.layer
				}
				y, want := c.layer(half), plain(full)
				w := Empty(Float32, CPU, want.Shape()...).Normal_(1).To(dtype)
				y.BackwardWith(w.To(y.DType()))
				want.BackwardWith(w.To(Float64))
				if err := nearLargest(y.Float64s(), want.Float64s(), 2*bit); err != nil {
					t.Errorf("%s in %v: %v", name, dtype, err)
				}
				for i := range half {
					if g := half[i].Grad(); g.DType() != dtype {
						t.Errorf("%s in %v: gradient %d is %v", name, dtype, i, g.DType())
					} else if err := nearLargest(g.Float64s(), full[i].Grad().Float64s(), 2*bit); err != nil {
						t.Errorf("%s in %v: gradient %d: %v", name, dtype, i, err)
					}
				}
			}
		}
	})
}

// A sum of 5,000 ones stands still at 256 in bfloat16 and at 2,048 in float16.
func TestLongSumsAreTakenInFloat32(t *testing.T) {
	do(t, func() {
		const n = 5000
		for _, dtype := range halfTypes {
			table := Ones(dtype, CPU, 2, 3).SetRequiresGrad(true)
			table.Embedding(Zeros(Int64, CPU, n)).Sum().Backward()
			x := Ones(dtype, CPU, n, 2)
			norm, bias := Ones(dtype, CPU, 2).SetRequiresGrad(true), Zeros(dtype, CPU, 2).SetRequiresGrad(true)
			x.LayerNorm(norm, bias, 1e-5).Sum().Backward()
			rms := Ones(dtype, CPU, 2).SetRequiresGrad(true)
			x.RMSNorm(rms, 0).Sum().Backward()
			w, wb := Ones(dtype, CPU, 1, 2).SetRequiresGrad(true), Zeros(dtype, CPU, 1).SetRequiresGrad(true)
			x.Linear(w, wb).Sum().Backward()
			up, upBias := Ones(dtype, CPU, 1, 2).SetRequiresGrad(true), Full(30, dtype, CPU, 1).SetRequiresGrad(true) // GELU is the identity there
			x.MLP(up, upBias, Ones(dtype, CPU, 1, 1), nil, "tanh").Sum().Backward()
			for what, g := range map[string]*Tensor{"a table": table.Grad().Narrow(0, 0, 1), "a LayerNorm's bias": bias.Grad(), "an RMSNorm": rms.Grad(), "a matrix": w.Grad(), "a bias": wb.Grad(),
				"an MLP's matrix": up.Grad(), "an MLP's bias": upBias.Grad()} {
				for _, got := range g.Float64s() {
					if math.Abs(got-n) > n/128 {
						t.Errorf("%v: the gradient of %s is %v, want %d", dtype, what, got, n)
					}
				}
			}
		}
	})
}

func TestSetDataKeepsTheTensorAndItsFollowers(t *testing.T) {
	do(t, func() {
		w := FromFloat32([]float32{1.0001, 2}, 2).SetRequiresGrad(true)
		w.Sum().Backward()
		master := w.Detach()
		w.SetData(master.To(BFloat16))
		if w.DType() != BFloat16 || w.Grad() != nil || !w.RequiresGrad() {
			t.Fatalf("%v, gradient %v", w.DType(), w.Grad())
		}
		for range 2 {
			w.MulScalar(3).Sum().Backward()
			GatherGrads([]*Tensor{master}, []*Tensor{w})
		}
		if g := master.Grad(); g.DType() != Float32 || g.Float32s()[1] != 6 || w.Grad() != nil {
			t.Errorf("gathered %v %v", g.DType(), g.Float32s())
		}
		w.SetData(master)
		if w.DType() != Float32 || w.Float32s()[0] != 1.0001 {
			t.Errorf("%v %v", w.DType(), w.Float32s())
		}
	})
}
