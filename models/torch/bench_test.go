package torch

import (
	"fmt"
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
