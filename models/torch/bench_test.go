package torch

import (
	"fmt"
	"syscall"
	"testing"
)

// rowsOf gives offsets of equal rows, or of rows of the lengths 1/8 to 15/8 of it in turn, that fill n tokens.
func rowsOf(n, length int32, irregular bool) []int32 {
	off := []int32{0}
	for i := int32(0); off[len(off)-1] < n; i++ {
		next := length
		if irregular {
			next = length * (1 + 2*(i*5%8)) / 8
		}
		off = append(off, min(n, off[len(off)-1]+max(1, next)))
	}
	return off
}

// irregularRows are rows of 1 to 256 tokens, 2048 in all, as testdata/bench/torch_ops.py has them.
func irregularRows() []int32 {
	off := []int32{0}
	for i := int32(0); off[i] < 2048; i++ {
		off = append(off, min(2048, off[i]+1+i*97%256))
	}
	return off
}

func BenchmarkAttention(b *testing.B) {
	for _, c := range []struct {
		n, length int32
		h, k      int64
		irregular bool
	}{{768, 64, 4, 32, false}, {768, 64, 4, 32, true}, {2048, 256, 6, 64, false}, {2048, 256, 6, 64, true}, {2048, 32, 6, 64, true}} {
		off := rowsOf(c.n, c.length, c.irregular)
		name := fmt.Sprintf("N%d/T%d/H%d/K%d/irregular=%v", c.n, c.length, c.h, c.k, c.irregular)
		for _, mode := range []string{"forward", "both"} {
			b.Run(name+"/"+mode, func(b *testing.B) {
				do(b, func() {
					d := c.h * c.k
					x := Empty(Float32, CPU, int64(c.n), 3*d).Normal_(1).SetRequiresGrad(mode == "both")
					g := Empty(Float32, CPU, int64(c.n), d).Normal_(1)
					for b.Loop() {
						Scope(func() {
							y := AttentionQKV(x, c.h, off, true, 0)
							if mode == "both" {
								y.BackwardWith(g)
								x.ZeroGrad()
							}
						})
					}
				})
			})
		}
	}
}

// cpuMillis is the processor time of this process: on a machine with other work it says more than the clock.
func cpuMillis(b *testing.B) float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e6
}

// BenchmarkOps runs, on one thread, what testdata/bench/torch_ops.py runs in PyTorch.
func BenchmarkOps(b *testing.B) {
	normal := func(shape ...int64) *Tensor { return Empty(Float32, CPU, shape...).Normal_(1) }
	run := func(name string, setUp func() func()) {
		b.Run(name, func(b *testing.B) {
			do(b, func() {
				defer SetThreads(Threads())
				SetThreads(1)
				f := setUp()
				Scope(f)
				start := cpuMillis(b)
				for b.Loop() {
					Scope(f)
				}
				b.ReportMetric((cpuMillis(b)-start)/float64(b.N), "cpu-ms/op")
			})
		})
	}
	run("CrossEntropy/N2048/V8192", func() func() {
		x, y := normal(2048, 8192).SetRequiresGrad(true), Zeros(Int64, CPU, 2048)
		return func() { CrossEntropySum(x, y).Backward(); x.ZeroGrad() }
	})
	run("Attention/N2048/T256/H6/K64", func() func() {
		x, g := normal(2048, 1152).SetRequiresGrad(true), normal(2048, 384)
		return func() { AttentionQKV(x, 6, rowsOf(2048, 256, false), true, 0).BackwardWith(g); x.ZeroGrad() }
	})
	run("AttentionRows/N2048/1to256/H6/K64", func() func() {
		x, g := normal(2048, 1152).SetRequiresGrad(true), normal(2048, 384)
		return func() { AttentionQKV(x, 6, irregularRows(), true, 0).BackwardWith(g); x.ZeroGrad() }
	})
	run("RMSNorm/N2048/D768", func() func() {
		x, w, g := normal(2048, 768).SetRequiresGrad(true), normal(768).SetRequiresGrad(true), normal(2048, 768)
		return func() { x.RMSNorm(w, 1e-5).BackwardWith(g); x.ZeroGrad(); w.ZeroGrad() }
	})
	run("Rotary/N2048/H12/K64", func() func() {
		x, g, f := normal(2048, 12, 64).SetRequiresGrad(true), normal(2048, 12, 64), make([]float32, 32)
		angles := RotaryAngles(Zeros(Int64, CPU, 2048), f)
		return func() { x.Rotary(angles).BackwardWith(g); x.ZeroGrad() }
	})
	run("GroupedAttention/N2048/T256/H8/G4/K64", func() func() {
		q, g := normal(2048, 8, 64).SetRequiresGrad(true), normal(2048, 8, 64)
		k, v := normal(2048, 2, 64).SetRequiresGrad(true), normal(2048, 2, 64).SetRequiresGrad(true)
		return func() {
			Attention(q, k, v, rowsOf(2048, 256, false), true, 0).BackwardWith(g)
			q.ZeroGrad()
			k.ZeroGrad()
			v.ZeroGrad()
		}
	})
	run("AdamW/50x384x384", func() func() {
		var p, g, m, v []*Tensor
		for range 50 {
			p, g = append(p, normal(384, 384)), append(g, normal(384, 384))
			m, v = append(m, Zeros(Float32, CPU, 384, 384)), append(v, Zeros(Float32, CPU, 384, 384))
		}
		return func() { FusedAdamW(p, g, m, v, 1e-3, 0.9, 0.95, 1e-8, 0.1, 5) }
	})
	run("TinyAdd", func() func() {
		a := normal(4)
		return func() { a.Add(a) }
	})
	run("TinyLinear", func() func() {
		x, w, bias := normal(2, 4), normal(4, 4), normal(4)
		return func() { x.Linear(w, bias) }
	})
}
