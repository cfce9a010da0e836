package embeddings

import "golang.org/x/sys/cpu"

func init() {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasF16C {
		kernels = avx2
	}
}

var avx2 = kernelSet{name: "AVX2", floats: floatsAVX2, halves: halvesAVX2, ints: intsAVX2, tile: tileAVX2, widen: widenAVX2}

// The assembly takes four rows at a time; fewer are left to the portable kernel,
// and a rest joins the rows before it, which then are computed twice.

//go:noescape
func dotFloatsAVX2(out *float32, rows *float32, n, dim int, query *float32)

//go:noescape
func dotHalvesAVX2(out *float32, rows *uint16, n, dim int, query *float32)

//go:noescape
func dotIntsAVX2(out *int32, rows *int8, n, dim int, query *int16)

//go:noescape
func tileAVX2(t *tileArgs) bool

//go:noescape
func widenHalvesAVX2(dst *float32, half *uint16, n int)

func floatsAVX2(out []float32, rows []float32, dim int, query []float32) {
	n := len(out) &^ 3
	if n == 0 {
		floatsPortable(out, rows, dim, query)
		return
	}
	dotFloatsAVX2(&out[0], &rows[0], n, dim, &query[0])
	if n < len(out) {
		n = len(out) - 4
		dotFloatsAVX2(&out[n], &rows[n*dim], 4, dim, &query[0])
	}
}

func halvesAVX2(out []float32, rows []uint16, dim int, query []float32) {
	n := len(out) &^ 3
	if n == 0 {
		halvesPortable(out, rows, dim, query)
		return
	}
	dotHalvesAVX2(&out[0], &rows[0], n, dim, &query[0])
	if n < len(out) {
		n = len(out) - 4
		dotHalvesAVX2(&out[n], &rows[n*dim], 4, dim, &query[0])
	}
}

func intsAVX2(out []int32, rows []int8, dim int, query []int16) {
	n := len(out) &^ 3
	if n == 0 {
		intsPortable(out, rows, dim, query)
		return
	}
	dotIntsAVX2(&out[0], &rows[0], n, dim, &query[0])
	if n < len(out) {
		n = len(out) - 4
		dotIntsAVX2(&out[n], &rows[n*dim], 4, dim, &query[0])
	}
}

func widenAVX2(dst []float32, half []uint16) {
	n := len(half) &^ 7
	if n > 0 {
		widenHalvesAVX2(&dst[0], &half[0], n)
	}
	widenPortable(dst[n:], half[n:])
}
