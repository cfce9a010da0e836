//go:build torch

package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// An encoder's answers are explained, and it answers by numbers of 8 bits.
func TestAnEncodersAnswersAreExplained(t *testing.T) {
	dir, _ := tuned(t, [2]string{"early", "late"})
	out := done(t, "a b  z\n", "predict", dir, "--quiet", "--explain", "--explain-steps", "80").stdout
	var got explainedLine
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	e := got.Explanation
	// 2 % of the difference: trained networks bend more than fresh ones.
	if gap := e.Sum - (e.Output - e.Baseline); e.Of != "probability" || len(e.Tokens) != 3 || math.Abs(gap) > 0.02*math.Abs(e.Output-e.Baseline)+1e-3 {
		t.Errorf("%s", out)
	}
	if z := e.Tokens[2]; z.Token != "z" || z.Start != 5 || z.End != 6 || z.Attribution > e.Tokens[0].Attribution {
		t.Errorf("%s", out)
	}
	text := lettersCSV(32, [2]string{"early", "late"})
	exact, rounded := done(t, text, "predict", dir, "--quiet", "--input", "csv").stdout, done(t, text, "predict", dir, "--quiet", "--input", "csv", "--int8").stdout
	if exact == rounded || strings.Count(rounded, `"early"`) != strings.Count(exact, `"early"`) {
		t.Error("numbers of 8 bits give the same bits, or other labels")
	}
	test := write(t, t.TempDir(), "test.csv", text)
	if e := done(t, "", "eval", "classifier", dir, test, "--int8").stdout; !strings.Contains(e, "macro-F1  1.0000") {
		t.Errorf("eval --int8:\n%s", e)
	}
	ngram, _ := finetuned(t, 80, [2]string{"wet", "dry"})
	failure(t, statusFailed, []string{"predict", ngram, "--int8"}, "ngram model")
}
