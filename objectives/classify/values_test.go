package classify

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/corpus/labelled"
)

// valued is a regression that gives the values it is told, and the set whose true values are gold.
func valued(t *testing.T, gold, given []float64) (*Classifier, *labelled.Set) {
	t.Helper()
	next := 0
	c, err := New(Card{Version: 1, Model: "fixed", Task: labelled.Regression}, func(_ context.Context, texts []Text) ([]Scored, error) {
		var out []Scored
		for range texts {
			out = append(out, Scored{Probabilities: []float64{given[next]}})
			next++
		}
		return out, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &labelled.Set{Task: labelled.Regression}
	for i, g := range gold {
		s.Records = append(s.Records, labelled.Record{Text: fmt.Sprint("text ", i), Value: g})
	}
	return c, s
}

// scikit-learn and scipy wrote the numbers (testdata/gen/metrics_classify.py, metrics_correlation.py).
func TestARegressionIsJudgedAsScikitLearnDoes(t *testing.T) {
	var errors struct {
		Regression []struct {
			Gold, Predicted []float64
			MSE, MAE, R2    float64
		}
	}
	var correlations struct {
		Cases []struct {
			X, Y              []float64
			Pearson, Spearman float64
		}
	}
	for name, to := range map[string]any{"classify.json": &errors, "correlation.json": &correlations} {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "metrics", name))
		if err == nil {
			err = json.Unmarshal(data, to)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	judge := func(gold, given []float64, want map[string]float64) {
		c, s := valued(t, gold, given)
		r, err := Evaluate(context.Background(), c, s, EvalOptions{Rounds: 20, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range r.List() {
			x, ok := want[m.Name]
			if ok && math.Abs(float64(m.Value)-x) > 1e-9*max(1, math.Abs(x)) {
				t.Errorf("%s is %v, want %v", m.Name, float64(m.Value), x)
			}
			if len(gold) > 50 && (m.Low > m.Value || m.High < m.Value || m.Low == m.High) {
				t.Errorf("%s is %v, within %v and %v", m.Name, float64(m.Value), float64(m.Low), float64(m.High))
			}
		}
	}
	for _, c := range errors.Regression {
		judge(c.Gold, c.Predicted, map[string]float64{"MSE": c.MSE, "MAE": c.MAE, "R2": c.R2})
	}
	for _, c := range correlations.Cases {
		judge(c.X, c.Y, map[string]float64{"Pearson": c.Pearson, "Spearman": c.Spearman})
	}
}

func TestARegressionsReportHoldsNothingOfLabels(t *testing.T) {
	c, s := valued(t, []float64{1, 2, 3.5, 5}, []float64{1.5, 2, 3, 9})
	c.Remember(s.Subset([]int{2}))
	r, err := Evaluate(context.Background(), c, s, EvalOptions{Rounds: 10})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(data), `"mse":{"value":4.125,`) || strings.Contains(string(data), "f1") || strings.Contains(string(data), "labels") {
		t.Errorf("%v: %s", err, data)
	}
	if worst := r.Worst(2); !slices.Equal(worst, []int{3, 0}) || r.Answers[3].Loss != 16 {
		t.Errorf("the worst are %v, the first by %v", worst, r.Answers[3].Loss)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "overlap") {
		t.Errorf("%q", r.Warnings)
	}
	var b strings.Builder
	if err := r.HTML(&b, Page{Title: "values"}); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if strings.Count(page, "<circle") != 4 || !strings.Contains(page, "Spearman") || strings.Contains(page, "macro-F1") || strings.Contains(page, "Labels") || !strings.Contains(page, ">9</text>") {
		t.Errorf("the page:\n%s", page)
	}
}

func TestValuesThatTellNothingAreUndefined(t *testing.T) {
	for want, values := range map[string][2][]float64{
		"all records have the value 2":            {{2, 2, 2}, {1, 2, 3}},
		"the model gives all records the value 4": {{1, 2, 3}, {4, 4, 4}},
	} {
		c, s := valued(t, values[0], values[1])
		r, err := Evaluate(context.Background(), c, s, EvalOptions{Rounds: 5})
		if err != nil {
			t.Fatal(err)
		}
		if r.Spearman.Value.String() != "n/a" || r.Spearman.Low.String() != "n/a" || r.MAE.Value.String() == "n/a" || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], want) {
			t.Errorf("%+v, %q, want %q", *r.Values, r.Warnings, want)
		}
	}
}

func TestSpreadsHoldEachMeasure(t *testing.T) {
	var reports []*Report
	for _, p := range [][][]float64{{{0.9, 0.1}, {0.2, 0.8}}, {{0.9, 0.1}, {0.6, 0.4}}} {
		labels := []string{"no", "yes"}
		r, err := Evaluate(context.Background(), fixed(t, labels, nil, p), records(labels, 0, 1, 0, 1), EvalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, r)
	}
	s := Spreads(reports)
	// Both right, and always "no": accuracy 1 and 0.5, whose deviation is 0.5/sqrt(2).
	if len(s) != 5 || s[1].Measure != "accuracy" || s[1].Mean != 0.75 || math.Abs(float64(s[1].Deviation)-math.Sqrt(0.125)) > 1e-15 || s[4].Measure != "F1 of yes" || s[4].Values[1] != 0 {
		t.Errorf("%+v", s)
	}
	if reports[0].Score() != 1 || reports[1].Score() != float64(s[0].Values[1]) {
		t.Errorf("scores %v and %v", reports[0].Score(), reports[1].Score())
	}
	c, set := valued(t, []float64{1, 2}, []float64{1, 4})
	r, err := Evaluate(context.Background(), c, set, EvalOptions{})
	if err != nil || r.Score() != -2 {
		t.Errorf("%v, %v", r.Score(), err)
	}
	if one := Spreads([]*Report{r}); one[0].Measure != "MSE" || one[0].Mean != 2 || one[0].Deviation.String() != "n/a" {
		t.Errorf("%+v", one)
	}
}
