package labelled

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
