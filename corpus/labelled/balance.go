package labelled

import "fmt"

// BalancedWeights are weights of labels by which each counts the same in all: n/(L n_l), scikit-learn's class_weight="balanced". A label
// without a record weighs nothing. Counts are those of Set.Count, n their sum.
func BalancedWeights(counts []int) []float64 {
	n, used := 0, 0
	for _, c := range counts {
		n += c
		if c > 0 {
			used++
		}
	}
	weights := make([]float64, len(counts))
	for i, c := range counts {
		if c > 0 {
			weights[i] = float64(n) / (float64(used) * float64(c))
		}
	}
	return weights
}

// SampleWeights are weights of the records, by which each label is drawn as often as any other; of the task single.
func (s *Set) SampleWeights() ([]float64, error) {
	if s.Task != Single {
		return nil, fmt.Errorf("records of the task %s have no label of their own to be drawn by; balanced weighs the labels", s.Task)
	}
	byLabel, weights := BalancedWeights(s.Count()), make([]float64, len(s.Records))
	for i, r := range s.Records {
		weights[i] = byLabel[r.Labels[0]]
	}
	return weights, nil
}
