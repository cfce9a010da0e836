package classify

import (
	"fmt"
	"math"
	"strconv"

	"github.com/go-cloze/cloze/objectives/metrics"
)

// Values are the measures of a regression.
type Values struct {
	MSE      Measure `json:"mse"` // mean squared error
	MAE      Measure `json:"mae"` // mean absolute error
	R2       Measure `json:"r2"`
	Pearson  Measure `json:"pearson"`
	Spearman Measure `json:"spearman"`
}

// NamedMeasure is a measure with its name.
type NamedMeasure struct {
	Name string
	Measure
}

// List is all of them under their names.
func (v *Values) List() []NamedMeasure {
	return []NamedMeasure{{"MSE", v.MSE}, {"MAE", v.MAE}, {"R2", v.R2}, {"Pearson", v.Pearson}, {"Spearman", v.Spearman}}
}

// judgeValues fills in what a regression has.
func (r *Report) judgeValues(o EvalOptions) error {
	gold, given := make([]float64, len(r.Answers)), make([]float64, len(r.Answers))
	for i, a := range r.Answers {
		if len(a.Probabilities) != 1 {
			return fmt.Errorf("the model gives %d numbers for a text; judged is a regression of one", len(a.Probabilities))
		}
		gold[i], given[i] = a.Value, a.Probabilities[0]
	}
	r.Values = &Values{}
	measures := []*Measure{&r.MSE, &r.MAE, &r.R2, &r.Pearson, &r.Spearman}
	for i, x := range judgeNumbers(gold, given) {
		*measures[i] = Measure{Number(x), nan, nan}
	}
	if o.Rounds > 0 && len(gold) > 0 {
		drawnGold, drawnGiven := make([]float64, len(gold)), make([]float64, len(gold))
		found := metrics.Bootstrap(len(gold), o.Rounds, 0.95, o.Seed, func(sample []int) []float64 {
			for k, i := range sample {
				drawnGold[k], drawnGiven[k] = gold[i], given[i]
			}
			return judgeNumbers(drawnGold, drawnGiven)
		})
		for i, m := range measures {
			m.setInterval(found[i])
		}
	}
	undefined := func(m Measure) bool { return math.IsNaN(float64(m.Value)) }
	switch {
	case undefined(r.MSE): // no records, or a model that has come to nothing
	case undefined(r.R2):
		r.say("all records have the value %v: only the errors tell anything here", gold[0])
	case undefined(r.Pearson):
		r.say("the model gives all records the value %.4g: it tells none from another", given[0])
	}
	r.warnOfRecords()
	return nil
}

// judgeNumbers are the measures in the order of Values.
func judgeNumbers(gold, given []float64) []float64 {
	return []float64{metrics.MSE(gold, given), metrics.MAE(gold, given), metrics.R2(gold, given), metrics.Pearson(gold, given), metrics.Spearman(gold, given)}
}

// setInterval takes an interval over; what is undefined has none.
func (m *Measure) setInterval(i metrics.Interval) {
	if !math.IsNaN(float64(m.Value)) {
		m.Low, m.High = Number(i.Low), Number(i.High)
	}
}

// scatter draws each record's value by the one given; on the diagonal the two are the same. Dots less than a point apart are one.
func (r *Report) scatter() plot {
	low, high := math.Inf(1), math.Inf(-1)
	for _, a := range r.Answers {
		low, high = min(low, a.Value, a.Probabilities[0]), max(high, a.Value, a.Probabilities[0])
	}
	end := func(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }
	p := plot{Title: "Values", X: "true value", Y: "value given", Low: end(low), High: end(high), Diagonal: true}
	drawn := map[dot]bool{}
	for _, a := range r.Answers {
		at := func(x float64) float64 { return (x - low) / math.Max(high-low, 1e-300) }
		d := dot{math.Round(40 + 240*at(a.Value)), math.Round(240 - 220*at(a.Probabilities[0]))}
		if !drawn[d] && !math.IsNaN(d.Y) {
			drawn[d] = true
			p.Dots = append(p.Dots, d)
		}
	}
	return p
}
