package fasttext

import "fmt"

// Matrix is rows of float32, plain or quantised.
type Matrix struct {
	Rows, Cols int
	// Data is [Rows,Cols] float32, row-major; nil where Codes hold the rows.
	Data  []float32
	Codes *Quantised
	// Index [Rows] says which row of Data stands for each row, -1 for zeros; nil where Data holds every row. Of millions of
	// buckets a small text fills few, and many of those alike. Files have no such thing: they are written in full.
	Index []int32
}

// addRow adds row i to dst.
func (m *Matrix) addRow(dst []float32, i int32) {
	if m.Codes != nil {
		m.Codes.addRow(dst, int(i))
		return
	}
	if m.Index != nil {
		if i = m.Index[i]; i < 0 {
			return
		}
	}
	row := m.Data[int(i)*m.Cols:][:m.Cols]
	dst = dst[:len(row)]
	for j, x := range row {
		dst[j] += x
	}
}

// mean sets dst to the mean of the rows, zero where there are none. The order of
// the additions and the multiplication by 1/n, not a division, are the original's.
func (m *Matrix) mean(dst []float32, rows []int32) {
	clear(dst)
	for _, i := range rows {
		m.addRow(dst, i)
	}
	if len(rows) > 0 {
		scale := float32(1 / float64(len(rows)))
		for j := range dst {
			dst[j] *= scale
		}
	}
}

// check holds the parts of the matrix against each other.
func (m *Matrix) check() error {
	switch {
	case m.Codes != nil:
		return nil
	case m.Index == nil && len(m.Data) != m.Rows*m.Cols:
		return fmt.Errorf("a matrix of %d x %d has %d numbers", m.Rows, m.Cols, len(m.Data))
	case m.Index != nil && len(m.Index) != m.Rows:
		return fmt.Errorf("a matrix of %d rows has an index of %d", m.Rows, len(m.Index))
	}
	for i, row := range m.Index {
		if row < -1 || int(row) >= len(m.Data)/m.Cols {
			return fmt.Errorf("row %d of a matrix is said to be number %d of %d", i, row, len(m.Data)/m.Cols)
		}
	}
	return nil
}

// dotRow is the product of x and row i, summed in float32.
func (m *Matrix) dotRow(x []float32, i int) float32 {
	if m.Codes != nil {
		return m.Codes.dotRow(x, i)
	}
	sum := float32(0)
	row := m.Data[i*m.Cols:][:m.Cols]
	x = x[:len(row)]
	for j, y := range row {
		sum += y * x[j]
	}
	return sum
}
