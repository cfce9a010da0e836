package metrics

import (
	"cmp"
	"math"
	"slices"
)

// Pearson is the linear correlation of two series, -1 to 1: their covariance over the product of their standard deviations.
// NaN for fewer than two pairs, and where one of the series never changes: nothing can be said then, not 0. The series are as long as each other.
func Pearson(x, y []float64) float64 {
	if len(x) != len(y) {
		panic("metrics: Pearson of series of different lengths")
	}
	if len(x) < 2 || constant(x) || constant(y) {
		return math.NaN()
	}
	meanX, meanY := mean(x), mean(y)
	// Scaled by the largest distance from the mean, so that the squares of very small and very large numbers stay in range.
	scaleX, scaleY := spread(x, meanX), spread(y, meanY)
	var xy, xx, yy float64
	for i := range x {
		dx, dy := (x[i]-meanX)/scaleX, (y[i]-meanY)/scaleY
		xy, xx, yy = xy+dx*dy, xx+dx*dx, yy+dy*dy
	}
	r := xy / (math.Sqrt(xx) * math.Sqrt(yy))
	if r < -1 || r > 1 { // rounding; a NaN of the input stays one
		r = math.Copysign(1, r)
	}
	return r
}

// Spearman is the correlation of the ranks of two series, -1 to 1: Pearson over Ranks. It asks only whether one grows with the other.
// NaN where Pearson is, and where a series holds NaN.
func Spearman(x, y []float64) float64 {
	if slices.ContainsFunc(x, math.IsNaN) || slices.ContainsFunc(y, math.IsNaN) {
		return math.NaN()
	}
	return Pearson(Ranks(x), Ranks(y))
}

// Ranks are the places of the values in rising order, from 1; equal values share the mean of their places. NaN goes before all.
func Ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(x[i], x[j]) })
	ranks := make([]float64, len(x))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && x[order[to]] == x[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = float64(from+1+to) / 2 // the mean of from+1 ... to
		}
		from = to
	}
	return ranks
}

func mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// constant is asked of the values themselves: a mean of equal numbers need not be that number.
func constant(x []float64) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}

func spread(x []float64, mean float64) float64 {
	var largest float64
	for _, v := range x {
		largest = max(largest, math.Abs(v-mean))
	}
	return largest
}
