package torch

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestDataGoesInAndOutUnchanged(t *testing.T) {
	do(t, func() {
		x := FromFloat32([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
		y := x.Transpose(0, 1)
		for _, c := range []struct{ got, want any }{
			{y.Float32s(), []float32{1, 4, 2, 5, 3, 6}},
			{y.Float64s(), []float64{1, 4, 2, 5, 3, 6}},
			{y.To(BFloat16).Int64s(), []int64{1, 4, 2, 5, 3, 6}},
			{y.IsContiguous(), false},
			{y.Contiguous().IsContiguous(), true},
			{y.Shape(), []int64{3, 2}},
			{y.Size(-1), int64(2)},
			{y.Dims(), 2},
			{y.DType(), Float32},
			{y.Device(), CPU},
			{FromInt32([]int32{-1, 7}, 2).Int64s(), []int64{-1, 7}},
			{FromInt64([]int64{1 << 60}).Int64s(), []int64{1 << 60}},
			{FromBool([]bool{true, false}, 2).Bools(), []bool{true, false}},
			{FromFloat32([]float32{2.5}).Dims(), 0},
			{FromFloat32([]float32{2.5}).Item(), 2.5},
			{FromFloat32([]float32{2.5}).NumEl(), int64(1)},
			{FromFloat32(nil, 0, 3).Shape(), []int64{0, 3}},
			{FromFloat32(nil, 0, 3).Float32s(), []float32{}},
			{Full(3, Int64, CPU).Item(), 3.0},
			{Arange(4).Int64s(), []int64{0, 1, 2, 3}},
			{Zeros(Float16, CPU, 1).DType(), Float16},
			{Empty(Bool, CPU, 5).NumEl(), int64(5)},
			{fmt.Sprint(BFloat16, Uint8, CUDA(1), CPU), "bfloat16 uint8 cuda:1 cpu"},
		} {
			if fmt.Sprint(c.got) != fmt.Sprint(c.want) {
				t.Errorf("got %v, want %v", c.got, c.want)
			}
		}
	})
}

func TestBytesRoundTripInEveryType(t *testing.T) {
	do(t, func() {
		for dtype := range dtypes {
			x := FromFloat32([]float32{0, 1, 0, 1, 1, 0}, 2, 3).To(dtype).Transpose(0, 1)
			data := x.Bytes()
			if len(data) != 6*dtype.Size() || !bytes.Equal(FromBytes(data, dtype, 3, 2).Bytes(), data) {
				t.Errorf("%v: %v", dtype, data)
			}
			y := Zeros(dtype, CPU, 2, 3).Transpose(0, 1)
			y.CopyFromBytes(data)
			if !y.Equal(x) {
				t.Errorf("%v: copied into a transposed tensor: %v", dtype, y.Float32s())
			}
			if back, err := ParseDType(dtype.String()); err != nil || back != dtype {
				t.Errorf("%v: %v, %v", dtype, back, err)
			}
		}
		if _, err := ParseDType("float33"); err == nil || !strings.Contains(err.Error(), "float33") {
			t.Error(err)
		}
	})
}

func TestInPlaceOperationsChangeTheirTensorAndMakeNone(t *testing.T) {
	do(t, func() {
		x, o := FromFloat32([]float32{1, 2}, 2), FromFloat32([]float32{3, 5}, 2)
		live := Live()
		for _, c := range []struct {
			f    func() *Tensor
			want []float32
		}{
			{func() *Tensor { return x.Add_(o) }, []float32{4, 7}},
			{func() *Tensor { return x.Mul_(o) }, []float32{12, 35}},
			{func() *Tensor { return x.MulScalar_(0.5) }, []float32{6, 17.5}},
			{func() *Tensor { return x.AddScaled_(o, -2) }, []float32{0, 7.5}},
			{func() *Tensor { return x.Copy_(o) }, []float32{3, 5}},
			{func() *Tensor { return x.Fill_(2.5) }, []float32{2.5, 2.5}},
			{func() *Tensor { return x.Zero_() }, []float32{0, 0}},
			{func() *Tensor { x.CopyFromFloat32s([]float32{8, 9}); return x }, []float32{8, 9}},
		} {
			if got := c.f(); got != x || !slices.Equal(x.Float32s(), c.want) || Live() != live {
				t.Errorf("got %v, want %v; %d new tensors", x.Float32s(), c.want, Live()-live)
			}
		}
	})
}

func TestGradientsAddUpUntilZeroGrad(t *testing.T) {
	do(t, func() {
		x := FromFloat32([]float32{1, 2}, 2).SetRequiresGrad(true)
		if x.Grad() != nil || !x.RequiresGrad() {
			t.Error("a gradient before Backward")
		}
		y := x.Mul(x).Sum()
		y.BackwardKeep()
		y.Backward()
		if got := x.Grad().Float32s(); !slices.Equal(got, []float32{4, 8}) {
			t.Errorf("gradient %v", got)
		}
		x.Grad().MulScalar_(0.5)
		if got := x.Grad().Float32s(); !slices.Equal(got, []float32{2, 4}) {
			t.Errorf("halved in place: %v", got)
		}
		x.ZeroGrad()
		if x.Grad() != nil {
			t.Error("a gradient after ZeroGrad")
		}
	})
}
