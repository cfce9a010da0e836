package metrics

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

func TestCorrelationsEqualScipys(t *testing.T) {
	data, err := os.ReadFile("../../testdata/metrics/correlation.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name              string
			X, Y, Ranks       []float64
			Pearson, Spearman float64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 8 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		if got := Ranks(c.X); !slices.Equal(got, c.Ranks) {
			t.Errorf("%s: ranks %v, want %v", c.Name, got, c.Ranks)
		}
		const tolerance = 1e-7 // scipy loses digits of what lies far from zero
		if got := Pearson(c.X, c.Y); math.Abs(got-c.Pearson) > tolerance {
			t.Errorf("%s: Pearson %v, want %v", c.Name, got, c.Pearson)
		}
		if got := Spearman(c.X, c.Y); math.Abs(got-c.Spearman) > 1e-12 {
			t.Errorf("%s: Spearman %v, want %v", c.Name, got, c.Spearman)
		}
	}
}

func TestCorrelationOfNothingIsNaN(t *testing.T) {
	third := 0.1 + 0.2 // sums of it are not exact, so its mean is not itself
	for name, series := range map[string][2][]float64{
		"empty":        {{}, {}},
		"one pair":     {{1}, {2}},
		"constant":     {{third, third, third}, {1, 2, 3}},
		"constant too": {{1, 2, 3}, {third, third, third}},
		"NaN":          {{1, math.NaN(), 3}, {1, 2, 3}},
	} {
		if got := Pearson(series[0], series[1]); !math.IsNaN(got) {
			t.Errorf("%s: Pearson %v, want NaN", name, got)
		}
		if got := Spearman(series[0], series[1]); !math.IsNaN(got) {
			t.Errorf("%s: Spearman %v, want NaN", name, got)
		}
	}
}

func TestCorrelationOfASeriesWithItselfIsOne(t *testing.T) {
	x := []float64{3, 1, 4, 1, 5, 9, 2, 6}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = -v
	}
	for name, gap := range map[string]float64{"Pearson": Pearson(x, x) - 1, "Spearman": Spearman(x, x) - 1, "Pearson of the opposite": Pearson(x, y) + 1, "Spearman of the opposite": Spearman(x, y) + 1} {
		if math.Abs(gap) > 1e-15 {
			t.Errorf("%s is off by %v", name, gap)
		}
	}
}
