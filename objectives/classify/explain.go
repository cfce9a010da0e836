package classify

import (
	"context"
	"fmt"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/embeddings/fasttext"
)

// Attribution is what a token gave to an answer.
type Attribution struct {
	Token      string // as the tokenizer spells it
	Text       int    // which of Explanation.Texts it stands in
	Start, End int    // bytes there; equal for what stands nowhere, such as an end of line
	Value      float64
}

// Explanation says which tokens an answer came from.
type Explanation struct {
	Label int // id of the label it is about
	// What the numbers are parts of: "probability" of the label, "value" of a regression, "logit" of a label of an ngram model, less the mean of
	// all labels' where they compete, since a softmax sees differences alone.
	Of       string
	Output   float64  // of the text
	Baseline float64  // with all tokens made nothing
	Texts    []string // as the model reads them: folded, in lower case where the card says so
	Tokens   []Attribution
	Unread   int // tokens beyond Card.MaxLength, of which nothing is known
}

// Sum is what the attributions add up to; it should be Output - Baseline.
func (e Explanation) Sum() (sum float64) {
	for _, t := range e.Tokens {
		sum += t.Value
	}
	return sum
}

// Explainer explains what a model says of a label for a text, in so many steps where it works by steps.
type Explainer func(ctx context.Context, t Text, label, steps int) (Explanation, error)

// Main is the label that an explanation of the prediction is about: the first that was given, else the most probable.
func (p Prediction) Main() int {
	if len(p.Labels) > 0 {
		return p.Labels[0]
	}
	best := 0
	for l, x := range p.Probabilities {
		if x > p.Probabilities[best] {
			best = l
		}
	}
	return best
}

// Explain says what each token of a text gave to a label: exactly for an ngram model, by integrated gradients for an encoder.
func (c *Classifier) Explain(ctx context.Context, t Text, label, steps int) (Explanation, error) {
	if c.Explainer == nil {
		return Explanation{}, fmt.Errorf("a %s classifier gives no explanations; take an ngram model or an encoder", c.Card.Model)
	}
	if outputs := max(len(c.Card.Labels), 1); label < 0 || label >= outputs || steps < 1 {
		return Explanation{}, fmt.Errorf("label %d of %d in %d steps; ask for a label and at least 1 step", label, outputs, steps)
	}
	return c.Explainer(ctx, t, label, steps)
}

// explainNgram takes the logit apart.
func explainNgram(card Card, m *fasttext.Model) Explainer {
	return func(ctx context.Context, t Text, label, _ int) (Explanation, error) {
		text := card.joined(t)
		shares, err := m.Shares(text)
		if err != nil {
			return Explanation{}, err
		}
		e := Explanation{Label: label, Of: "logit", Texts: []string{text}}
		for _, s := range shares {
			value, mean := float64(s.Logits[label]), 0.0
			for _, x := range s.Logits {
				mean += float64(x) / float64(len(s.Logits))
			}
			if card.Task == labelled.Single && m.Args.Loss == fasttext.Softmax {
				value -= mean
			}
			e.Output += value
			e.Tokens = append(e.Tokens, Attribution{s.Token, 0, s.Start, s.End, value})
		}
		return e, ctx.Err()
	}
}
