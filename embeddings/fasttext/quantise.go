package fasttext

import "fmt"

// centroids is how many centroids a part of a vector can be: what a byte tells.
const centroids = 256

// Quantised is a product-quantised matrix (Jégou et al., "Product Quantization
// for Nearest Neighbor Search", 2011): each row is cut into parts, each part is
// the nearest of 256 centroids, and a byte says which.
type Quantised struct {
	Codes []byte // [Rows,Parts]
	Parts Quantiser
	// NormCodes [Rows] and Norms are there where the rows' lengths were taken
	// out before and are quantised apart; nil otherwise.
	NormCodes []byte
	Norms     *Quantiser
}

// Quantiser is the centroids of all parts.
type Quantiser struct {
	Dim   int // of a whole row
	Count int // parts of a row
	Width int // of a part; the last one may be narrower
	// Centroids are those of the first part [256,Width], then those of the
	// next, ..., float32.
	Centroids []float32
}

// last is the width of the last part.
func (q *Quantiser) last() int { return q.Dim - (q.Count-1)*q.Width }

func (q *Quantiser) check() error {
	if q.Dim < 1 || q.Dim > maxDim || q.Width < 1 || q.Count < 1 || q.Count != (q.Dim+q.Width-1)/q.Width {
		return fmt.Errorf("a quantiser of %d parts of width %d for dimension %d", q.Count, q.Width, q.Dim)
	}
	return nil
}

// centroid is centroid `code` of a part.
func (q *Quantiser) centroid(part int, code byte) []float32 {
	width := q.Width
	if part == q.Count-1 {
		width = q.last()
	}
	return q.Centroids[part*centroids*q.Width+int(code)*width:][:width]
}

// norm is what row i is multiplied by.
func (m *Quantised) norm(i int) float32 {
	if m.Norms == nil {
		return 1
	}
	return m.Norms.centroid(0, m.NormCodes[i])[0]
}

func (m *Quantised) addRow(dst []float32, i int) {
	norm := m.norm(i)
	for part, code := range m.Codes[i*m.Parts.Count:][:m.Parts.Count] {
		to := dst[part*m.Parts.Width:]
		for j, x := range m.Parts.centroid(part, code) {
			to[j] += norm * x
		}
	}
}

func (m *Quantised) dotRow(x []float32, i int) float32 {
	sum := float32(0)
	for part, code := range m.Codes[i*m.Parts.Count:][:m.Parts.Count] {
		at := x[part*m.Parts.Width:]
		for j, y := range m.Parts.centroid(part, code) {
			sum += at[j] * y
		}
	}
	return sum * m.norm(i)
}
