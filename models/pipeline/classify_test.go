package pipeline

import (
	"context"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/objectives/classify"
)

// newClassified is a fresh classifier on the tiny encoder.
func newClassified(t *testing.T, card classify.Card) *Classifier {
	t.Helper()
	_, dir := newEncoder(t, Sentence{})
	card.Version, card.Temperature = 1, 1
	c, err := NewClassifier(dir, card, -1, 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func single() classify.Card {
	return classify.Card{Task: labelled.Single, Labels: []string{"calm", "rain", "storm"}, MaxLength: 30}
}

func asked(texts []string) (out []classify.Text) {
	for i, text := range texts {
		out = append(out, classify.Text{Text: text})
		if i%5 == 0 {
			out[i].Pair = "the tea"
		}
	}
	return out
}

// reopened is the classifier as OpenClassifier opens it.
func reopened(t *testing.T, c *Classifier, o ClassifierOptions) *Classifier {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "c")
	if err := c.Save(dir); err != nil {
		t.Fatal(err)
	}
	again, err := o.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	return again
}

// same says whether answers are the same labels and probabilities, within a tolerance.
func same(a, b []classify.Prediction, tolerance float64) bool {
	return slices.EqualFunc(a, b, func(a, b classify.Prediction) bool {
		return a.Empty == b.Empty && slices.Equal(a.Labels, b.Labels) && slices.EqualFunc(a.Probabilities, b.Probabilities, func(x, y float64) bool { return math.Abs(x-y) <= tolerance })
	})
}

// TestAnswersDoNotDependOnTheBatch: C83. 100 texts and pairs in batches of 1, 7 and 64 and all at once, by four goroutines; 1e-6 absolute. By the
// network that is trained, and by the one made for answers, which gives what the other gives.
func TestAnswersDoNotDependOnTheBatch(t *testing.T) {
	c, texts := newClassified(t, single()), asked(mixedTexts())
	batchIsNothing(t, c, texts)
	opened := reopened(t, c, ClassifierOptions{})
	batchIsNothing(t, opened, texts)
	want, err := c.Predict(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := opened.Predict(context.Background(), texts); err != nil || !same(got, want, 1e-6) {
		t.Error("the opened classifier answers otherwise", err)
	}
}

func batchIsNothing(t *testing.T, c *Classifier, texts []classify.Text) {
	t.Helper()
	all, err := c.Predict(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for _, size := range []int{1, 7, 64, 100} {
		group.Go(func() {
			for at := 0; at < len(texts); at += size {
				part, err := c.Predict(context.Background(), texts[at:min(at+size, len(texts))])
				if err != nil {
					t.Error(err)
					return
				}
				for i, p := range part {
					for l, x := range p.Probabilities {
						if d := math.Abs(x - all[at+i].Probabilities[l]); d > 1e-6 {
							t.Errorf("in batches of %d text %d differs by %g", size, at+i, d)
						}
					}
				}
			}
		})
	}
	group.Wait()
	if !all[0].Empty == (texts[0].Text+texts[0].Pair == "") || all[1].Empty {
		t.Errorf("empty: %v of %q", all[0].Empty, texts[0])
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Predict(cancelled, texts); err != context.Canceled {
		t.Error(err)
	}
}

// TestAClassifierComesBack from its folder, to be trained with the same bits, and from one without a card by its config.json.
func TestAClassifierComesBack(t *testing.T) {
	for _, card := range []classify.Card{
		single(), {Task: labelled.Multi, Labels: []string{"rain", "wind"}, Thresholds: []float64{0.3, 0.4}}, {Task: labelled.Regression},
	} {
		c, texts := newClassified(t, card), asked(mixedTexts()[:9])
		if err := c.Sharpen(0.5); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "c")
		if err := c.Save(dir); err != nil {
			t.Fatal(err)
		}
		if err := c.Save(dir); err == nil || !strings.Contains(err.Error(), "exists") {
			t.Error("an existing folder was taken:", err)
		}
		want, err := c.Predict(context.Background(), texts)
		if err != nil {
			t.Fatal(err)
		}
		again, err := OpenClassifier(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.Predict(context.Background(), texts)
		if err != nil || !same(got, want, 1e-6) || !reflect.DeepEqual(again.Card, c.Card) {
			t.Errorf("%s: other answers, or %v", card.Task, err)
		}
		again.Close()
		foreign, err := foreignCard(dir)
		if err != nil || foreign.Task != card.Task {
			t.Errorf("without a card the task is %q (%v), want %q", foreign.Task, err, card.Task)
		}
		kept, err := NewClassifier(dir, c.Card, -1, 9)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := kept.Predict(context.Background(), texts); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: a head of the same labels is not kept (%v)", card.Task, err)
		}
		kept.Close()
	}
	c := newClassified(t, single())
	dir := filepath.Join(t.TempDir(), "c")
	if err := c.Save(dir); err != nil {
		t.Fatal(err)
	}
	card := single()
	card.Version, card.Labels = 1, []string{"a", "b", "c"}
	fresh, err := NewClassifier(dir, card, 0.3, 9)
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	if c := fresh.LM.Model.Configuration().(models.BERTConfig); c.HiddenDrop != 0.3 || c.AttnDrop != 0.3 {
		t.Errorf("dropout %g and %g, want 0.3", c.HiddenDrop, c.AttnDrop)
	}
	texts := asked(mixedTexts()[:3])
	a, _ := c.Predict(context.Background(), texts)
	b, _ := fresh.Predict(context.Background(), texts)
	if reflect.DeepEqual(a, b) {
		t.Error("a head of other labels is kept")
	}
	_, bare := newEncoder(t, Sentence{})
	if _, err := OpenClassifier(bare); err == nil || !strings.Contains(err.Error(), "without a head for classes") {
		t.Error(err)
	}
}

// TestAnEmptyTextHasAnAnswerWithoutATemplate by a row of one token, in a batch and alone.
func TestAnEmptyTextHasAnAnswerWithoutATemplate(t *testing.T) {
	for _, c := range []*Classifier{newClassified(t, single()), reopened(t, newClassified(t, single()), ClassifierOptions{})} {
		c.template = template{}
		all, err := c.Predict(context.Background(), []classify.Text{{Text: "the tea"}, {}, {Text: "garden"}})
		if err != nil {
			t.Fatal(err)
		}
		alone, err := c.Predict(context.Background(), []classify.Text{{}})
		if err != nil || !all[1].Empty || all[0].Empty || !same(alone, all[1:2], 1e-6) {
			t.Errorf("%v, %v: %v", all, alone, err)
		}
		if e, err := c.Explain(context.Background(), classify.Text{}, 0, 3); err != nil || len(e.Tokens) != 0 {
			t.Errorf("%v, %v", e, err)
		}
	}
}

// TestRowsHaveTheTemplateAroundThem, cut or not; a special token in a text is text (its template's tokens stay the only ones).
func TestRowsHaveTheTemplateAroundThem(t *testing.T) {
	c := newClassified(t, single())
	tokenizer, roles := c.LM.Tokenizer, c.LM.Tokenizer.Roles()
	text, pair := "the tea is hot", "in the garden"
	row, cut, _ := c.Row(classify.Text{Text: text})
	if want := tokenizer.Encode(text).IDs; cut || !slices.Equal(row.IDs, want) {
		t.Errorf("%v, want %v", row.IDs, want)
	}
	long := strings.Repeat(text+" ", 20)
	row, cut, _ = c.Row(classify.Text{Text: long, Pair: pair})
	second := tokenizer.AppendIDs(nil, []byte(pair))
	n := len(row.IDs)
	if !cut || n != 30 || row.IDs[0] != roles.CLS || row.IDs[n-1] != roles.SEP || !slices.Equal(row.IDs[n-1-len(second):n-1], second) || len(row.Segments) != n {
		t.Errorf("a long pair becomes %v", row)
	}
	sep, _ := tokenizer.Token(roles.SEP)
	row, _, _ = c.Row(classify.Text{Text: "tea " + sep})
	seps := 0
	for _, id := range row.IDs {
		if id == roles.SEP {
			seps++
		}
	}
	if seps != 1 {
		t.Errorf("%d SEP in %v", seps, row.IDs)
	}
}
