package ngram

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/metrics"
)

// TestDavidsonIsAsGoodAsFastText trains with the settings under which fastText reaches a macro-F1 of 0.702 (docs/bench/classify.md), every
// fifth tweet the test.
func TestDavidsonIsAsGoodAsFastText(t *testing.T) {
	data := os.Getenv("CLOZE_DATA")
	if data == "" || testing.Short() {
		t.Skip("CLOZE_DATA is not set, or -short")
	}
	set, err := labelled.Options{Options: corpus.Options{TextField: "tweet"}, LabelFields: []string{"class"}}.Open(filepath.Join(data, "hate/davidson/labeled_data.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	var train, test []Example
	for i, r := range set.Records {
		e := Example{strings.ToLower(r.Text), r.Labels}
		if i%5 == 0 {
			test = append(test, e)
		} else {
			train = append(train, e)
		}
	}
	c := DefaultConfig()
	c.Epochs, c.LR, c.WordNgrams, c.MinN, c.MaxN = 25, 0.5, 2, 2, 5
	c.Shuffle = false // as fastText
	start := time.Now()
	m, result, err := Train(context.Background(), train, set.Labels, nil, c, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d texts in %v: %d words, %d features, %d rows; losses %.4f", len(train), time.Since(start).Round(time.Millisecond), result.Words, result.Features, result.Rows, result.Losses)
	confusion := metrics.NewConfusion(3)
	for _, e := range test {
		p, _, err := m.Probabilities(e.Text)
		if err != nil {
			t.Fatal(err)
		}
		best := 0
		for c := range p {
			if p[c] > p[best] {
				best = c
			}
		}
		confusion.Add(e.Labels[0], best)
	}
	labels := confusion.Labels()
	got := metrics.Macro(labels).F1
	t.Logf("macro-F1 %.4f, hate-F1 %.4f", got, labels[0].Scores().F1)
	if got < 0.702 {
		t.Errorf("macro-F1 %.4f", got)
	}
}
