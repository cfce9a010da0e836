package metrics

import "math"

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

// Subgroup measures the bias towards the examples marked in group [N]; gold [N] are the positive ones.
func Subgroup(gold, group []bool, scores []float64) SubgroupBias {
	sameLength(len(gold), len(group))
	among := func(keep func(i int) bool) float64 {
		var g []bool
		var s []float64
		for i := range gold {
			if keep(i) {
				g, s = append(g, gold[i]), append(s, scores[i])
			}
		}
		return AUROC(g, s)
	}
	b := SubgroupBias{
		Subgroup: among(func(i int) bool { return group[i] }),
		BPSN:     among(func(i int) bool { return group[i] != gold[i] }),
		BNSP:     among(func(i int) bool { return group[i] == gold[i] }),
	}
	for _, in := range group {
		if in {
			b.Size++
		}
	}
	return b
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
