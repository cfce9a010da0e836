package metrics

import "math"

// Counts is how often one label was given (positive) and was right (true).
type Counts struct {
	TruePositive  int64 `json:"true_positive"`
	FalsePositive int64 `json:"false_positive"`
	FalseNegative int64 `json:"false_negative"`
	TrueNegative  int64 `json:"true_negative"`
}

// Add counts one answer about the label.
func (c *Counts) Add(gold, predicted bool) {
	switch {
	case gold && predicted:
		c.TruePositive++
	case predicted:
		c.FalsePositive++
	case gold:
		c.FalseNegative++
	default:
		c.TrueNegative++
	}
}

// Support is how many examples have the label.
func (c Counts) Support() int64 { return c.TruePositive + c.FalseNegative }

// Predicted is how many examples were given it.
func (c Counts) Predicted() int64 { return c.TruePositive + c.FalsePositive }

// Scores are precision, recall and F1 of a label, or a mean of them over labels.
type Scores struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Scores are precision TP/(TP+FP), recall TP/(TP+FN) and F1 2TP/(2TP+FP+FN), the harmonic mean of the two (van Rijsbergen, "Information
// Retrieval", 1979, chapter 7). One whose denominator is zero is undefined: NaN, as scikit-learn's with zero_division=nan.
func (c Counts) Scores() Scores {
	return Scores{
		Precision: ratio(c.TruePositive, c.Predicted()),
		Recall:    ratio(c.TruePositive, c.Support()),
		F1:        ratio(2*c.TruePositive, c.Predicted()+c.Support()),
	}
}

// Macro is the plain mean over labels: each label weighs the same however rare. Undefined scores are left out of their mean.
func Macro(labels []Counts) Scores {
	return average(labels, func(Counts) float64 { return 1 })
}

// Weighted is the mean over labels by their support. Undefined scores are left out with their weight; where no weight is left it is the plain
// mean, as scikit-learn has it.
func Weighted(labels []Counts) Scores {
	w, plain := average(labels, func(c Counts) float64 { return float64(c.Support()) }), Macro(labels)
	return Scores{defined(w.Precision, plain.Precision), defined(w.Recall, plain.Recall), defined(w.F1, plain.F1)}
}

// Micro scores all answers about all labels together. Where each example has one label and gets one, precision, recall and F1 are all the accuracy.
func Micro(labels []Counts) Scores {
	var sum Counts
	for _, c := range labels {
		sum.TruePositive += c.TruePositive
		sum.FalsePositive += c.FalsePositive
		sum.FalseNegative += c.FalseNegative
		sum.TrueNegative += c.TrueNegative
	}
	return sum.Scores()
}

func average(labels []Counts, weight func(Counts) float64) Scores {
	var precision, recall, f1 Mean
	for _, c := range labels {
		s, w := c.Scores(), weight(c)
		addDefined(&precision, s.Precision, w)
		addDefined(&recall, s.Recall, w)
		addDefined(&f1, s.F1, w)
	}
	return Scores{precision.Value(), recall.Value(), f1.Value()}
}

// defined is the first of two numbers unless that is NaN.
func defined(x, otherwise float64) float64 {
	if math.IsNaN(x) {
		return otherwise
	}
	return x
}

// addDefined leaves NaN out of a weighted mean.
func addDefined(m *Mean, value, weight float64) {
	if !math.IsNaN(value) && weight > 0 {
		m.Add(value*weight, weight)
	}
}

// ratio is NaN for nothing of nothing.
func ratio(part, whole int64) float64 { return float64(part) / float64(whole) }
