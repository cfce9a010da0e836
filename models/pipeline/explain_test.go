package pipeline

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/classify"
)

// TestExplanationsAddUp: of a text, a pair, one too long and an empty one, the attributions are the difference of what Predict says and the baseline within
// 1 % (and 1e-4), and stand at the bytes of their tokens.
func TestExplanationsAddUp(t *testing.T) {
	for _, card := range []classify.Card{single(), {Task: labelled.Multi, Labels: []string{"rain", "wind"}, MaxLength: 30}, {Task: labelled.Regression, MaxLength: 30}} {
		c := newClassified(t, card)
		texts := []classify.Text{{Text: "the tea is hot"}, {Text: "der Tee ist heiß", Pair: "in der Küche"}, {Text: strings.Repeat("the garden ", 40), Pair: "tea"}, {}}
		answers, err := c.Predict(context.Background(), texts)
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range texts {
			label := answers[i].Main()
			e, err := c.Explain(context.Background(), text, label, 50)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(e.Output-answers[i].Probabilities[label]) > 1e-6 {
				t.Errorf("text %d: output %g, Predict says %g", i, e.Output, answers[i].Probabilities[label])
			}
			if gap := e.Sum() - (e.Output - e.Baseline); math.Abs(gap) > 0.01*math.Abs(e.Output-e.Baseline)+1e-4 {
				t.Errorf("text %d: the attributions are %g, the outputs differ by %g", i, e.Sum(), e.Output-e.Baseline)
			}
			row, cut, empty := c.Row(text)
			if (e.Unread > 0) != cut || (len(e.Tokens) == 0) != empty || len(e.Tokens) >= len(row.IDs) {
				t.Errorf("text %d: %d tokens, %d unread, row of %d", i, len(e.Tokens), e.Unread, len(row.IDs))
			}
			for _, token := range e.Tokens {
				if part := e.Texts[token.Text][token.Start:token.End]; len(part) == 0 || e.Texts[token.Text] != []string{text.Text, text.Pair}[token.Text] {
					t.Errorf("text %d: token %+v", i, token)
				}
			}
		}
		// More steps, a smaller gap; one step is the gradient in the middle.
		rough, _ := c.Explain(context.Background(), texts[0], 0, 1)
		fine, err := c.Explain(context.Background(), texts[0], 0, 200)
		if err != nil {
			t.Fatal(err)
		}
		gap := func(e classify.Explanation) float64 { return math.Abs(e.Sum() - (e.Output - e.Baseline)) }
		if gap(fine) > gap(rough)/2+1e-6 {
			t.Errorf("a gap of %g by 1 step, %g by 200", gap(rough), gap(fine))
		}
		for _, bad := range [][2]int{{-1, 50}, {3, 50}, {0, 0}} {
			if _, err := c.Explain(context.Background(), texts[0], bad[0], bad[1]); err == nil {
				t.Errorf("label %d in %d steps is explained", bad[0], bad[1])
			}
		}
	}
}

// TestNumbersOf8BitsAnswerNearly what the exact ones do, the same whatever the batch.
func TestNumbersOf8BitsAnswerNearly(t *testing.T) {
	c, texts := newClassified(t, single()), asked(mixedTexts())
	rounded := reopened(t, c, ClassifierOptions{Int8: true})
	want, err := c.Predict(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	got, err := rounded.Predict(context.Background(), texts)
	// 0.03 of a probability: 7 bits are steps of 0.8 % between a row's least and largest number.
	if err != nil || same(got, want, 1e-6) || !nearly(got, want, 0.03) {
		t.Error("the rounded classifier answers as the exact one, or far from it", err)
	}
	batchIsNothing(t, rounded, texts)
}

func nearly(a, b []classify.Prediction, tolerance float64) bool {
	for i := range a {
		for l, x := range a[i].Probabilities {
			if math.Abs(x-b[i].Probabilities[l]) > tolerance {
				return false
			}
		}
	}
	return true
}
