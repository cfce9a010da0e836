package ngram

// The kernels of a step, each in portable Go and, where the machine has AVX2, in assembly (rows_amd64.s). Slices of a row are stride floats, a
// multiple of 16. Sums of rows run in the order of the list in both, so they are the same to the rounding of a fused multiply-add.

// rowKernels are chosen once, when the program starts.
var rowKernels = struct {
	sum func(dst, rows []float32, list []int32, size []float32)
	add func(rows []float32, list []int32, gradient []float32)
}{sumRowsPortable, addToRowsPortable}

// sumRows sets dst to the sum of the listed rows, each times its size.
func sumRows(dst, rows []float32, list []int32, size []float32) {
	if len(list) == 0 {
		clear(dst)
		return
	}
	rowKernels.sum(dst, rows, list, size)
}

// addToRows adds the gradient to each listed row.
func addToRows(rows []float32, list []int32, gradient []float32) {
	if len(list) > 0 {
		rowKernels.add(rows, list, gradient)
	}
}

func sumRowsPortable(dst, rows []float32, list []int32, size []float32) {
	clear(dst)
	for _, g := range list {
		addScaled(dst, rows[int(g)*len(dst):][:len(dst)], size[g])
	}
}

func addToRowsPortable(rows []float32, list []int32, gradient []float32) {
	for _, g := range list {
		row := rows[int(g)*len(gradient):][:len(gradient)]
		for j, x := range gradient {
			row[j] += x
		}
	}
}

func addScaled(dst, x []float32, scale float32) {
	x = x[:len(dst)]
	for j := range dst {
		dst[j] += scale * x[j]
	}
}

func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	for i := 0; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	return s0 + s1 + (s2 + s3)
}
