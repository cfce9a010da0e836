package torch

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// golden reads a file of testdata/torch into v.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	data, err := os.ReadFile("../../testdata/torch/" + name)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

type opCase struct {
	Op, Variant, DType string
	Inputs             []struct {
		Shape []int64
		Data  []float64
		Int   bool
	}
	Shape []int64
	Out   []float64
	Grads [][]float64
}

// ops are the operations of testdata/gen/torch_ops.py by the same names.
var ops = map[string]func(in []*Tensor) *Tensor{
	"Add":             func(in []*Tensor) *Tensor { return in[0].Add(in[1]) },
	"Sub":             func(in []*Tensor) *Tensor { return in[0].Sub(in[1]) },
	"Mul":             func(in []*Tensor) *Tensor { return in[0].Mul(in[1]) },
	"Div":             func(in []*Tensor) *Tensor { return in[0].Div(in[1]) },
	"AddScalar":       func(in []*Tensor) *Tensor { return in[0].AddScalar(1.5) },
	"MulScalar":       func(in []*Tensor) *Tensor { return in[0].MulScalar(-3) },
	"Neg":             func(in []*Tensor) *Tensor { return in[0].Neg() },
	"Pow":             func(in []*Tensor) *Tensor { return in[0].Pow(3) },
	"Sqrt":            func(in []*Tensor) *Tensor { return in[0].Sqrt() },
	"Rsqrt":           func(in []*Tensor) *Tensor { return in[0].Rsqrt() },
	"Exp":             func(in []*Tensor) *Tensor { return in[0].Exp() },
	"Log":             func(in []*Tensor) *Tensor { return in[0].Log() },
	"Tanh":            func(in []*Tensor) *Tensor { return in[0].Tanh() },
	"Sigmoid":         func(in []*Tensor) *Tensor { return in[0].Sigmoid() },
	"ReLU":            func(in []*Tensor) *Tensor { return in[0].ReLU() },
	"SiLU":            func(in []*Tensor) *Tensor { return in[0].SiLU() },
	"GELU":            func(in []*Tensor) *Tensor { return in[0].GELU("none") },
	"GELUTanh":        func(in []*Tensor) *Tensor { return in[0].GELU("tanh") },
	"Softmax":         func(in []*Tensor) *Tensor { return in[0].Softmax(-1) },
	"LogSoftmax":      func(in []*Tensor) *Tensor { return in[0].LogSoftmax(-1) },
	"Sum":             func(in []*Tensor) *Tensor { return in[0].Sum() },
	"Mean":            func(in []*Tensor) *Tensor { return in[0].Mean() },
	"SumDims":         func(in []*Tensor) *Tensor { return in[0].SumDims(false, 0, 2) },
	"MeanDims":        func(in []*Tensor) *Tensor { return in[0].MeanDims(true, -1) },
	"CumSum":          func(in []*Tensor) *Tensor { return in[0].CumSum(1) },
	"Max":             func(in []*Tensor) *Tensor { v, _ := in[0].Max(1); return v },
	"TopK":            func(in []*Tensor) *Tensor { v, _ := in[0].TopK(2, -1); return v },
	"Sort":            func(in []*Tensor) *Tensor { v, _ := in[0].Sort(-1, false); return v },
	"View":            func(in []*Tensor) *Tensor { return in[0].Reshape(-1, 4) },
	"Transpose":       func(in []*Tensor) *Tensor { return in[0].Transpose(0, 1) },
	"Permute":         func(in []*Tensor) *Tensor { return in[0].Permute(2, 0, 1) },
	"Contiguous":      func(in []*Tensor) *Tensor { return in[0].Contiguous() },
	"Narrow":          func(in []*Tensor) *Tensor { return in[0].Narrow(1, 1, 2) },
	"Select":          func(in []*Tensor) *Tensor { return in[0].Select(1, 2) },
	"Split":           func(in []*Tensor) *Tensor { return in[0].Split(2, 1)[1] },
	"Expand":          func(in []*Tensor) *Tensor { return in[0].Expand(2, 3, 4) },
	"Tril":            func(in []*Tensor) *Tensor { return in[0].Tril(0) },
	"Cat":             func(in []*Tensor) *Tensor { return Cat(1, in...) },
	"Stack":           func(in []*Tensor) *Tensor { return Stack(0, in...) },
	"IndexSelect":     func(in []*Tensor) *Tensor { return in[0].IndexSelect(1, in[1]) },
	"Gather":          func(in []*Tensor) *Tensor { return in[0].Gather(2, in[1]) },
	"MaskedFill":      func(in []*Tensor) *Tensor { return in[0].MaskedFill(in[1].To(Bool), -1.5) },
	"Where":           func(in []*Tensor) *Tensor { return Where(in[0].To(Bool), in[1], in[2]) },
	"MatMul":          func(in []*Tensor) *Tensor { return in[0].MatMul(in[1]) },
	"Linear":          func(in []*Tensor) *Tensor { return in[0].Linear(in[1], in[2]) },
	"LinearNoBias":    func(in []*Tensor) *Tensor { return in[0].Linear(in[1], nil) },
	"LayerNorm":       func(in []*Tensor) *Tensor { return in[0].LayerNorm(in[1], in[2], 1e-5) },
	"LayerNormNoBias": func(in []*Tensor) *Tensor { return in[0].LayerNorm(in[1], nil, 1e-5) },
	"Embedding":       func(in []*Tensor) *Tensor { return in[0].Embedding(in[1]) },
	"CrossEntropySum": func(in []*Tensor) *Tensor {
		t := in[1]
		return CrossEntropySum(in[0], Where(t.EqScalar(0), t.MulScalar(0).AddScalar(-100), t.AddScalar(-1)))
	},
	"ToBFloat16": func(in []*Tensor) *Tensor { return in[0].To(BFloat16).To(Float32) },
}

// near says whether all numbers agree to the tolerance, relative above 1 and absolute below.
func near(got, want []float64, tolerance float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d numbers, want %d", len(got), len(want))
	}
	for i := range want {
		if d := math.Abs(got[i] - want[i]); !(d <= tolerance*max(1, math.Abs(want[i]))) {
			return fmt.Errorf("number %d is %v, want %v", i, got[i], want[i])
		}
	}
	return nil
}

// build makes the inputs of a case: what gradients are asked of, and what the operation sees.
func (c opCase) build(t *testing.T) (leaves, in []*Tensor) {
	dtype, err := ParseDType(c.DType)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range c.Inputs {
		x := FromFloat64(spec.Data, spec.Shape...)
		if spec.Int {
			x = x.To(Int64)
			leaves, in = append(leaves, x), append(in, x)
			continue
		}
		x = x.To(dtype)
		last := int64(x.Dims() - 1)
		if c.Variant != "transposed" || last < 1 {
			x.SetRequiresGrad(true)
			leaves, in = append(leaves, x), append(in, x)
			continue
		}
		x = x.Transpose(0, last).Contiguous().SetRequiresGrad(true)
		leaves, in = append(leaves, x), append(in, x.Transpose(0, last))
	}
	return leaves, in
}

func (c opCase) check(t *testing.T) {
	tolerance := 2e-6
	if c.DType == "bfloat16" {
		tolerance = 1e-2 // one step of bfloat16 is 0.8 %
	}
	leaves, in := c.build(t)
	out := ops[c.Op](in)
	if fmt.Sprint(out.Shape()) != fmt.Sprint(c.Shape) {
		t.Fatalf("shape %v, want %v", out.Shape(), c.Shape)
	}
	if err := near(out.Float64s(), c.Out, tolerance); err != nil {
		t.Fatalf("forward: %v", err)
	}
	w := make([]float32, out.NumEl())
	for i := range w {
		w[i] = float32(7*i%11-5) / 5
	}
	out.To(Float32).Mul(FromFloat32(w, out.Shape()...)).Sum().Backward()
	for i, want := range c.Grads {
		g := leaves[i].Grad()
		if (g == nil) != (want == nil) {
			t.Fatalf("gradient %d: %v, want %v", i, g, want)
		}
		if g == nil {
			continue
		}
		if err := near(g.Float64s(), want, tolerance); err != nil {
			t.Fatalf("gradient %d: %v", i, err)
		}
	}
}

func TestOperationsAndGradientsEqualPyTorch(t *testing.T) {
	var file struct{ Cases []opCase }
	golden(t, "ops.json", &file)
	seen := map[string]bool{}
	for _, c := range file.Cases {
		seen[c.Op] = true
		t.Run(c.Op+"/"+c.Variant+"/"+c.DType, func(t *testing.T) {
			do(t, func() { c.check(t) })
		})
	}
	for op := range ops {
		if !seen[op] {
			t.Errorf("%s has no case", op)
		}
	}
}

func TestIndexOperations(t *testing.T) {
	do(t, func() {
		x := FromFloat32([]float32{3, 1, 2, 0, 5, 4}, 2, 3)
		_, i := x.Max(1)
		_, k := x.TopK(2, 1)
		_, s := x.Sort(1, true)
		for _, c := range []struct {
			name      string
			got, want any
		}{
			{"max", i.Int64s(), []int64{0, 1}},
			{"argmax", x.ArgMax(1).Int64s(), []int64{0, 1}},
			{"topk", k.Int64s(), []int64{0, 2, 1, 2}},
			{"sort", s.Int64s(), []int64{0, 2, 1, 1, 2, 0}},
			{"eq", x.EqScalar(5).Bools(), []bool{false, false, false, false, true, false}},
			{"lt", x.Lt(FromFloat32([]float32{2}, 1)).Bools(), []bool{false, true, false, true, false, false}},
			{"gt", x.GtScalar(3.5).Bools(), []bool{false, false, false, false, true, true}},
			{"eq tensor", x.Eq(x).Sum().Int64s(), []int64{6}},
			{"gt tensor", x.Gt(x).Sum().Int64s(), []int64{0}},
			{"lt scalar", x.LtScalar(1).Sum().Int64s(), []int64{1}},
			{"integers stay integers", Arange(3).AddScalar(1).MulScalar(2).DType(), Int64},
			{"chunk", len(x.Chunk(2, 1)), 2},
			{"squeeze", x.Unsqueeze(0).Squeeze(0).Shape(), []int64{2, 3}},
		} {
			if fmt.Sprint(c.got) != fmt.Sprint(c.want) {
				t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
			}
		}
	})
}
