package pipeline

import (
	"context"
	"fmt"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives/classify"
	"github.com/go-cloze/cloze/tokenize"
)

// explain is the classify.Explainer: integrated gradients from a text of padding tokens, the template's tokens being in their places, to the text. Padding is
// what captum's users take; a tokenizer without it gives the token that masks.
func (c *Classifier) explain(ctx context.Context, t classify.Text, label, steps int) (e classify.Explanation, err error) {
	network, ok := c.model.(models.Explainer)
	if !ok {
		return e, fmt.Errorf("a %s network gives no explanations", c.Card.Model)
	}
	blank := c.LM.Tokenizer.Roles().Pad
	if blank < 0 {
		blank = c.LM.Tokenizer.Roles().Mask
	}
	if blank < 0 {
		return e, fmt.Errorf("the tokenizer has no token of padding and none that masks, from which an explanation could start")
	}
	e = classify.Explanation{Label: label, Of: "probability"}
	if c.Card.Task == labelled.Regression {
		e.Of = "value"
	}
	row, _, _ := c.Row(t)
	if err := models.CheckIDs(c.model.Configuration().Shape().VocabSize, row.IDs); err != nil {
		return e, fmt.Errorf("%s: %w", c.LM.Weights, err)
	}
	baseline, places := append([]int32(nil), row.IDs...), c.places(&e, t)
	for _, at := range places {
		baseline[at] = blank
	}
	segments := make([]int32, len(row.Segments))
	for i, s := range row.Segments {
		segments[i] = int32(s)
	}
	var found models.Attributed
	err = torch.Do(func() error {
		found = network.Attribute(row.IDs, baseline, segments, c.Problem(), label, steps)
		return nil
	})
	e.Output, e.Baseline = found.Output, found.Baseline
	for i, at := range places {
		if err == nil {
			e.Tokens[i].Value = found.Tokens[at]
		}
	}
	if err != nil {
		return e, err
	}
	return e, ctx.Err()
}

// places gives an explanation the texts and those of their tokens that the network reads, and returns where in Row's row each stands.
func (c *Classifier) places(e *classify.Explanation, t classify.Text) (places []int) {
	var read [2]tokenize.Encoding
	for i, text := range []string{t.Text, t.Pair} {
		if i == 0 || text != "" {
			e.Texts = append(e.Texts, c.Card.Prepared(text))
			read[i] = c.LM.Tokenizer.EncodeWith(e.Texts[i], tokenize.EncodeOptions{AsData: true})
		}
	}
	parts := c.template.parts(len(read[1].IDs) > 0)
	var kept [2]int
	kept[0], kept[1] = fit(len(read[0].IDs), len(read[1].IDs), parts, c.Card.MaxLength)
	at := len(parts[0].ids)
	for i, r := range read {
		for j := range kept[i] {
			e.Tokens = append(e.Tokens, classify.Attribution{Token: r.Pieces[j], Text: i, Start: r.Offsets[j][0], End: r.Offsets[j][1]})
			places = append(places, at+j)
		}
		e.Unread += len(r.IDs) - kept[i]
		at += kept[i] + len(parts[1].ids)
	}
	return places
}
