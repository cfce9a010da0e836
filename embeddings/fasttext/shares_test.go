package fasttext

import (
	"math"
	"strings"
	"testing"
)

// TestSharesAddUpToTheLogits of every classifier of the goldens, with words in their places; hierarchical softmax and word vectors are refused.
func TestSharesAddUpToTheLogits(t *testing.T) {
	tried, refused := 0, 0
	eachModel(t, func(t *testing.T, m *Model, _ answers) {
		if m.Args.Model != Supervised || m.Args.Loss == HierarchicalSoftmax {
			if _, err := m.Shares("text"); err == nil {
				t.Error("logits of a model that has none")
			}
			refused++
			return
		}
		tried++
		words := []string{"unknownish"}
		for _, w := range m.Dictionary.Words[:min(5, len(m.Dictionary.Words))] {
			if w.Word != EndOfLine {
				words = append(words, w.Word, w.Word)
			}
		}
		for _, text := range []string{strings.Join(words, " "), " a\tnew  line\nof " + words[len(words)-1] + " ", ""} {
			shares, err := m.Shares(text)
			if err != nil {
				t.Fatal(err)
			}
			hidden, _, _ := m.hidden(text)
			for l := range m.Dictionary.Labels {
				var sum float64
				for _, s := range shares {
					sum += float64(s.Logits[l])
				}
				// 1e-5 relative: the same terms in another order.
				if want := float64(m.Output.dotRow(hidden, l)); math.Abs(sum-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("label %d of %q: shares add up to %g, the logit is %g", l, text, sum, want)
				}
			}
			fields := strings.Fields(text)
			if len(shares) != len(fields)+1 || shares[len(fields)].Start != len(text) {
				t.Fatalf("%d shares of %q", len(shares), text)
			}
			for i, word := range fields {
				if text[shares[i].Start:shares[i].End] != word {
					t.Errorf("share %d of %q is at %d to %d", i, text, shares[i].Start, shares[i].End)
				}
			}
		}
	})
	if tried < 3 || refused < 2 {
		t.Errorf("%d models tried, %d refused", tried, refused)
	}
}
