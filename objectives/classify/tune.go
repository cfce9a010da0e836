package classify

import (
	"cmp"
	"math"
	"slices"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/metrics"
)

// Tune chooses thresholds on the probabilities [N,L] of a validation set: for the task multi the best F1 of each label by itself, for the task
// single the best macro-F1. A label that the set lacks keeps what it had.
func Tune(s *labelled.Set, probabilities []float64) []float64 {
	labels := len(s.Labels)
	thresholds := make([]float64, labels)
	if s.Task == labelled.Single {
		for l := range thresholds {
			thresholds[l] = 1
		}
		gold := make([]int, len(s.Records))
		for i, r := range s.Records {
			gold[i] = r.Labels[0]
		}
		// One label's divisor at a time, until none gets better; a few rounds do.
		for range 3 {
			before := slices.Clone(thresholds)
			for l := range thresholds {
				thresholds[l] = tuneOne(gold, probabilities, thresholds, l)
			}
			if slices.Equal(before, thresholds) {
				break
			}
		}
		return thresholds
	}
	scores, has := make([]float64, len(s.Records)), make([]bool, len(s.Records))
	for l := range thresholds {
		for i, r := range s.Records {
			scores[i], has[i] = probabilities[i*labels+l], slices.Contains(r.Labels, l)
		}
		if thresholds[l], _ = metrics.BestThreshold(has, scores); math.IsNaN(thresholds[l]) {
			thresholds[l] = 0.5
		}
	}
	return thresholds
}

// tuneOne finds the divisor of label l by which macro-F1 is best, all others fixed: an example goes to l where p_l / t_l is above the best of the
// others, so sorting the examples by the divisor at which they change gives every decision there is.
func tuneOne(gold []int, p, thresholds []float64, l int) float64 {
	labels := len(thresholds)
	type change struct {
		at    float64 // below this divisor the example goes to l
		other int     // else to this
		gold  int
	}
	changes := make([]change, len(gold))
	counts := make([]metrics.Counts, labels)
	var evaluated bool
	for i, g := range gold {
		row := p[i*labels : (i+1)*labels]
		other := -1
		for k := range row {
			if k != l && (other < 0 || row[k]/thresholds[k] > row[other]/thresholds[other]) {
				other = k
			}
		}
		if other < 0 {
			return thresholds[l]
		}
		best := row[other] / thresholds[other]
		changes[i] = change{row[l] / max(best, 1e-300), other, g}
		for k := range counts {
			counts[k].Add(g == k, k == other)
		}
		evaluated = evaluated || g == l
	}
	if !evaluated { // nothing to tune by
		return thresholds[l]
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(b.at, a.at) })
	best, at := -1.0, thresholds[l]
	for i, c := range changes {
		move(counts, c.gold, c.other, l)
		if i+1 < len(changes) && changes[i+1].at == c.at {
			continue
		}
		if f1 := metrics.Macro(counts).F1; f1 > best+1e-12 {
			next := c.at / 2
			if i+1 < len(changes) {
				next = changes[i+1].at
			}
			best, at = f1, math.Sqrt(c.at*max(next, c.at/1e6)) // between the two, as ratios go
		}
	}
	return min(max(at, 1e-6), 1e6)
}

// move takes an example's answer from one label to another.
func move(counts []metrics.Counts, gold, from, to int) {
	if gold == from {
		counts[from].TruePositive--
		counts[from].FalseNegative++
	} else {
		counts[from].FalsePositive--
		counts[from].TrueNegative++
	}
	if gold == to {
		counts[to].TruePositive++
		counts[to].FalseNegative--
	} else {
		counts[to].FalsePositive++
		counts[to].TrueNegative--
	}
}
