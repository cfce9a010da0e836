package metrics

import (
	"cmp"
	"math"
	"slices"
)

// AUROC is the area under the receiver operating characteristic: the chance that a positive example scores above a negative one, ties counted
// half (Hanley and McNeil, "The meaning and use of the area under a ROC curve", 1982). With n₊ positive and n₋ negative examples and R₊ the
// sum of the positive ones' ranks it is (R₊ - n₊(n₊+1)/2) / (n₊ n₋). NaN where either kind is missing or a score is NaN.
func AUROC(gold []bool, scores []float64) float64 {
	sameLength(len(gold), len(scores))
	var positive, sum float64
	ranks := Ranks(scores)
	for i, g := range gold {
		if math.IsNaN(scores[i]) {
			return math.NaN()
		}
		if g {
			positive++
			sum += ranks[i]
		}
	}
	negative := float64(len(gold)) - positive
	return (sum - positive*(positive+1)/2) / (positive * negative)
}

// AveragePrecision is the area under the precision-recall curve as a sum over falling thresholds, Σ (R_n - R_(n-1)) P_n, which does not
// interpolate and so is not too hopeful (scikit-learn's average_precision_score). NaN where nothing is positive or a score is NaN.
func AveragePrecision(gold []bool, scores []float64) float64 {
	var area, before float64
	for _, p := range Curve(gold, scores) {
		recall := float64(p.TruePositive) / float64(p.TruePositive+p.FalseNegative)
		if p.Predicted() > 0 {
			area += (recall - before) * float64(p.TruePositive) / float64(p.Predicted())
		}
		before = recall
	}
	if len(gold) == 0 || slices.ContainsFunc(scores, math.IsNaN) {
		return math.NaN()
	}
	return area // NaN where nothing is positive: 0/0 above
}

// CurvePoint is what calling everything from a score on positive leads to.
type CurvePoint struct {
	Threshold float64 // positive means: the score is at least this
	Counts
}

// Curve gives a point for each distinct score, from the highest to the lowest, after a first one at +Inf where nothing is positive. ROC and
// precision-recall curves are both drawn from it.
func Curve(gold []bool, scores []float64) []CurvePoint {
	sameLength(len(gold), len(scores))
	order := make([]int, len(gold))
	now := CurvePoint{Threshold: math.Inf(1)}
	for i, g := range gold {
		order[i] = i
		if g {
			now.FalseNegative++
		} else {
			now.TrueNegative++
		}
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(scores[j], scores[i]) })
	points := []CurvePoint{now}
	for from := 0; from < len(order); {
		to := from
		for ; to < len(order) && scores[order[to]] == scores[order[from]]; to++ {
			if gold[order[to]] {
				now.TruePositive++
				now.FalseNegative--
			} else {
				now.FalsePositive++
				now.TrueNegative--
			}
		}
		if to == from { // NaN equals nothing; those sort last and are never positive
			break
		}
		now.Threshold = scores[order[from]]
		points = append(points, now)
		from = to
	}
	return points
}

// OneVsRest applies a binary measure to each of C classes against all others: gold [N] are classes, probabilities [N,C].
func OneVsRest(gold []int, probabilities []float64, classes int, measure func(gold []bool, scores []float64) float64) []float64 {
	sameLength(len(gold)*classes, len(probabilities))
	out := make([]float64, classes)
	is, scores := make([]bool, len(gold)), make([]float64, len(gold))
	for c := range out {
		for i, g := range gold {
			is[i], scores[i] = g == c, probabilities[i*classes+c]
		}
		out[c] = measure(is, scores)
	}
	return out
}

// MeanDefined is the mean of the values that are not NaN, NaN of none: the macro average of one measure over classes.
func MeanDefined(values []float64) float64 {
	var m Mean
	for _, v := range values {
		addDefined(&m, v, 1)
	}
	return m.Value()
}

func sameLength(a, b int) {
	if a != b {
		panic("metrics: gold labels and scores of different lengths")
	}
}
