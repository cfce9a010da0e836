package metrics

import "math"

// McNemarResult says whether two classifiers differ on the same examples.
type McNemarResult struct {
	OnlyFirst  int64   `json:"only_first"`  // examples that only the first had right
	OnlySecond int64   `json:"only_second"` // examples that only the second had right
	Exact      float64 `json:"exact_p"`     // two-sided p-value of the binomial test
	ChiSquare  float64 `json:"chi_square"`  // statistic with continuity correction, one degree of freedom; NaN where both counts are 0
	P          float64 `json:"p"`           // p-value of ChiSquare
}

// McNemar compares two classifiers by the examples that only one of them had right (McNemar, "Note on the sampling error of the difference
// between correlated proportions or percentages", 1947; continuity correction by Edwards, 1948). If they are equally good each such example
// is a throw of a coin. Exact holds for any number of them; ChiSquare = (|b-c|-1)²/(b+c) is good from some 25 on.
func McNemar(onlyFirst, onlySecond int64) McNemarResult {
	r := McNemarResult{OnlyFirst: onlyFirst, OnlySecond: onlySecond, Exact: 1}
	n := float64(onlyFirst + onlySecond)
	gap := max(math.Abs(float64(onlyFirst-onlySecond))-1, 0)
	r.ChiSquare = gap * gap / n
	r.P = math.Erfc(math.Sqrt(r.ChiSquare / 2))
	if onlyFirst != onlySecond {
		r.Exact = min(1, 2*binomialTail(min(onlyFirst, onlySecond), onlyFirst+onlySecond))
	}
	return r
}

// binomialTail is the chance of at most k heads in n throws, by logarithms: 2^n overflows soon.
func binomialTail(k, n int64) float64 {
	lnN, _ := math.Lgamma(float64(n + 1))
	sum := 0.0
	for i := range k + 1 {
		a, _ := math.Lgamma(float64(i + 1))
		b, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(lnN - a - b - float64(n)*math.Ln2)
	}
	return sum
}

// CompareRight counts for McNemar: which of the same examples each classifier had right.
func CompareRight(first, second []bool) McNemarResult {
	sameLength(len(first), len(second))
	var a, b int64
	for i := range first {
		if first[i] && !second[i] {
			a++
		} else if second[i] && !first[i] {
			b++
		}
	}
	return McNemar(a, b)
}
