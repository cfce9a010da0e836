package classify

import "math"

// Spread is a measure over several trainings: of other seeds, or on other folds.
type Spread struct {
	Measure   string   `json:"measure"`
	Mean      Number   `json:"mean"`
	Deviation Number   `json:"standard_deviation"` // with n-1; of one training it is undefined
	Values    []Number `json:"values"`
}

// Spreads tells, measure by measure, how far reports of one task lie apart. The first measure is that of Score.
func Spreads(reports []*Report) []Spread {
	var out []Spread
	for _, r := range reports {
		for i, h := range r.headlines() {
			if i == len(out) {
				out = append(out, Spread{Measure: h.Name})
			}
			out[i].Values = append(out[i].Values, h.Value)
		}
	}
	for i := range out {
		out[i].Mean, out[i].Deviation = meanDeviation(out[i].Values)
	}
	return out
}

// Score is what the best of several trainings has the most of: macro-F1; of a regression the squared error, less than 0.
func (r *Report) Score() float64 {
	if r.Values != nil {
		return -float64(r.MSE.Value)
	}
	return float64(r.MacroF1.Value)
}

// headlines are the measures by which trainings are compared.
func (r *Report) headlines() []NamedMeasure {
	if r.Values != nil {
		return r.List()
	}
	list := []NamedMeasure{{"macro-F1", r.MacroF1}, {"accuracy", r.Accuracy}, {"MCC", r.MCC}}
	for _, l := range r.Labels {
		list = append(list, NamedMeasure{"F1 of " + l.Label, l.F1})
	}
	return list
}

// meanDeviation is undefined where one of the values is.
func meanDeviation(x []Number) (mean, deviation Number) {
	for _, v := range x {
		mean += v / Number(len(x))
	}
	for _, v := range x {
		deviation += (v - mean) * (v - mean)
	}
	return mean, Number(math.Sqrt(float64(deviation) / float64(len(x)-1)))
}
