package embeddings

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
)

// everyKernel runs a test with the portable kernels and with the machine's.
func everyKernel(t *testing.T, test func(t *testing.T)) {
	machine := kernels
	defer func() { kernels = machine }()
	for _, k := range []kernelSet{portable, machine} {
		kernels = k
		t.Run(k.name, test)
	}
}

// Against sums in float64, for every width around the steps of the kernels; the
// numbers just past the rows are poison, as those of a neighbour may be.
func TestKernelsGiveTheDotProduct(t *testing.T) {
	everyKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for dim := 1; dim < 70; dim++ {
			const n = 11
			floats, half, codes := padded[float32](n*dim), padded[uint16](n*dim), padded[int8](n*dim)
			for i := range floats {
				floats[i] = float32(rng.NormFloat64())
				half[i] = toHalf(floats[i])
				codes[i] = int8(rng.IntN(255) - 127)
			}
			for i := n * dim; i < n*dim+16; i++ {
				floats[:n*dim+16][i] = float32(math.NaN())
				half[:n*dim+16][i], codes[:n*dim+16][i] = toHalf(9), -128
			}
			query, ints := make([]float32, dim+laneFloats), make([]int16, dim+laneFloats)
			for d := range dim {
				query[d], ints[d] = float32(rng.NormFloat64()), int16(rng.IntN(1<<16)-1<<15)
			}
			for rows := 1; rows <= n; rows++ {
				outF, outH, outI := make([]float32, rows), make([]float32, rows), make([]int32, rows)
				kernels.floats(outF, floats[:rows*dim], dim, query)
				kernels.halves(outH, half[:rows*dim], dim, query)
				kernels.ints(outI, codes[:rows*dim], dim, ints)
				for i := range rows {
					var f, h float64
					whole := int32(0)
					for d := range dim {
						at := i*dim + d
						f += float64(floats[at]) * float64(query[d])
						h += float64(safetensors.Float16(half[at])) * float64(query[d])
						whole += int32(codes[at]) * int32(ints[d])
					}
					if math.Abs(float64(outF[i])-f) > 1e-4 || math.Abs(float64(outH[i])-h) > 1e-4 || outI[i] != whole {
						t.Fatalf("dim %d, row %d of %d: %v %v %d, want %v %v %d", dim, i, rows, outF[i], outH[i], outI[i], f, h, whole)
					}
				}
			}
		}
	})
}

func TestTilesScoreAndCompare(t *testing.T) {
	everyKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 3))
		for dim := 1; dim < 40; dim++ {
			rows, panel := make([]float32, tileRows*dim), make([]float32, tileQueries*dim)
			for i := range rows {
				rows[i] = float32(rng.NormFloat64())
			}
			for i := range panel {
				panel[i] = float32(rng.NormFloat64())
			}
			args := tileArgs{rows: &rows[0], panel: &panel[0], dim: dim}
			for r := range args.inverse {
				args.inverse[r] = rng.Float32()
			}
			for q := range args.floor {
				args.floor[q] = float32(rng.NormFloat64()) * float32(dim) / 5
			}
			args.inverse[2], args.floor[3], args.floor[4] = float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))
			any := false
			got := kernels.tile(&args)
			for r := range tileRows {
				for q := range tileQueries {
					sum := 0.0
					for d := range dim {
						sum += float64(rows[r*dim+d]) * float64(panel[d*tileQueries+q])
					}
					score, hit := args.scores[r][q], args.hits[r]>>q&1 == 1
					if r != 2 && math.Abs(float64(score)-sum*float64(args.inverse[r])) > 1e-4 {
						t.Fatalf("dim %d, row %d, query %d: %v, want %v", dim, r, q, score, sum*float64(args.inverse[r]))
					}
					if hit == (score < args.floor[q]) {
						t.Errorf("dim %d, row %d, query %d: %v against %v is hit: %t", dim, r, q, score, args.floor[q], hit)
					}
					any = any || hit
				}
				if args.hits[r]>>tileQueries != 0 {
					t.Errorf("hits %#x", args.hits[r])
				}
			}
			if got != any {
				t.Errorf("dim %d: %t", dim, got)
			}
		}
	})
}

func TestHalvesAreWidenedAlike(t *testing.T) {
	half := make([]uint16, 1<<16+5)
	for i := range half {
		half[i] = uint16(i)
	}
	got := make([]float32, len(half))
	everyKernel(t, func(t *testing.T) {
		kernels.widen(got, half)
		for i, h := range half {
			if x := safetensors.Float16(h); got[i] != x && x == x {
				t.Fatalf("%#x is %v, want %v", h, got[i], x)
			}
		}
	})
}
