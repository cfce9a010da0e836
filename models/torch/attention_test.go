package torch

import (
	"bytes"
	"fmt"
	"math"
	"testing"
)

// plainAttention is the definition, row by row, of what Attention computes.
func plainAttention(q, k, v *Tensor, off []int32, causal bool) *Tensor {
	var rows []*Tensor
	for i := range len(off) - 1 {
		start, length := int64(off[i]), int64(off[i+1]-off[i])
		row := func(x *Tensor) *Tensor { return x.Narrow(0, start, length).Transpose(0, 1) } // [H,T,K]
		scores := row(q).MatMul(row(k).Transpose(1, 2)).MulScalar(1 / math.Sqrt(float64(q.Size(2))))
		if causal {
			hidden := Ones(Float64, CPU, length, length).Tril(0).EqScalar(0)
			scores = scores.MaskedFill(hidden, math.Inf(-1))
		}
		rows = append(rows, scores.Softmax(-1).MatMul(row(v)).Transpose(0, 1))
	}
	return Cat(0, rows...)
}

// grads runs f on q, k and v and returns its output and the gradients of the sum weighted by w.
func grads(w *Tensor, f func(q, k, v *Tensor) *Tensor, qkv ...*Tensor) (out *Tensor, ds []*Tensor) {
	out = f(qkv[0], qkv[1], qkv[2])
	out.BackwardWith(w.To(out.DType()))
	for _, x := range qkv {
		ds = append(ds, x.Grad().To(Float64))
		x.ZeroGrad()
	}
	return out.To(Float64), ds
}

var packings = map[string][]int32{
	"one":       {0, 9},
	"equal":     {0, 4, 8, 12},
	"irregular": {0, 3, 4, 9, 9, 16, 18, 20, 27, 40},
	"empty":     {0, 0, 5, 5},
	"nothing":   {0},
}

func TestAttentionEqualsItsDefinition(t *testing.T) {
	for name, off := range packings {
		for _, causal := range []bool{true, false} {
			for dtype, tolerance := range map[DType]float64{Float64: 1e-12, Float32: 2e-6, BFloat16: 3e-2} {
				t.Run(fmt.Sprintf("%s/causal=%v/%v", name, causal, dtype), func(t *testing.T) {
					do(t, func() { attentionCase(t, off, causal, dtype, tolerance) })
				})
			}
		}
	}
}

func attentionCase(t *testing.T, off []int32, causal bool, dtype DType, tolerance float64) {
	Seed(3)
	n, h, k := int64(off[len(off)-1]), int64(3), int64(8)
	qkv := Empty(Float32, CPU, n, 3*h*k).Normal_(1).To(dtype)
	w := Empty(Float32, CPU, n, h, k).Normal_(1)
	parts := make([]*Tensor, 3)
	exact := make([]*Tensor, 3)
	for i := range parts {
		x := qkv.View(n, 3, h, k).Select(1, int64(i)) // strided, as a joined projection gives it
		parts[i] = x.Detach().SetRequiresGrad(true)
		exact[i] = x.To(Float64).Detach().SetRequiresGrad(true)
	}
	got, gotGrads := grads(w, func(q, k, v *Tensor) *Tensor { return Attention(q, k, v, off, causal, 0) }, parts...)
	if n == 0 {
		if got.NumEl() != 0 || gotGrads[0].NumEl() != 0 {
			t.Fatalf("shape %v", got.Shape())
		}
		return
	}
	want, wantGrads := grads(w, func(q, k, v *Tensor) *Tensor { return plainAttention(q, k, v, off, causal) }, exact...)
	if err := near(got.Float64s(), want.Float64s(), tolerance); err != nil {
		t.Fatal(err)
	}
	for i := range wantGrads {
		if err := near(gotGrads[i].Float64s(), wantGrads[i].Float64s(), 2*tolerance); err != nil {
			t.Errorf("gradient of %c: %v", "qkv"[i], err)
		}
	}
	joined := qkv.Detach().SetRequiresGrad(true)
	out := AttentionQKV(joined, h, off, causal, 0)
	out.BackwardWith(w.View(n, h*k).To(dtype))
	if err := near(out.Float64s(), got.Float64s(), 0); err != nil {
		t.Errorf("joined: %v", err)
	}
	if err := near(joined.Grad().Float64s(), Cat(1, Stack(1, gotGrads...).View(n, 3*h*k)).Float64s(), 0); err != nil {
		t.Errorf("gradient of joined: %v", err)
	}
}

func TestAttentionOfTransposedInputs(t *testing.T) {
	do(t, func() {
		x := Empty(Float64, CPU, 8, 6, 5).Normal_(1).Permute(1, 2, 0).SetRequiresGrad(true) // [6,5,8], K is not dense
		off := []int32{0, 2, 6}
		got := Attention(x, x, x, off, true, 0)
		if err := near(got.Float64s(), plainAttention(x, x, x, off, true).Float64s(), 1e-12); err != nil {
			t.Error(err)
		}
	})
}

// A row's bits do not depend on what the other rows hold, forward or backward: C69.
func TestAttentionRowsHaveNoInfluenceOnEachOther(t *testing.T) {
	for name, off := range packings {
		if name == "nothing" || name == "one" {
			continue
		}
		do(t, func() {
			n := int64(off[len(off)-1])
			x := Empty(Float32, CPU, n, 3*16).Normal_(1)
			y := Full(math.NaN(), Float32, CPU, n, 3*16)
			first := int64(max(off[1], off[2])) // rows up to here stay as they are
			y.Narrow(0, 0, first).Copy_(x.Narrow(0, 0, first))
			var outs, ds []*Tensor
			for _, in := range []*Tensor{x, y} {
				in.SetRequiresGrad(true)
				out := AttentionQKV(in, 2, off, false, 0)
				out.Sum().Backward()
				outs, ds = append(outs, out.Narrow(0, 0, first)), append(ds, in.Grad().Narrow(0, 0, first))
			}
			if !outs[0].Equal(outs[1]) || !ds[0].Equal(ds[1]) {
				t.Errorf("%s: another row changed the result", name)
			}
		})
	}
}

func TestAttentionIsTheSameBitsEveryTime(t *testing.T) {
	do(t, func() {
		off := packings["irregular"]
		x := Empty(Float32, CPU, int64(off[len(off)-1]), 3*64).Normal_(1).SetRequiresGrad(true)
		var first []byte
		for i := range 10 {
			x.ZeroGrad()
			y := AttentionQKV(x, 4, off, true, 0)
			y.Mul(y).Sum().Backward()
			bits := append(y.Bytes(), x.Grad().Bytes()...)
			if i == 0 {
				first = bits
			} else if !bytes.Equal(first, bits) {
				t.Fatal("another run gave other bits")
			}
		}
	})
}

func TestAttentionDropoutDropsItsShareAndKeepsTheMean(t *testing.T) {
	do(t, func() {
		Seed(1)
		const T, p = 64, 0.25
		q := Zeros(Float32, CPU, 2*T, 4, T) // equal scores: each probability is 1/T
		v := Zeros(Float32, CPU, 2*T, 4, T) // v is the unit matrix, so that the output is the probabilities
		for i := int64(0); i < 2*T; i++ {
			v.Narrow(0, i, 1).Narrow(2, i%T, 1).Fill_(1)
		}
		v.SetRequiresGrad(true)
		out := Attention(q, q, v, []int32{0, T, 2 * T}, false, p)
		zeros := out.EqScalar(0).Sum().Item() / float64(out.NumEl())
		if math.Abs(zeros-p) > 0.01 {
			t.Errorf("%.3f of the probabilities are dropped, want %v", zeros, p)
		}
		if mean := out.Mean().Item() * T; math.Abs(mean-1) > 0.02 {
			t.Errorf("the mean is %.3f times the probability", mean)
		}
		out.Sum().Backward()
		if v.Grad().Sum().Item() == 0 {
			t.Error("no gradient passes")
		}
	})
}

// C75: half precision with scores far from 0 stays finite and near float32.
func TestAttentionInHalfPrecisionStaysFinite(t *testing.T) {
	do(t, func() {
		off := []int32{0, 1, 17, 48}
		x := Empty(Float32, CPU, 48, 3*32).Normal_(1)
		x.Narrow(1, 0, 32).MulScalar_(-20)
		for _, dtype := range []DType{BFloat16, Float16} {
			y := x.To(dtype)
			got, want := AttentionQKV(y, 2, off, true, 0), AttentionQKV(y.To(Float32), 2, off, true, 0)
			if err := near(got.Float64s(), want.Float64s(), 1e-2); err != nil {
				t.Errorf("%v: %v", dtype, err)
			}
		}
	})
}
