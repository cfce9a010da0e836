package metrics

import "math"

// MSE is the mean squared difference of predictions from true values. NaN of none.
func MSE(gold, predicted []float64) float64 {
	sameLength(len(gold), len(predicted))
	var m Mean
	for i, g := range gold {
		m.Add((predicted[i]-g)*(predicted[i]-g), 1)
	}
	return m.Value()
}

// MAE is the mean absolute difference. NaN of none.
func MAE(gold, predicted []float64) float64 {
	sameLength(len(gold), len(predicted))
	var m Mean
	for i, g := range gold {
		m.Add(math.Abs(predicted[i]-g), 1)
	}
	return m.Value()
}

// R2 is the coefficient of determination, 1 - Σ(y-ŷ)²/Σ(y-ȳ)²: 1 is perfect, 0 as good as always saying the mean. NaN where the true values
// never change.
func R2(gold, predicted []float64) float64 {
	if len(gold) < 2 || constant(gold) {
		return math.NaN()
	}
	center, total := mean(gold), 0.0
	for _, g := range gold {
		total += (g - center) * (g - center)
	}
	return 1 - MSE(gold, predicted)*float64(len(gold))/total
}
