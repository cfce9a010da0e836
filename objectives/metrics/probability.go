package metrics

import "math"

// probabilityFloor bounds probabilities away from 0 and 1 before a logarithm: the distance from 1 to the next float64, as in scikit-learn.
const probabilityFloor = 0x1p-52

// LogLoss is the mean of -ln of the probability that each example's own class was given, in nats: the cross-entropy. gold [N] are classes,
// probabilities [N,C] sum to one a row. They are clipped to [2^-52, 1-2^-52] first.
func LogLoss(gold []int, probabilities []float64, classes int) float64 {
	sameLength(len(gold)*classes, len(probabilities))
	var m Mean
	for i, g := range gold {
		p := min(max(probabilities[i*classes+g], probabilityFloor), 1-probabilityFloor)
		m.Add(-math.Log(p), 1)
	}
	return m.Value()
}

// Brier is the mean squared distance of the probabilities [N,C] from the truth (Brier, "Verification of forecasts expressed in terms of
// probability", 1950), summed over classes: 0 to 2. Of two classes it is halved, the squared error of either's probability, as is usual and
// as scikit-learn does.
func Brier(gold []int, probabilities []float64, classes int) float64 {
	sameLength(len(gold)*classes, len(probabilities))
	var m Mean
	for i, g := range gold {
		sum := 0.0
		for c, p := range probabilities[i*classes : (i+1)*classes] {
			if c == g {
				p = 1 - p
			}
			sum += p * p
		}
		m.Add(sum, 1)
	}
	if classes == 2 {
		return m.Value() / 2
	}
	return m.Value()
}
