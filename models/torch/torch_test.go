package torch

import (
	"strings"
	"testing"
)

// do runs f inside Do and fails the test on an error.
func do(t testing.TB, f func()) {
	t.Helper()
	if err := Do(func() error { f(); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestErrorNamesOperationAndShapesInOneLine(t *testing.T) {
	err := Do(func() error {
		Zeros(Float32, CPU, 2, 3).MatMul(Zeros(Float32, CPU, 4, 5))
		return nil
	})
	if err == nil || !strings.HasPrefix(err.Error(), "torch: MatMul [2 3] [4 5]: ") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("got %v", err)
	}
	t.Log(err)
}

func TestSmoke(t *testing.T) {
	before := Live()
	do(t, func() {
		w := FromFloat32([]float32{1, 2, 3}, 3).SetRequiresGrad(true)
		w.Mul(w).Sum().Backward()
		if g := w.Grad().Float32s(); g[2] != 6 {
			t.Errorf("gradient %v", g)
		}
		q := Empty(Float32, CPU, 7, 2, 4).Normal_(1).SetRequiresGrad(true)
		o := Attention(q, q, q, []int32{0, 3, 6, 7}, true, 0)
		o.Sum().Backward()
		t.Log(o.Shape(), q.Grad().Sum().Item(), Threads())
		CrossEntropySum(Zeros(Float32, CPU, 2, 3), FromInt32([]int32{1, -100}, 2)).Item()
	})
	if Live() != before {
		t.Errorf("%d tensors left", Live()-before)
	}
}
