package models

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// explainGolden is what testdata/gen/models_explain.py computed by transformers and the formula of integrated gradients.
type explainGolden struct {
	Steps  int
	Models map[string]struct {
		Problem string
		Rows    []struct {
			IDs, Baseline, Segments []int32
			Class                   int
			Attributions            []float64
			From, To                float64
		}
	}
}

// TestAttributionsEqualTheFormula: every tiny classifier, rows of 7, 12, 2 and 5 tokens; they add up to the difference of the outputs within 1 % and
// 5e-5, which the bends of DistilBERT's ReLU need.
func TestAttributionsEqualTheFormula(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(testdata, "explain_tiny.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden explainGolden
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	asIs := func(c Config) Config { return c }
	if len(golden.Models) != 6 {
		t.Fatalf("%d models", len(golden.Models))
	}
	for name, g := range golden.Models {
		t.Run(name, func(t *testing.T) {
			withTiny(t, filepath.Join(testdata, "classify_tiny", name), asIs, func(m Network, _ string) {
				for number, row := range g.Rows {
					got := m.(Explainer).Attribute(row.IDs, row.Baseline, row.Segments, g.Problem, row.Class, golden.Steps)
					// 2e-6 absolute: gradients in float32, there in float64.
					sum := 0.0
					for i, x := range got.Tokens {
						sum += x
						if math.Abs(x-row.Attributions[i]) > 2e-6 {
							t.Errorf("row %d: token %d gives %g, by the formula %g", number, i, x, row.Attributions[i])
						}
					}
					if math.Abs(got.Output-row.To) > 1e-6 || math.Abs(got.Baseline-row.From) > 1e-6 {
						t.Errorf("row %d: outputs %g and %g, want %g and %g", number, got.Baseline, got.Output, row.From, row.To)
					}
					if gap := sum - (got.Output - got.Baseline); math.Abs(gap) > 0.01*math.Abs(got.Output-got.Baseline)+5e-5 {
						t.Errorf("row %d: attributions add up to %g, the outputs differ by %g", number, sum, got.Output-got.Baseline)
					}
				}
				for p := range m.Params().All() {
					if !p.Tensor.RequiresGrad() || p.Tensor.Grad() != nil {
						t.Fatalf("%s is left frozen or with a gradient", p.Name)
					}
				}
			})
		})
	}
}

// TestLegendreIntegratesPolynomials up to degree 2n-1, for which the rule is exact.
func TestLegendreIntegratesPolynomials(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 20, 50, 301} {
		nodes, weights := legendre(n)
		for _, power := range []int{0, 1, n, 2*n - 1} {
			sum := 0.0
			for i, x := range nodes {
				sum += weights[i] * math.Pow(x, float64(power))
			}
			if want := 1 / float64(power+1); math.Abs(sum-want) > 1e-13 {
				t.Errorf("%d nodes: the integral of x^%d is %.16g, want %.16g", n, power, sum, want)
			}
		}
	}
}

// TestAttributionsDoNotLeak: tensors are given back.
func TestAttributionsDoNotLeak(t *testing.T) {
	asIs := func(c Config) Config { return c }
	withTiny(t, filepath.Join(testdata, "classify_tiny", "bert"), asIs, func(m Network, _ string) {
		ask := func() { m.(Explainer).Attribute([]int32{5, 6, 7}, []int32{5, 1, 7}, nil, SingleLabel, 0, 4) }
		ask()
		before := torch.Live()
		ask()
		if after := torch.Live(); after != before {
			t.Errorf("%d tensors, then %d", before, after)
		}
	})
}
