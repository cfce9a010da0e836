package metrics

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// number is a golden value; null stands for NaN.
type number float64

func (n *number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*n = number(math.NaN())
		return nil
	}
	return json.Unmarshal(data, (*float64)(n))
}

// averages are what scikit-learn's precision_recall_fscore_support gives, whole and a label at a time.
type averages struct {
	Macro, Micro, Weighted [3]number
	Precision, Recall, F1  []number
	Support                []int64
}

type goldens struct {
	Classes []struct {
		Name                                   string
		Classes                                int
		Gold, Predicted                        []int
		Logits, Probabilities                  []float64
		Confusion                              []int64
		Accuracy, MCC, Brier, ECE, Temperature number
		LogLoss                                number `json:"log_loss"`
		MacroAUROC                             number `json:"macro_auroc"`
		AUROC, AUPRC                           []number
		averages
	}
	MultiLabel []struct {
		Name                     string
		Labels                   int
		Gold                     []int
		Scores                   []float64
		Subset, Hamming, Jaccard number
		averages
	}
	Binary []struct {
		Name                               string
		Gold, Group                        []int
		Scores                             []float64
		AUROC, AUPRC, Subgroup, BPSN, BNSP number
		BestF1                             number `json:"best_f1"`
	}
	McNemar []struct {
		First, Second int64
		Exact, Chi, P number
	}
	Regression []struct {
		Gold, Predicted []float64
		MSE, MAE, R2    number
	}
	Series    []float64
	Quantiles [][2]float64
	Powers    []struct {
		Values  []float64
		P, Mean float64
	}
}

func golden(t *testing.T) goldens {
	t.Helper()
	data, err := os.ReadFile("../../testdata/metrics/classify.json")
	if err != nil {
		t.Fatal(err)
	}
	var g goldens
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Classes) < 10 || len(g.MultiLabel) < 4 || len(g.Binary) < 6 || len(g.McNemar) < 7 {
		t.Fatal("cases are missing")
	}
	return g
}

// near wants the same number to 1e-9, or NaN where NaN is wanted.
func near(t *testing.T, what string, got float64, want number) {
	t.Helper()
	w := float64(want)
	if math.IsNaN(got) != math.IsNaN(w) || math.Abs(got-w) > 1e-9*max(1, math.Abs(w)) {
		t.Errorf("%s is %v, want %v", what, got, w)
	}
}

func (a averages) check(t *testing.T, name string, labels []Counts) {
	t.Helper()
	same := func(what string, s Scores, want [3]number) {
		near(t, name+": precision, "+what, s.Precision, want[0])
		near(t, name+": recall, "+what, s.Recall, want[1])
		near(t, name+": F1, "+what, s.F1, want[2])
	}
	for i, l := range labels {
		same("a label", l.Scores(), [3]number{a.Precision[i], a.Recall[i], a.F1[i]})
		if l.Support() != a.Support[i] {
			t.Errorf("%s: support of %d is %d, want %d", name, i, l.Support(), a.Support[i])
		}
	}
	same("macro", Macro(labels), a.Macro)
	same("micro", Micro(labels), a.Micro)
	same("weighted", Weighted(labels), a.Weighted)
}

func TestMeasuresOfOneClassAnExampleEqualScikitLearns(t *testing.T) {
	for _, c := range golden(t).Classes {
		m := NewConfusion(c.Classes)
		right := make([]bool, len(c.Gold))
		confidence := make([]float64, len(c.Gold))
		for i, g := range c.Gold {
			m.Add(g, c.Predicted[i])
			right[i] = g == c.Predicted[i]
			confidence[i] = slices.Max(c.Probabilities[i*c.Classes : (i+1)*c.Classes])
		}
		if !slices.Equal(m.counts, c.Confusion) {
			t.Errorf("%s: confusion %v, want %v", c.Name, m.counts, c.Confusion)
		}
		c.check(t, c.Name, m.Labels())
		near(t, c.Name+": accuracy", m.Accuracy(), c.Accuracy)
		near(t, c.Name+": MCC", m.MCC(), c.MCC)
		near(t, c.Name+": log loss", LogLoss(c.Gold, c.Probabilities, c.Classes), c.LogLoss)
		near(t, c.Name+": Brier", Brier(c.Gold, c.Probabilities, c.Classes), c.Brier)
		near(t, c.Name+": ECE", ECE(Calibration(confidence, right, 10)), c.ECE)
		auroc := OneVsRest(c.Gold, c.Probabilities, c.Classes, AUROC)
		auprc := OneVsRest(c.Gold, c.Probabilities, c.Classes, AveragePrecision)
		for k := range c.Classes {
			near(t, c.Name+": AUROC", auroc[k], c.AUROC[k])
			near(t, c.Name+": AUPRC", auprc[k], c.AUPRC[k])
		}
		if !math.IsNaN(float64(c.MacroAUROC)) {
			near(t, c.Name+": macro AUROC", MeanDefined(auroc), c.MacroAUROC)
		}
		// A minimum is flat: where it lies is known to the square root of what the loss is.
		if got, want := Temperature(c.Gold, c.Logits, c.Classes), float64(c.Temperature); c.Name != "all scores equal" && math.Abs(got-want) > 1e-5*want {
			t.Errorf("%s: temperature %v, want %v", c.Name, got, want)
		}
		scaled := slices.Clone(c.Logits)
		Scale(scaled, c.Classes, 1)
		for i := range scaled {
			near(t, c.Name+": softmax", scaled[i], number(c.Probabilities[i]))
		}
	}
}

func TestMeasuresOfManyLabelsEqualScikitLearns(t *testing.T) {
	for _, c := range golden(t).MultiLabel {
		m := NewMultiLabel(c.Labels)
		for from := 0; from < len(c.Gold); from += c.Labels {
			gold, predicted := make([]bool, c.Labels), make([]bool, c.Labels)
			for i := range gold {
				gold[i], predicted[i] = c.Gold[from+i] == 1, c.Scores[from+i] >= 0.5
			}
			m.Add(gold, predicted)
		}
		c.check(t, c.Name, m.Labels())
		near(t, c.Name+": subset accuracy", m.SubsetAccuracy(), c.Subset)
		near(t, c.Name+": Hamming loss", m.HammingLoss(), c.Hamming)
		near(t, c.Name+": Jaccard", m.Jaccard(), c.Jaccard)
	}
}

func bools(x []int) []bool {
	out := make([]bool, len(x))
	for i, v := range x {
		out[i] = v == 1
	}
	return out
}

func TestMeasuresOfScoresEqualScikitLearns(t *testing.T) {
	for _, c := range golden(t).Binary {
		gold := bools(c.Gold)
		near(t, c.Name+": AUROC", AUROC(gold, c.Scores), c.AUROC)
		near(t, c.Name+": AUPRC", AveragePrecision(gold, c.Scores), c.AUPRC)
		threshold, f1 := BestThreshold(gold, c.Scores)
		near(t, c.Name+": best F1", f1, c.BestF1)
		var at Counts
		for i, s := range c.Scores {
			at.Add(gold[i], s >= threshold)
		}
		if !math.IsNaN(f1) {
			near(t, c.Name+": F1 at the threshold", at.Scores().F1, number(f1))
		}
		var members []int
		for i, in := range bools(c.Group) {
			if in {
				members = append(members, i)
			}
		}
		b := NewBackground(gold, c.Scores).Subgroup(members)
		near(t, c.Name+": subgroup AUC", b.Subgroup, c.Subgroup)
		near(t, c.Name+": BPSN", b.BPSN, c.BPSN)
		near(t, c.Name+": BNSP", b.BNSP, c.BNSP)
	}
}

func TestOtherMeasuresEqualScipys(t *testing.T) {
	g := golden(t)
	for _, c := range g.McNemar {
		r := McNemar(c.First, c.Second)
		near(t, "exact p", r.Exact, c.Exact)
		near(t, "chi-square", r.ChiSquare, c.Chi)
		near(t, "p", r.P, c.P)
	}
	for _, c := range g.Regression {
		near(t, "MSE", MSE(c.Gold, c.Predicted), c.MSE)
		near(t, "MAE", MAE(c.Gold, c.Predicted), c.MAE)
		near(t, "R2", R2(c.Gold, c.Predicted), c.R2)
	}
	for _, q := range g.Quantiles {
		near(t, "quantile", Quantile(g.Series, q[0]), number(q[1]))
	}
	for _, c := range g.Powers {
		near(t, "power mean", PowerMean(c.Values, c.P), number(c.Mean))
	}
}

// TestAlwaysNegativeIsSeen is a public report: nine negatives and a positive, and a model that always says no.
func TestAlwaysNegativeIsSeen(t *testing.T) {
	m := NewConfusion(2)
	for range 9 {
		m.Add(0, 0)
	}
	m.Add(1, 0)
	labels := m.Labels()
	near(t, "accuracy", m.Accuracy(), 0.9)
	if got := Macro(labels).F1; math.Abs(got-0.4737) > 5e-5 {
		t.Errorf("macro-F1 %v", got)
	}
	near(t, "F1 of the positive", labels[1].Scores().F1, 0)
	near(t, "correlation", m.MCC(), 0)
	if labels[1].Predicted() != 0 || !math.IsNaN(labels[1].Scores().Precision) {
		t.Error("a precision of nothing is not undefined")
	}
}

// TestMultiLabelCountsAsReported is another: one answer each where an example has two labels.
func TestMultiLabelCountsAsReported(t *testing.T) {
	m := NewMultiLabel(2)
	m.Add([]bool{true, false}, []bool{true, false})
	m.Add([]bool{false, true}, []bool{false, true})
	m.Add([]bool{true, true}, []bool{true, false})
	m.Add([]bool{true, false}, []bool{false, true})
	s := Micro(m.Labels())
	near(t, "precision", s.Precision, 0.75)
	near(t, "recall", s.Recall, 0.6)
	near(t, "F1", s.F1, number(2*0.75*0.6/1.35))
}

func TestBootstrapIsDeterministicAndCovers(t *testing.T) {
	x := make([]float64, 400)
	for i := range x {
		x[i] = float64(i%20) / 19 // mean 0.5, deviation 0.303: the mean's is 0.01517
	}
	measure := func(sample []int) []float64 {
		var m Mean
		for _, i := range sample {
			m.Add(x[i], 1)
		}
		return []float64{m.Value(), math.NaN()}
	}
	a, b := Bootstrap(len(x), 2000, 0.95, 7, measure), Bootstrap(len(x), 2000, 0.95, 7, measure)
	if a[0] != b[0] {
		t.Errorf("%v and %v by the same seed", a[0], b[0])
	}
	if c := Bootstrap(len(x), 2000, 0.95, 8, measure); c[0] == a[0] {
		t.Error("another seed changes nothing")
	}
	const half = 1.96 * 0.01517
	if math.Abs(a[0].Low-(0.5-half)) > 0.002 || math.Abs(a[0].High-(0.5+half)) > 0.002 {
		t.Errorf("interval %v, want 0.5 ± %.4f", a[0], half)
	}
	if a[1].Undefined != 2000 || !math.IsNaN(a[1].Low) {
		t.Errorf("a measure without values gives %v", a[1])
	}
}

func TestCompareRightCountsWhatOnlyOneKnows(t *testing.T) {
	r := CompareRight([]bool{true, true, false, true}, []bool{true, false, true, false})
	if r.OnlyFirst != 2 || r.OnlySecond != 1 {
		t.Errorf("%+v", r)
	}
}
