package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is where a measure lies in most samples like the one at hand.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Undefined is how many samples the measure had no value for, such as one without any example of a class; they are left out.
	Undefined int `json:"undefined,omitempty"`
}

// Bootstrap draws n of n examples with replacement, rounds times, and gives for each measure the interval that holds the share confidence of
// its values: the percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). measures gets the numbers of the drawn
// examples, good until it returns, and gives the values of all measures, always as many. Round r depends on seed and r alone, so the same seed
// gives the same interval.
func Bootstrap(n, rounds int, confidence float64, seed uint64, measures func(sample []int) []float64) []Interval {
	var values [][]float64 // a series for each measure
	sample := make([]int, n)
	for r := range rounds {
		rng := rand.New(rand.NewPCG(seed, uint64(r)))
		for i := range sample {
			sample[i] = rng.IntN(n)
		}
		for i, v := range measures(sample) {
			if i == len(values) {
				values = append(values, nil)
			}
			if !math.IsNaN(v) {
				values[i] = append(values[i], v)
			}
		}
	}
	out := make([]Interval, len(values))
	for i, v := range values {
		slices.Sort(v)
		out[i] = Interval{Quantile(v, (1-confidence)/2), Quantile(v, (1+confidence)/2), rounds - len(v)}
	}
	return out
}

// Quantile is the value below which the share q of a sorted series lies, interpolated between neighbours as numpy does by default. NaN of none.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	low := min(max(int(at), 0), len(sorted)-1)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}
