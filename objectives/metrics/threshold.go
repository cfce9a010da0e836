package metrics

import "math"

// BestThreshold is the score from which on a label is best given, by F1, and that F1. It lies half-way between the lowest score that is given
// and the next below it, so that a new text need not hit it exactly. Of equal F1 the highest threshold counts: fewer false alarms. Where
// nothing is positive there is nothing to tune and both are NaN. Choose it on other data than it is judged on.
func BestThreshold(gold []bool, scores []float64) (threshold, f1 float64) {
	points := Curve(gold, scores)
	best := -1
	f1 = math.NaN()
	for i, p := range points[1:] {
		if now := p.Scores().F1; p.Support() > 0 && (best < 0 || now > f1) {
			best, f1 = i+1, now
		}
	}
	if best < 0 {
		return math.NaN(), math.NaN()
	}
	threshold = points[best].Threshold
	if best+1 < len(points) {
		threshold = (threshold + points[best+1].Threshold) / 2
	}
	return threshold, f1
}
