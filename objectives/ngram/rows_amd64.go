package ngram

import "golang.org/x/sys/cpu"

func init() {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		rowKernels.sum, rowKernels.add = sumRowsFast, addToRowsFast
	}
}

//go:noescape
func sumRowsAVX2(dst, rows *float32, list *int32, size *float32, n, stride int)

//go:noescape
func addToRowsAVX2(rows *float32, list *int32, gradient *float32, n, stride int)

func sumRowsFast(dst, rows []float32, list []int32, size []float32) {
	clear(dst)
	sumRowsAVX2(&dst[0], &rows[0], &list[0], &size[0], len(list), len(dst))
}

func addToRowsFast(rows []float32, list []int32, gradient []float32) {
	addToRowsAVX2(&rows[0], &list[0], &gradient[0], len(list), len(gradient))
}
