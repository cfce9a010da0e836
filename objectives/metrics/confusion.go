package metrics

import "math"

// Confusion counts answers of a classifier that gives each example one of C classes, numbered from 0. It holds counts only, so a set of any
// size can stream through it.
type Confusion struct {
	classes int
	counts  []int64 // [C,C]: gold class, then predicted class
}

// NewConfusion is an empty matrix of so many classes.
func NewConfusion(classes int) *Confusion {
	return &Confusion{classes: classes, counts: make([]int64, classes*classes)}
}

// Add counts one example. A class outside 0 to C-1 panics: labels are checked where they are read.
func (c *Confusion) Add(gold, predicted int) {
	if gold < 0 || gold >= c.classes || predicted < 0 || predicted >= c.classes {
		panic("metrics: Confusion.Add of a class that the matrix does not have")
	}
	c.counts[gold*c.classes+predicted]++
}

// At is how many examples of the class gold were given the class predicted.
func (c *Confusion) At(gold, predicted int) int64 { return c.counts[gold*c.classes+predicted] }

// Classes is C.
func (c *Confusion) Classes() int { return c.classes }

// Total is how many examples were counted.
func (c *Confusion) Total() int64 {
	var n int64
	for _, x := range c.counts {
		n += x
	}
	return n
}

// Labels gives the counts of each class against all others, [C].
func (c *Confusion) Labels() []Counts {
	labels, total := make([]Counts, c.classes), c.Total()
	for i := range labels {
		var gold, predicted int64
		for j := range c.classes {
			gold += c.At(i, j)
			predicted += c.At(j, i)
		}
		both := c.At(i, i)
		labels[i] = Counts{TruePositive: both, FalsePositive: predicted - both, FalseNegative: gold - both, TrueNegative: total - gold - predicted + both}
	}
	return labels
}

// Accuracy is the share of examples that were given their class; NaN of none.
func (c *Confusion) Accuracy() float64 {
	var right int64
	for i := range c.classes {
		right += c.At(i, i)
	}
	return ratio(right, c.Total())
}

// MCC is Matthews' correlation coefficient for any number of classes (Gorodkin, "Comparing two K-category assignments by a K-category
// correlation coefficient", 2004), -1 to 1:
//
//	(c s - Σ p_k t_k) / sqrt((s² - Σ p_k²) (s² - Σ t_k²))
//
// with s examples, c of them right, t_k of class k and p_k predicted as k. Like scikit-learn's it is 0 where all examples are of one class or
// are given one: such answers tell nothing.
func (c *Confusion) MCC() float64 {
	s := float64(c.Total())
	var right, pt, pp, tt float64
	for i, l := range c.Labels() {
		p, t := float64(l.Predicted()), float64(l.Support())
		right += float64(c.At(i, i))
		pt, pp, tt = pt+p*t, pp+p*p, tt+t*t
	}
	denominator := (s*s - pp) * (s*s - tt)
	if denominator == 0 {
		return 0
	}
	return (right*s - pt) / math.Sqrt(denominator)
}
