package torch

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

type kernelNumbers struct {
	Shapes                 [][]int64
	Start, First, Last     [][]float64
	Norm                   float64
	Normal, Uniform, Trunc []float64
}

// adamwSetUp makes the parameters of the golden file and a function that sets the gradients of a step.
func adamwSetUp(n kernelNumbers) (params, m, v []*Tensor, setGrads func(step int)) {
	for i, shape := range n.Shapes {
		params = append(params, FromFloat64(n.Start[i], shape...).To(Float32).Detach().SetRequiresGrad(true))
		m, v = append(m, Zeros(Float32, CPU, shape...)), append(v, Zeros(Float32, CPU, shape...))
	}
	return params, m, v, func(step int) {
		for i, p := range params {
			g := make([]float32, p.NumEl())
			for j := range g {
				g[j] = float32((7*j+3*i+step)%13-6) / 5
			}
			p.ZeroGrad()
			p.Mul(FromFloat32(g, p.Shape()...)).Sum().Backward()
		}
	}
}

func TestAdamWEqualsPyTorchOverTenSteps(t *testing.T) {
	var n kernelNumbers
	golden(t, "kernels.json", &n)
	do(t, func() {
		params, m, v, setGrads := adamwSetUp(n)
		for step := range 10 {
			setGrads(step)
			FusedAdamW(params, nil, m, v, 1e-2, 0.9, 0.95, 1e-8, 0.1, int64(step+1))
			want := map[int][][]float64{0: n.First, 9: n.Last}[step]
			for i := range want {
				if err := near(params[i].Float64s(), want[i], 1e-7); err != nil {
					t.Errorf("step %d, parameter %d: %v", step+1, i, err)
				}
			}
		}
		if norm := GradNorm(params); math.Abs(norm-n.Norm) > 1e-5 {
			t.Errorf("norm %v, want %v", norm, n.Norm)
		}
		ScaleGrads(params, 0.5)
		if norm := GradNorm(params); math.Abs(norm-n.Norm/2) > 1e-5 {
			t.Errorf("norm of halved gradients %v, want %v", norm, n.Norm/2)
		}
	})
}

func TestAdamWRefusesWhatDoesNotMatch(t *testing.T) {
	do(t, func() {
		a, b := Zeros(Float32, CPU, 2).SetRequiresGrad(true), Zeros(Float32, CPU, 2)
		for want, f := range map[string]func(){
			"params, grads, m and v must be as many": func() { FusedAdamW([]*Tensor{a}, nil, nil, []*Tensor{b}, 1, 0, 0, 0, 0, 1) },
			"a parameter has no gradient":            func() { FusedAdamW([]*Tensor{a}, nil, []*Tensor{b}, []*Tensor{b}, 1, 0, 0, 0, 0, 1) },
		} {
			if err := Do(func() error { f(); return nil }); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		FusedAdamW(nil, nil, nil, nil, 1, 0, 0, 0, 0, 1)
		if GradNorm(nil) != 0 || GradNorm([]*Tensor{a}) != 0 {
			t.Error("the norm of no gradients is not 0")
		}
	})
}

func TestRandomFillsEqualPyTorchFromOneSeed(t *testing.T) {
	var n kernelNumbers
	golden(t, "kernels.json", &n)
	do(t, func() {
		Seed(42)
		for _, c := range []struct {
			name string
			got  *Tensor
			want []float64
		}{
			{"normal", Empty(Float32, CPU, 20).Normal_(0.02), n.Normal},
			{"uniform", Empty(Float32, CPU, 5).Uniform_(-1, 3), n.Uniform},
			{"truncated normal", Empty(Float32, CPU, 20).TruncNormal_(0.02, -0.03, 0.03), n.Trunc},
		} {
			if err := near(c.got.Float64s(), c.want, 1e-7); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	})
}

func TestSameSeedGivesSameBitsAndStateGoesRound(t *testing.T) {
	do(t, func() {
		draw := func() []byte {
			x := Ones(Float32, CPU, 1000).Dropout(0.3, true)
			return bytes.Join([][]byte{x.Bytes(), Ones(Float32, CPU, 7).Multinomial(3, false).Bytes(), Empty(Float32, CPU, 3).Normal_(1).Bytes()}, nil)
		}
		Seed(7)
		first := draw()
		state := RNGState()
		second := draw()
		if bytes.Equal(first, second) {
			t.Error("the draws repeat")
		}
		Seed(7)
		if !bytes.Equal(first, draw()) {
			t.Error("the same seed gave other draws")
		}
		if err := SetRNGState(state); err != nil || !bytes.Equal(second, draw()) {
			t.Errorf("the state gave other draws (%v)", err)
		}
		for _, bad := range [][]byte{nil, {1, 2}, make([]byte, len(state)), bytes.Repeat([]byte{255}, len(state))} {
			before := RNGState()
			if err := SetRNGState(bad); err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("a bad state of %d bytes gave %v", len(bad), err)
			}
			if !bytes.Equal(before, RNGState()) {
				t.Error("a bad state changed the generator")
			}
		}
		x := Ones(Float32, CPU, 4)
		if x.Dropout(0.5, false) != x || x.Dropout(0, true) != x {
			t.Error("dropout outside training made a tensor")
		}
	})
}
