package classify

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/embeddings/fasttext"
	"github.com/go-cloze/cloze/objectives/ngram"
)

// Text is what is judged: a text, or two of a pair.
type Text struct{ Text, Pair string }

// Scored is what a model says of a text.
type Scored struct {
	Probabilities []float64 // [L]; of the task single they sum to 1. Of regression the one value
	Empty         bool      // there was nothing in the text that the model knows
}

// Scorer asks a model about some texts, in their order. It is called by several goroutines at once.
type Scorer func(ctx context.Context, texts []Text) ([]Scored, error)

// Prediction is the answer to a text.
type Prediction struct {
	Labels []int // ids into Card.Labels in rising order; one of the task single, none of regression
	Scored
}

// Classifier answers texts. It may be asked by any number of goroutines at once, and the same text gets the same answer whatever is asked beside it.
type Classifier struct {
	Card      Card
	Explainer Explainer // nil where the model gives no explanations
	score     Scorer
	seen      []uint64
	model     *fasttext.Model // of an ngram classifier; what Save writes
}

// New makes a classifier of a card and a model that somebody else opened.
func New(card Card, score Scorer) (*Classifier, error) {
	if err := card.Validate(); err != nil {
		return nil, err
	}
	return &Classifier{Card: card, score: score}, nil
}

// ModelFile is the model of a folder whose Card.Model is "ngram".
const ModelFile = "model.safetensors"

// NgramModel is Card.Model of a classifier that TrainNgram made.
const NgramModel = "ngram"

// Open opens a folder that holds an ngram classifier.
func Open(dir string) (*Classifier, error) {
	card, err := ReadCard(dir)
	if err != nil {
		return nil, err
	}
	if card.Model != NgramModel {
		return nil, fmt.Errorf("%s: a classifier of the model %q, which wants libtorch", dir, card.Model)
	}
	m, err := ngram.Open(filepath.Join(dir, ModelFile))
	if err != nil {
		return nil, err
	}
	if len(m.Dictionary.Labels) != len(card.Labels) {
		return nil, fmt.Errorf("%s: the card has %d labels and the model %d; train it again", dir, len(card.Labels), len(m.Dictionary.Labels))
	}
	c := newNgram(card, m)
	c.seen, err = readSeen(dir)
	return c, err
}

func newNgram(card Card, m *fasttext.Model) *Classifier {
	c := &Classifier{Card: card, model: m, Explainer: explainNgram(card, m)}
	c.score = func(ctx context.Context, texts []Text) ([]Scored, error) {
		out := make([]Scored, len(texts))
		for i, t := range texts {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			p, known, err := m.Probabilities(card.joined(t))
			if err != nil {
				return nil, err
			}
			out[i] = Scored{Probabilities: make([]float64, len(p)), Empty: known == 0}
			for j, x := range p {
				out[i].Probabilities[j] = float64(x)
			}
		}
		return out, nil
	}
	return c
}

// pairMark stands between the two texts of a pair, as a word of its own.
const pairMark = " <pair> "

// joined is a text as an ngram model reads it.
func (c Card) joined(t Text) string {
	text := t.Text
	if t.Pair != "" {
		text += pairMark + t.Pair
	}
	return c.Prepared(text)
}

// Prepared is a text as it is before a model's own reading of it.
func (c Card) Prepared(text string) string {
	if c.Fold {
		text = Fold(text)
	}
	if c.Lowercase {
		text = strings.ToLower(text)
	}
	return text
}

// Save writes an ngram classifier as a new folder: aside first, then renamed, so that it is there whole or not at all. An existing one is refused.
func (c *Classifier) Save(dir string) (err error) {
	if c.model == nil {
		return fmt.Errorf("%s: a %s classifier is written by who trained it", dir, c.Card.Model)
	}
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("%s exists; nothing was overwritten: name another folder or move it away", dir)
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	aside, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(aside)
		}
	}()
	if err := os.Chmod(aside, 0o755); err != nil { // MkdirTemp's 0700 is for secrets
		return err
	}
	if err := ngram.Write(filepath.Join(aside, ModelFile), c.model); err != nil {
		return err
	}
	if err := c.Card.write(aside, c.seen); err != nil {
		return err
	}
	return os.Rename(aside, dir)
}

// WriteFastText writes an ngram classifier as a .bin that the original opens. It answers the same there, thresholds aside; texts must be in lower
// case if the card says so. With two million buckets of dimension 100 the file has 800 MB.
func (c *Classifier) WriteFastText(path string) error {
	if c.model == nil {
		return fmt.Errorf("a %s classifier cannot be written as fastText's", c.Card.Model)
	}
	return c.model.Write(path)
}

// Predict answers texts, in their order.
func (c *Classifier) Predict(ctx context.Context, texts []Text) ([]Prediction, error) {
	scored, err := c.score(ctx, texts)
	if err != nil {
		return nil, err
	}
	out := make([]Prediction, len(scored))
	for i, s := range scored {
		out[i] = Prediction{c.Card.decide(s.Probabilities), s}
	}
	return out, nil
}

// askAll answers the records of a set in their order, and has each take the answer.
func (c *Classifier) askAll(ctx context.Context, s *labelled.Set, each func(r labelled.Record, p Prediction)) error {
	for chunk := range slices.Chunk(s.Records, 256) {
		texts := make([]Text, len(chunk))
		for i, r := range chunk {
			texts[i] = Text{r.Text, r.Pair}
		}
		predictions, err := c.Predict(ctx, texts)
		if err != nil {
			return err
		}
		for i, p := range predictions {
			each(chunk[i], p)
		}
	}
	return nil
}

// decide gives the labels for probabilities [L].
func (c Card) decide(p []float64) []int {
	switch c.Task {
	case labelled.Single:
		best := 0
		for l := range p {
			if c.scaled(p, l) > c.scaled(p, best) {
				best = l
			}
		}
		return []int{best}
	case labelled.Multi:
		var labels []int
		for l, x := range p {
			if len(c.Thresholds) > 0 && x >= c.Thresholds[l] || len(c.Thresholds) == 0 && x >= 0.5 {
				labels = append(labels, l)
			}
		}
		return labels
	}
	return nil
}

func (c Card) scaled(p []float64, l int) float64 {
	if len(c.Thresholds) == 0 {
		return p[l]
	}
	return p[l] / c.Thresholds[l]
}
