package torch

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// checkpointed runs a small network with dropout, in checkpoints or not, and returns its result and gradients as bits.
func checkpointed(on bool) [][]byte {
	Seed(11)
	normal := func(shape ...int64) *Tensor { return Empty(Float32, CPU, shape...).Normal_(0.5) }
	x := normal(40, 8).SetRequiresGrad(true)
	var ws []*Tensor
	for range 3 {
		ws = append(ws, normal(24, 8).SetRequiresGrad(true), normal(8, 24).SetRequiresGrad(true))
	}
	y := x.MulScalar(2)
	for i := 0; i < len(ws); i += 2 {
		block := func(x *Tensor) *Tensor {
			return x.Add(x.MLP(ws[i], nil, ws[i+1], nil, "none").Dropout(0.3, true))
		}
		if on {
			y = Checkpoint(y, block)
		} else {
			y = block(y)
		}
	}
	after := normal(3) // the generator must stand where it stood
	y.Mul(y).Sum().Backward()
	bits := [][]byte{y.Bytes(), after.Bytes(), normal(3).Bytes()}
	for _, t := range append(ws, x) {
		bits = append(bits, t.Grad().Bytes())
	}
	return bits
}

func TestCheckpointChangesNoBit(t *testing.T) {
	before := Live()
	do(t, func() {
		got, want := checkpointed(true), checkpointed(false)
		for i := range want {
			if !bytes.Equal(got[i], want[i]) {
				t.Errorf("tensor %d differs", i)
			}
		}
	})
	if Live() != before {
		t.Errorf("%d tensors live, %d before", Live(), before)
	}
}

func TestCheckpointKeepsNoInnerTensors(t *testing.T) {
	do(t, func() {
		if MemoryInUse().Held == 0 {
			t.Skip("no arena to measure with")
		}
		w := Ones(Float32, CPU, 1).SetRequiresGrad(true)
		use := func(block func(x *Tensor) *Tensor) (bytes int64) {
			Scope(func() {
				x := Ones(Float32, CPU, 1<<20).Mul(w)
				before := MemoryInUse().Used
				for range 8 {
					x = block(x)
				}
				bytes = MemoryInUse().Used - before
			})
			return bytes
		}
		inner := func(x *Tensor) *Tensor { return x.Mul(x).Exp().Sigmoid().Mul(w) }
		plain, lean := use(inner), use(func(x *Tensor) *Tensor { return Checkpoint(x, inner) })
		if lean > 8*4<<20+1<<20 || plain < 3*lean {
			t.Errorf("checkpoints keep %d bytes, the whole record %d", lean, plain)
		}
	})
}

func TestCheckpointOutsideGradIsTheFunction(t *testing.T) {
	do(t, func() {
		x := Ones(Float32, CPU, 2)
		f := func(x *Tensor) *Tensor { return x }
		if Checkpoint(x, f) != x {
			t.Error("a checkpoint of what has no gradient made a node")
		}
		x.SetRequiresGrad(true)
		NoGrad(func() {
			if Checkpoint(x, f) != x {
				t.Error("a checkpoint without recording made a node")
			}
		})
	})
}

func TestFailureInsideCheckpointComesOutOfBackward(t *testing.T) {
	do(t, func() {
		x := Ones(Float32, CPU, 2).SetRequiresGrad(true)
		for _, c := range []struct {
			name string
			fail func()
			want string
		}{{"an operation", func() { Ones(Float32, CPU, 2).Add(Ones(Float32, CPU, 3)) }, "torch: Add"}, {"a panic", func() { panic(errors.New("own")) }, "own"}} {
			runs := 0
			y := Checkpoint(x, func(x *Tensor) *Tensor {
				if runs++; runs > 1 {
					c.fail()
				}
				return x.Mul(x)
			})
			var got any
			func() {
				defer func() {
					if r := recover(); r != nil {
						got = r
					}
				}()
				got = Do(func() error { y.Sum().Backward(); return nil })
			}()
			err, ok := got.(error)
			if !ok || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", c.name, got, c.want)
			}
			if !GradEnabled() {
				t.Errorf("%s: recording was left off", c.name)
			}
		}
	})
}

func TestStretchesAreForgotten(t *testing.T) {
	do(t, func() {
		x := Ones(Float32, CPU, 2).SetRequiresGrad(true)
		for range 50 {
			Scope(func() { Checkpoint(x, func(x *Tensor) *Tensor { return x.Mul(x) }) }) // never run backward
			Scope(func() { Checkpoint(x, func(x *Tensor) *Tensor { return x.Mul(x) }).Sum().Backward() })
		}
		forgetStretches()
		if len(stretches.byID) != 0 {
			t.Errorf("%d are still listed", len(stretches.byID))
		}
	})
}
