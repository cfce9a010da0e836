package metrics

import (
	"math"
	"slices"
	"sort"
)

// SubgroupBias is how a score treats examples that name a group (Borkan et al., "Nuanced Metrics for Measuring Unintended Bias with Real
// Data for Text Classification", 2019, section 3.2). Each is an AUROC, NaN where one side of it is empty.
type SubgroupBias struct {
	Size     int64   `json:"size"`     // examples that name the group
	Subgroup float64 `json:"subgroup"` // among those that name it: low means that it tells hate from the rest badly there
	// BPSN, background positive and subgroup negative: low means that harmless texts naming the group score too high.
	BPSN float64 `json:"bpsn"`
	// BNSP, background negative and subgroup positive: low means that hateful texts naming it score too low.
	BNSP float64 `json:"bnsp"`
}

// Background is the scores of all examples, in order: the bias towards a group of n of them then takes n log N steps, so that a
// set may have many groups.
type Background struct {
	gold               []bool
	scores             []float64
	positive, negative []float64 // rising
}

// NewBackground takes examples with scores, of which those marked in gold are positive. Both stay the caller's and must not change.
func NewBackground(gold []bool, scores []float64) *Background {
	sameLength(len(gold), len(scores))
	b := &Background{gold: gold, scores: scores}
	for i, s := range scores {
		if gold[i] {
			b.positive = append(b.positive, s)
		} else {
			b.negative = append(b.negative, s)
		}
	}
	slices.Sort(b.positive)
	slices.Sort(b.negative)
	return b
}

// Subgroup measures the bias towards the examples with these numbers, each given once.
func (b *Background) Subgroup(members []int) SubgroupBias {
	var positive, negative []float64
	for _, i := range members {
		if b.gold[i] {
			positive = append(positive, b.scores[i])
		} else {
			negative = append(negative, b.scores[i])
		}
	}
	slices.Sort(positive)
	slices.Sort(negative)
	// Pairs of a positive and a negative example in which the positive has the higher score; equal scores are half a pair.
	var inside, bpsn, bnsp float64
	for _, s := range positive {
		in := lower(negative, s)
		inside += in
		bnsp += lower(b.negative, s) - in
	}
	for _, s := range negative {
		higher := func(sorted []float64) float64 { return float64(len(sorted)) - lower(sorted, s) }
		bpsn += higher(b.positive) - higher(positive)
	}
	pairs := func(positives, negatives int) float64 { return float64(positives) * float64(negatives) }
	return SubgroupBias{
		Size:     int64(len(members)),
		Subgroup: inside / pairs(len(positive), len(negative)),
		BPSN:     bpsn / pairs(len(b.positive)-len(positive), len(negative)),
		BNSP:     bnsp / pairs(len(positive), len(b.negative)-len(negative)),
	}
}

// lower is how many of some rising numbers are below x, an equal one counting half.
func lower(sorted []float64, x float64) float64 {
	from, found := slices.BinarySearch(sorted, x)
	if !found {
		return float64(from)
	}
	equal := sort.Search(len(sorted)-from, func(i int) bool { return sorted[from+i] > x })
	return float64(from) + float64(equal)/2
}

// PowerMean is the generalised mean (mean of v^p)^(1/p) of the values that are not NaN. With p = -5 the worst group weighs most: Borkan et
// al.'s way to one number over groups.
func PowerMean(values []float64, p float64) float64 {
	var m Mean
	for _, v := range values {
		if !math.IsNaN(v) {
			m.Add(math.Pow(v, p), 1)
		}
	}
	return math.Pow(m.Value(), 1/p)
}
