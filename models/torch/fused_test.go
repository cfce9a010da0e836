package torch

import (
	"fmt"
	"math"
	"testing"
)

// sameGradients runs two ways of computing one number from the same inputs and compares the results and every gradient.
// Tolerance: relative to the largest number of each tensor.
func sameGradients(t *testing.T, name string, tolerance float64, dtype DType, shapes [][]int64, ours, plain func(in []*Tensor) *Tensor) {
	t.Helper()
	var results [2]float64
	var grads [2][]*Tensor
	for i, f := range []func([]*Tensor) *Tensor{ours, plain} {
		Seed(3)
		var in []*Tensor
		for _, s := range shapes {
			if s == nil {
				in = append(in, nil)
				continue
			}
			in = append(in, Empty(Float32, CPU, s...).Normal_(0.7).To(dtype).Detach().SetRequiresGrad(true))
		}
		y := f(in)
		results[i] = y.Item()
		y.MulScalar(0.5).Backward() // a factor other than 1 has a path of its own
		for _, x := range in {
			if x != nil {
				grads[i] = append(grads[i], x.Grad())
			}
		}
	}
	if !(math.Abs(results[0]-results[1]) <= tolerance*(1+math.Abs(results[1]))) {
		t.Errorf("%s: %v, want %v", name, results[0], results[1])
	}
	for i, want := range grads[1] {
		if err := nearLargest(grads[0][i].Float64s(), want.Float64s(), tolerance); err != nil {
			t.Errorf("%s: gradient %d: %v", name, i, err)
		}
	}
}

func nearLargest(got, want []float64, tolerance float64) error {
	largest := 1e-3
	for _, w := range want {
		largest = max(largest, math.Abs(w))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*largest) {
			return fmt.Errorf("element %d is %v, want %v (largest %v)", i, got[i], want[i], largest)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d elements, want %d", len(got), len(want))
	}
	return nil
}

func targetsFor(n, v int64, ignoreEvery int) *Tensor {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32((int64(i)*7919 + 3) % v)
		if ignoreEvery > 0 && i%ignoreEvery == 0 {
			ids[i] = -100
		}
	}
	return FromInt32(ids, n)
}

// The plain reference is PyTorch's own linear and cross entropy, in float64 where the type is not half precision.
func TestLinearCrossEntropyEqualsLinearThenCrossEntropy(t *testing.T) {
	do(t, func() {
		for _, c := range []struct {
			n, d, v   int64
			bias      bool
			ignore    int
			dtype     DType
			tolerance float64
		}{
			{5, 3, 7, false, 0, Float32, 2e-6}, {5, 3, 8, true, 2, Float32, 2e-6}, {1, 1, 1, true, 0, Float32, 2e-6},
			{700, 16, 65, true, 3, Float32, 5e-6}, {1300, 8, 4099, false, 5, Float32, 5e-6}, {3, 4, 9, true, 1, Float32, 0},
			{600, 4, 16385, true, 3, Float32, 2e-5}, {1030, 4, 16385, false, 0, Float32, 2e-5}, // two chunks, and five
			{0, 4, 9, true, 0, Float32, 0}, {300, 8, 5000, true, 4, Float64, 1e-12},
			{600, 16, 65, true, 3, BFloat16, 2e-2}, {600, 16, 65, false, 0, Float16, 5e-3},
		} {
			name := fmt.Sprintf("N%d D%d V%d bias=%v ignore=%d %v", c.n, c.d, c.v, c.bias, c.ignore, c.dtype)
			shapes := [][]int64{{c.n, c.d}, {c.v, c.d}, nil}
			if c.bias {
				shapes[2] = []int64{c.v}
			}
			targets := targetsFor(c.n, c.v, c.ignore)
			sameGradients(t, name, c.tolerance, c.dtype, shapes,
				func(in []*Tensor) *Tensor { return LinearCrossEntropySum(in[0], in[1], in[2], targets) },
				func(in []*Tensor) *Tensor {
					wide := func(x *Tensor) *Tensor {
						if x == nil {
							return nil
						}
						return x.To(Float64)
					}
					return CrossEntropySum(wide(in[0]).Linear(wide(in[1]), wide(in[2])), targets)
				})
		}
	})
}

func TestLinearCrossEntropyOutsideGradEqualsInside(t *testing.T) {
	do(t, func() {
		h, w := Empty(Float32, CPU, 300, 8).Normal_(1), Empty(Float32, CPU, 100, 8).Normal_(1)
		targets := targetsFor(300, 100, 7)
		plain := LinearCrossEntropySum(h, w, nil, targets)
		recorded := LinearCrossEntropySum(h, w.SetRequiresGrad(true), nil, targets)
		if plain.RequiresGrad() || !recorded.RequiresGrad() || plain.Item() != recorded.Item() {
			t.Errorf("%v without gradients, %v with", plain.Item(), recorded.Item())
		}
		recorded.BackwardKeep()
		once := w.Grad().Float32s()
		recorded.Backward()
		for i, x := range w.Grad().Float32s() {
			if x != 2*once[i] {
				t.Fatal("a second backward pass gives another gradient")
			}
		}
	})
}

// Huge logits do not overflow, and a NaN or infinity anywhere shows in the sum: training must notice it.
func TestLinearCrossEntropyAtTheEdgesOfFloat32(t *testing.T) {
	do(t, func() {
		one := Ones(Float32, CPU, 1, 1)
		target := FromInt32([]int32{0}, 1)
		for _, v := range []int64{2, 9, 17} {
			for _, c := range []struct{ first, want float64 }{{1e30, 0}, {-200, 200 + math.Log(float64(v-1))}, {math.NaN(), math.NaN()}, {math.Inf(1), math.NaN()}} {
				w := make([]float32, v)
				w[0] = float32(c.first)
				got := LinearCrossEntropySum(one, FromFloat32(w, v, 1), nil, target).Item()
				if !(math.Abs(got-c.want) <= 1e-4) && !(math.IsNaN(got) && math.IsNaN(c.want)) {
					t.Errorf("V%d: logit %v gives %v, want %v", v, c.first, got, c.want)
				}
				w[0], w[v-1] = 0, float32(math.NaN())
				if got := LinearCrossEntropySum(one, FromFloat32(w, v, 1), nil, target).Item(); !math.IsNaN(got) {
					t.Errorf("V%d: a NaN among the others gives %v", v, got)
				}
			}
		}
	})
}

func TestLinearCrossEntropyRefusesWhatDoesNotFit(t *testing.T) {
	do(t, func() {
		h, w := Zeros(Float32, CPU, 2, 3), Zeros(Float32, CPU, 4, 3)
		for _, c := range []struct {
			h, w, b *Tensor
			ids     []int32
		}{{h, w, nil, []int32{0, 4}}, {h, w, nil, []int32{-1, 0}}, {h, w, nil, []int32{0}}, {h, h, nil, []int32{0, 2}},
			{h, w, Zeros(Float32, CPU, 3), []int32{0, 1}}, {h, Zeros(Float32, CPU, 4, 2), nil, []int32{0, 1}}, {h, w.To(BFloat16), nil, []int32{0, 1}}} {
			err := Do(func() error { LinearCrossEntropySum(c.h, c.w, c.b, FromInt32(c.ids, int64(len(c.ids)))); return nil })
			if err == nil {
				t.Errorf("%v of %v is accepted", c.ids, c.w.Shape())
			}
		}
	})
}

func TestMLPEqualsItsThreeParts(t *testing.T) {
	do(t, func() {
		for _, form := range []string{"none", "tanh"} {
			for _, c := range []struct {
				n, d, f   int64
				bias      bool
				dtype     DType
				tolerance float64
			}{{1, 1, 1, true, Float32, 3e-6}, {0, 2, 3, true, Float32, 0}, {7, 3, 5, false, Float32, 3e-6}, {600, 12, 37, true, Float32, 5e-6},
				{300, 8, 20, true, Float64, 1e-12}, {300, 8, 20, true, BFloat16, 4e-2}} {
				name := fmt.Sprintf("%s N%d D%d F%d bias=%v %v", form, c.n, c.d, c.f, c.bias, c.dtype)
				shapes := [][]int64{{c.n, c.d}, {c.f, c.d}, nil, {c.d, c.f}, nil}
				if c.bias {
					shapes[2], shapes[4] = []int64{c.f}, []int64{c.d}
				}
				square := func(y *Tensor) *Tensor { return y.Mul(y).Sum() }
				sameGradients(t, name, c.tolerance, c.dtype, shapes,
					func(in []*Tensor) *Tensor { return square(in[0].MLP(in[1], in[2], in[3], in[4], form).To(Float32)) },
					func(in []*Tensor) *Tensor {
						return square(in[0].Linear(in[1], in[2]).GELU(form).Linear(in[3], in[4]).To(Float32))
					})
			}
		}
	})
}

// Over the whole range, tails too, against PyTorch's GELU in float64.
func TestActivationInMLPIsAccurate(t *testing.T) {
	do(t, func() {
		var xs []float32
		for x := -12.0; x <= 12; x += 1.0 / 64 {
			xs = append(xs, float32(x))
		}
		xs = append(xs, -1e30, -100, 100, 1e18)
		n := int64(len(xs))
		one := Ones(Float32, CPU, 1, 1)
		for _, form := range []string{"none", "tanh"} {
			x, wide := FromFloat32(xs, n, 1).SetRequiresGrad(true), FromFloat32(xs, n, 1).To(Float64).Detach().SetRequiresGrad(true)
			y, want := x.MLP(one, nil, one, nil, form), wide.GELU(form)
			y.Sum().Backward()
			want.Sum().Backward()
			got, dx, w, dw := y.Float64s(), x.Grad().Float64s(), want.Float64s(), wide.Grad().Float64s()
			for i := range xs {
				if !(math.Abs(got[i]-w[i]) <= 5e-7*(1+math.Abs(w[i]))) || !(math.Abs(dx[i]-dw[i]) <= 1e-6) {
					t.Errorf("%s: gelu(%v) is %v with slope %v, want %v with %v", form, xs[i], got[i], dx[i], w[i], dw[i])
				}
			}
		}
	})
}

// Batches of changing sizes must not make the process grow: freed memory is joined and used again.
func TestMemoryOfLargeTensorsIsUsedAgain(t *testing.T) {
	do(t, func() {
		before := MemoryInUse()
		round := func() {
			for i := range int64(40) {
				Scope(func() {
					var kept []*Tensor
					for j := range int64(20) {
						kept = append(kept, Ones(Float32, CPU, 20_000+(i*7919+j*104729)%90_000))
						if j%3 == 0 {
							Free(kept[j/2])
						}
					}
				})
			}
		}
		round()
		early := MemoryInUse()
		for range 5 {
			round()
		}
		late := MemoryInUse()
		if late.Used != before.Used {
			t.Errorf("%d bytes are in use, %d before", late.Used, before.Used)
		}
		if late.Held > early.Held {
			t.Errorf("the memory held grew from %d to %d bytes", early.Held, late.Held)
		}
		if early.Most > 0 && early.Held > 2*max(early.Most, 8<<20) {
			t.Errorf("%d bytes held for %d used", early.Held, early.Most)
		}
	})
}
