package embeddings

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// SIF is the weight of "smooth inverse frequency", a / (a + p(word)), where p is
// the share of the word among all words of a large text (Arora et al., "A Simple
// but Tough-to-Beat Baseline for Sentence Embeddings", 2017, algorithm 1). The
// paper's a is 1e-3. The second step of the algorithm is [RemoveComponent], over
// a set of texts.
func SIF(a float64, p func(word string) float64) func(word string) float64 {
	return func(word string) float64 { return a / (a + p(word)) }
}

// Probability is each word's share of the counts, for [SIF]; 0 for words that were
// not counted. Nil counts are an error, and so is a sum of 0.
func Probability(counts map[string]int64) (func(word string) float64, error) {
	total := 0.0
	for word, n := range counts {
		if n < 0 {
			return nil, fmt.Errorf("word %s has the count %d", quote(word), n)
		}
		total += float64(n)
	}
	if total == 0 {
		return nil, errors.New("no word was counted, so no word has a probability")
	}
	return func(word string) float64 { return float64(counts[word]) / total }, nil
}

// CommonComponent is the direction that texts' vectors ([N,D] float32, row-major)
// share most: the first right singular vector of the table as it stands, not
// centred, [D], of length 1 (Arora et al. 2017, algorithm 1, line 5). It is nil
// where all rows are zero. The sign is that of the sum of the rows' parts along it.
func CommonComponent(rows []float32, dim int) ([]float32, error) {
	if dim < 1 || len(rows)%dim != 0 {
		return nil, fmt.Errorf("%d numbers are not rows of %d", len(rows), dim)
	}
	gram := make([]float64, dim*dim) // rows transposed times rows: its first eigenvector is wanted
	sum := make([]float64, dim)
	for row := range slices.Chunk(rows, dim) {
		for i, x := range row {
			sum[i] += float64(x)
			for j, y := range row[:i+1] {
				gram[i*dim+j] += float64(x) * float64(y)
			}
		}
	}
	for i := range dim {
		for j := range i {
			gram[j*dim+i] = gram[i*dim+j]
		}
	}
	vector := firstEigenvector(gram, dim)
	if vector == nil {
		return nil, nil
	}
	along := 0.0
	for i, x := range vector {
		along += x * sum[i]
	}
	out := make([]float32, dim)
	for i, x := range vector {
		out[i] = float32(math.Copysign(1, along) * x)
	}
	return out, nil
}

// firstEigenvector squares the matrix until one direction is left: 2^k steps of
// the power method in k products. Nil for zeros.
func firstEigenvector(a []float64, n int) []float64 {
	const squarings = 40 // parts the first from a second that is a share of 1e-10 smaller
	next := make([]float64, n*n)
	for range squarings {
		scale := 0.0
		for _, x := range a {
			scale = max(scale, math.Abs(x))
		}
		if scale == 0 {
			return nil
		}
		for i := range a {
			a[i] /= scale
		}
		if squareSymmetric(next, a, n); settled(next, a) {
			break
		}
		a, next = next, a
	}
	// What is left is u times its transpose: its longest column is u.
	column, longest := 0, 0.0
	for i := range n {
		if a[i*n+i] > longest {
			column, longest = i, a[i*n+i]
		}
	}
	u := a[column*n : (column+1)*n]
	length := 0.0
	for _, x := range u {
		length += x * x
	}
	out := make([]float64, n)
	for i, x := range u {
		out[i] = x / math.Sqrt(length)
	}
	return out
}

// squareSymmetric: next = a a.
func squareSymmetric(next, a []float64, n int) {
	for i := range n {
		x := a[i*n : (i+1)*n]
		for j := range i + 1 {
			y := a[j*n : (j+1)*n]
			s := 0.0
			for k, v := range x {
				s += v * y[k]
			}
			next[i*n+j], next[j*n+i] = s, s
		}
	}
}

// settled says that squaring changed nothing but the scale.
func settled(next, a []float64) bool {
	scaleNext, scaleA := 0.0, 0.0
	for i := range a {
		scaleNext, scaleA = max(scaleNext, math.Abs(next[i])), max(scaleA, math.Abs(a[i]))
	}
	for i := range a {
		if math.Abs(next[i]/scaleNext-a[i]/scaleA) > 1e-13 {
			return false
		}
	}
	return true
}

// RemoveComponent takes the part along the component, [D] of length 1, from each
// row of rows ([N,D] float32, row-major), in place. A nil component changes nothing.
func RemoveComponent(rows, component []float32) {
	if component == nil {
		return
	}
	for row := range slices.Chunk(rows, len(component)) {
		along := 0.0
		for i, x := range row {
			along += float64(x) * float64(component[i])
		}
		for i, u := range component {
			row[i] = float32(float64(row[i]) - along*float64(u))
		}
	}
}
