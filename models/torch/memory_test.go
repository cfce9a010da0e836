package torch

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// residentBytes is what the kernel counts for this process.
func residentBytes(t *testing.T) int64 {
	t.Helper()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc/self/statm")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// What is released comes back when it is used.
func TestReleasedCodeStillRuns(t *testing.T) {
	work := func() (sum float64) {
		do(t, func() {
			x := Ones(Float32, CPU, 64, 64)
			y := x.MatMul(x)
			sum = float64(y.Float32s()[0])
			Free(x, y)
		})
		return sum
	}
	work()
	before := residentBytes(t)
	ReleaseCode()
	if given := before - residentBytes(t); given < 16<<20 {
		t.Errorf("%d bytes given back", given)
	}
	if got := work(); got != 64 {
		t.Errorf("a product after it is %g", got)
	}
}

// sugarme/gotch#115, #88: every tensor leaked there.
func TestHundredThousandTensorsLeaveNoMemory(t *testing.T) {
	before := Live()
	var early int64
	do(t, func() {
		data := make([]float32, 27)
		for i := range 100_000 {
			x := FromFloat32(data, 3, 3, 3)
			y := x.Permute(2, 0, 1)
			Free(x, y)
			if i == 10_000 {
				runtime.GC()
				early = residentBytes(t)
			}
		}
		runtime.GC()
		if grown := residentBytes(t) - early; grown > 5<<20 {
			t.Errorf("resident memory grew by %d bytes", grown)
		}
	})
	if Live() != before {
		t.Errorf("%d tensors live, %d before", Live(), before)
	}
}

func TestTrainingStepsLeaveNoMemory(t *testing.T) {
	before := Live()
	var early int64
	do(t, func() {
		threads := Threads()
		SetThreads(1) // such small work only waits for other threads
		defer SetThreads(threads)
		w := Zeros(Float32, CPU, 8, 4).SetRequiresGrad(true)
		m, v := Zeros(Float32, CPU, 8, 4), Zeros(Float32, CPU, 8, 4)
		x := Ones(Float32, CPU, 6, 4)
		targets := FromInt32([]int32{0, 1, 2, 3, 4, 5}, 6)
		inside := Live()
		for i := range 2000 {
			Scope(func() {
				CrossEntropySum(x.Linear(w, nil).GELU("tanh"), targets).Backward()
				FusedAdamW([]*Tensor{w}, nil, []*Tensor{m}, []*Tensor{v}, 1e-2, 0.9, 0.95, 1e-8, 0.1, int64(i+1))
				w.ZeroGrad()
			})
			if Live() != inside {
				t.Fatalf("step %d: %d tensors live, %d before", i, Live(), inside)
			}
			if i == 200 {
				runtime.GC()
				early = residentBytes(t)
			}
		}
		runtime.GC()
		if grown := residentBytes(t) - early; grown > 5<<20 {
			t.Errorf("resident memory grew by %d bytes", grown)
		}
	})
	if Live() != before {
		t.Errorf("%d tensors live, %d before", Live(), before)
	}
}

func TestScopeFreesAllButTheKept(t *testing.T) {
	before := Live()
	do(t, func() {
		var kept, dropped *Tensor
		func() {
			defer func() { recover() }() // the scope must end on a panic too
			Scope(func() {
				kept = Ones(Float32, CPU, 2).Keep()
				Scope(func() { dropped = kept.Add(kept) })
				panic("stop")
			})
		}()
		if Live() != before+1 || kept.Sum().Item() != 2 {
			t.Errorf("%d tensors live, want 1", Live()-before)
		}
		err := Do(func() error { dropped.Sum(); return nil })
		if err == nil || !strings.Contains(err.Error(), "freed already") {
			t.Errorf("using a freed tensor: %v", err)
		}
		Free(kept, kept, nil)
	})
	if Live() != before {
		t.Errorf("%d tensors left", Live()-before)
	}
}

func TestLongScopeForgetsWhatWasFreed(t *testing.T) {
	do(t, func() {
		outer := Ones(Float32, CPU, 1)
		Scope(func() {
			for range 20_000 {
				Free(outer.Neg())
			}
			if len(made) > 2*4096 {
				t.Errorf("the scope lists %d tensors", len(made))
			}
		})
		if outer.Item() != 1 {
			t.Error("the outer scope's tensor is gone")
		}
	})
}
