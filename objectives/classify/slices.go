package classify

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/metrics"
)

// Slice is the accuracy on some of the records.
type Slice struct {
	Name     string `json:"name"`
	Gold     string `json:"gold"` // the label that all of them have, "" where they differ
	Records  int    `json:"records"`
	Right    int    `json:"right"`
	Accuracy Number `json:"accuracy"`
}

// BySlice tells the accuracy by the values of a field, in rising order: functionalities or groups of a suite in HateCheck's form (Röttger et al.,
// "HateCheck: Functional Tests for Hate Speech Detection Models", 2021). Records without a value are left out.
func (r *Report) BySlice(s *labelled.Set, field string) []Slice {
	at := map[string]*Slice{}
	var names []string
	for i, rec := range s.Records {
		name := rec.Fields[field]
		if name == "" {
			continue
		}
		gold := labelNames(s.Labels, rec.Labels)
		sl, ok := at[name]
		if !ok {
			sl = &Slice{Name: name, Gold: gold}
			at[name] = sl
			names = append(names, name)
		}
		if sl.Gold != gold {
			sl.Gold = ""
		}
		sl.Records++
		if r.Answers[i].Right() {
			sl.Right++
		}
	}
	slices.Sort(names)
	var out []Slice
	for _, n := range names {
		sl := at[n]
		sl.Accuracy = Number(float64(sl.Right) / float64(sl.Records))
		out = append(out, *sl)
	}
	return out
}

// GroupBias is how the score of a label treats the records of one group.
type GroupBias struct {
	Group    string `json:"group"`
	Records  int64  `json:"records"`
	Subgroup Number `json:"subgroup_auc"`
	BPSN     Number `json:"bpsn_auc"`
	BNSP     Number `json:"bnsp_auc"`
}

// BiasReport is Borkan et al.'s measures for one label.
type BiasReport struct {
	Positive string      `json:"positive"`
	Overall  Number      `json:"overall_auc"`
	Groups   []GroupBias `json:"groups"`
	// The power means (p = -5) over groups: the worst weigh most.
	Subgroup Number `json:"subgroup_mean"`
	BPSN     Number `json:"bpsn_mean"`
	BNSP     Number `json:"bnsp_mean"`
}

// Bias measures, for label number positive, the groups that a field names (metrics.Background).
func (r *Report) Bias(s *labelled.Set, field string, positive int) BiasReport {
	gold, scores := make([]bool, len(r.Answers)), make([]float64, len(r.Answers))
	members := map[string][]int{}
	for i, a := range r.Answers {
		gold[i], scores[i] = slices.Contains(a.Gold, positive), a.Probabilities[positive]
		if g := s.Records[i].Fields[field]; g != "" {
			members[g] = append(members[g], i)
		}
	}
	background := metrics.NewBackground(gold, scores)
	out := BiasReport{Positive: s.Labels[positive], Overall: Number(metrics.AUROC(gold, scores))}
	var means [3][]float64
	for _, name := range slices.Sorted(maps.Keys(members)) {
		b := background.Subgroup(members[name])
		out.Groups = append(out.Groups, GroupBias{name, b.Size, Number(b.Subgroup), Number(b.BPSN), Number(b.BNSP)})
		for k, v := range []float64{b.Subgroup, b.BPSN, b.BNSP} {
			means[k] = append(means[k], v)
		}
	}
	for k, to := range []*Number{&out.Subgroup, &out.BPSN, &out.BNSP} {
		*to = Number(metrics.PowerMean(means[k], -5))
	}
	return out
}

// Worst are the numbers of the n records with the highest loss, the highest first.
func (r *Report) Worst(n int) []int {
	order := make([]int, len(r.Answers))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch la, lb := r.Answers[a].Loss, r.Answers[b].Loss; {
		case la > lb:
			return -1
		case la < lb:
			return 1
		}
		return 0
	})
	return order[:min(n, len(order))]
}

// Comparison is metrics.McNemarResult for JSON.
type Comparison struct {
	OnlyFirst  int64  `json:"only_first"`  // records that only the first had right
	OnlySecond int64  `json:"only_second"` // records that only the second had right
	Exact      Number `json:"exact_p"`
	ChiSquare  Number `json:"chi_square"` // undefined where no record tells the two apart, and so is P
	P          Number `json:"p"`
}

// Compare says whether another classifier's answers to the same records are better or worse.
func (r *Report) Compare(other *Report) Comparison {
	a, b := make([]bool, len(r.Answers)), make([]bool, len(r.Answers))
	for i := range a {
		a[i], b[i] = r.Answers[i].Right(), other.Answers[i].Right()
	}
	m := metrics.CompareRight(a, b)
	return Comparison{m.OnlyFirst, m.OnlySecond, Number(m.Exact), Number(m.ChiSquare), Number(m.P)}
}

// labelNames joins the names of some labels.
func labelNames(all []string, ids []int) string {
	var names []string
	for _, l := range ids {
		names = append(names, all[l])
	}
	return strings.Join(names, ", ")
}
