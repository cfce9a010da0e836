package torch

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

func TestDoRunsInPlaceInsideDo(t *testing.T) {
	want := errors.New("inner")
	do(t, func() {
		x := Ones(Float32, CPU, 3)
		err := Do(func() error {
			return Do(func() error { x.Neg(); return want })
		})
		if err != want {
			t.Errorf("got %v", err)
		}
		if x.Sum().Item() != 3 {
			t.Error("the inner Do freed the outer's tensor")
		}
	})
}

func TestDoServesManyGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 20 {
				do(t, func() {
					if got := Full(float64(i), Float64, CPU, 5).Sum().Item(); got != float64(5*i) {
						t.Errorf("sum %v, want %d", got, 5*i)
					}
				})
			}
		})
	}
	wg.Wait()
}

func TestDoPanicsInItsCallerWithTheWorkersStack(t *testing.T) {
	cause := errors.New("broken")
	func() {
		defer func() {
			p, ok := recover().(*Panic)
			if !ok || !errors.Is(p, cause) || !strings.Contains(p.Stack, "brokenInside") {
				t.Errorf("recovered %v", p)
			}
		}()
		Do(func() error { return Do(func() error { brokenInside(cause); return nil }) })
	}()
	do(t, func() { Ones(Float32, CPU) }) // and the worker lives on
}

//go:noinline
func brokenInside(err error) { panic(err) }

func TestGoexitInsideDoEndsTheCallerOnly(t *testing.T) {
	done := make(chan bool)
	go func() {
		defer close(done)
		Do(func() error {
			(&testing.T{}).SkipNow() // calls runtime.Goexit
			return nil
		})
		t.Error("Do returned")
	}()
	<-done
	do(t, func() { Ones(Float32, CPU) })
}

func TestOutsideDoIsRefused(t *testing.T) {
	for name, f := range map[string]func(){
		"Zeros": func() { Zeros(Float32, CPU, 1) }, "Scope": func() { Scope(func() {}) }, "Seed": func() { Seed(1) },
	} {
		func() {
			defer func() {
				err, ok := recover().(*Error)
				if !ok || err.Error() != "torch: "+name+": called outside torch.Do" {
					t.Errorf("%s: %v", name, err)
				}
			}()
			f()
		}()
	}
}

func TestErrorsNameOperationShapesAndReasonInOneLine(t *testing.T) {
	x := func(shape ...int64) *Tensor { return Zeros(Float32, CPU, shape...) }
	for want, f := range map[string]func(){
		"torch: MatMul [2 3] [4 5]: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)": func() { x(2, 3).MatMul(x(4, 5)) },
		"torch: Add [2 3] [4]: The size of tensor a (3)":                                     func() { x(2, 3).Add(x(4)) },
		"torch: View [2 3]: shape '[4]' is invalid":                                          func() { x(2, 3).View(4) },
		"torch: Embedding [2 3] [1]: index out of range":                                     func() { x(2, 3).Embedding(FromInt32([]int32{7}, 1)) },
		"torch: CrossEntropySum [2 3] [2]: Target 7 is out of bounds.":                       func() { CrossEntropySum(x(2, 3), FromInt32([]int32{7, 0}, 2)) },
		"torch: Attention [4 1 2] [4 1 2] [4 1 2]: row offsets must run from 0 to N = 4":     func() { Attention(x(4, 1, 2), x(4, 1, 2), x(4, 1, 2), []int32{0, 3}, true, 0) },
		"torch: AttentionQKV [4 7]: qkv must be [N,3D]":                                      func() { AttentionQKV(x(4, 7), 1, []int32{0, 4}, true, 0) },
		"torch: FromFloat32 [2 2]: the shape holds 4 elements, the data has 3":               func() { FromFloat32([]float32{1, 2, 3}, 2, 2) },
		"torch: FromInt32 [-1]: a size is negative":                                          func() { FromInt32(nil, -1) },
		"torch: Cat: no tensors":                                                             func() { Cat(0) },
		"torch: Backward [2 3]: ":                                                            func() { x(2, 3).SetRequiresGrad(true).Neg().Backward() },
		"torch: GELU [1]: approximate must be none or tanh, not erf":                         func() { x(1).GELU("erf") },
		"torch: Size [2 3]: no such dimension":                                               func() { x(2, 3).Size(2) },
		"torch: Neg: a tensor is nil":                                                        func() { (*Tensor)(nil).Neg() },
		"torch: Item [2]: a Tensor with 2 elements":                                          func() { x(2).Item() },
		"torch: CopyFromBytes [2]: the tensor holds 8 bytes, the data 4":                     func() { x(2).CopyFromBytes(make([]byte, 4)) },
	} {
		err := Do(func() error { f(); return nil })
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), "Exception raised") {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestNoGradNestsAndRestores(t *testing.T) {
	do(t, func() {
		state := func(want bool) {
			t.Helper()
			if GradEnabled() != want {
				t.Errorf("recording is %v", !want)
			}
		}
		state(true)
		NoGrad(func() {
			state(false)
			NoGrad(func() { state(false) })
			state(false)
			WithGrad(func() { state(true) })
			state(false)
			func() {
				defer func() { recover() }()
				WithGrad(func() { panic("stop") })
			}()
			state(false)
		})
		state(true)
		x := Ones(Float32, CPU, 1).SetRequiresGrad(true)
		NoGrad(func() {
			if x.Neg().RequiresGrad() {
				t.Error("recorded inside NoGrad")
			}
		})
		if !x.Neg().RequiresGrad() || x.Detach().RequiresGrad() {
			t.Error("recording is wrong outside NoGrad")
		}
	})
}

func TestCUDAWithoutCUDANamesDeviceDriverLibraryAndRemedy(t *testing.T) {
	err := Do(func() error { Zeros(Float32, CUDA(0), 2); return nil })
	if err == nil {
		t.Skip("this build has CUDA")
	}
	for _, want := range []string{"cuda:0", "driver", "libtorch_cuda.so", "cloze setup --device cuda"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	for name, want := range map[string]Device{"cpu": CPU, "cuda": CUDA(0), "cuda:3": CUDA(3)} {
		if d, err := ParseDevice(name); err != nil || d != want {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
	for _, name := range []string{"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu0", "cuda0"} {
		if _, err := ParseDevice(name); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
}

// do runs f inside Do and fails the test on an error.
func do(t testing.TB, f func()) {
	t.Helper()
	if err := Do(func() error { f(); return nil }); err != nil {
		t.Fatal(err)
	}
}
