package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
)

// GenerateOptions say how a text is continued.
type GenerateOptions struct {
	MaxTokens   int     // stop after that many tokens
	Temperature float64 // divides the logits; 0 always takes the likeliest token
	TopK        int     // draw among the K likeliest only; 0 among all
	TopP        float64 // draw among the likeliest that together hold this probability; 0 and 1 among all
	Seed        uint64  // the same seed draws the same
	First       int     // number of a batch's first prompt, where a list is continued batch after batch: prompt i draws from stream First + i

	// RepetitionPenalty makes tokens of the prompt and of what was written less likely, by transformers' rule: a logit above 0 is divided by
	// it, one below multiplied (Keskar et al. 2019, section 4.1). 1 and 0 change nothing, below 1 favours repetition.
	RepetitionPenalty float64
	// Stop ends the text before the first place where one of these strings stands, wherever the tokens' borders are.
	Stop []string
}

// DefaultGenerate returns 100 tokens, drawn among the 50 likeliest as transformers does.
func DefaultGenerate() GenerateOptions {
	return GenerateOptions{MaxTokens: 100, Temperature: 1, TopK: 50}
}

// Validate returns an error that names the first setting that makes no sense.
func (o GenerateOptions) Validate() error {
	switch {
	case o.MaxTokens < 1:
		return fmt.Errorf("max-tokens is %d; give at least 1", o.MaxTokens)
	case !(o.Temperature >= 0) || math.IsInf(o.Temperature, 0):
		return fmt.Errorf("temperature is %g; give 0 (always the likeliest) or more", o.Temperature)
	case o.TopK < 0:
		return fmt.Errorf("top-k is %d; give 0 (no limit) or more", o.TopK)
	case !(o.TopP >= 0 && o.TopP <= 1):
		return fmt.Errorf("top-p is %g; give a probability from 0 to 1", o.TopP)
	case !(o.RepetitionPenalty >= 0) || math.IsInf(o.RepetitionPenalty, 0):
		return fmt.Errorf("repetition-penalty is %g; give 1 (none) or a little more", o.RepetitionPenalty)
	case slices.Contains(o.Stop, ""):
		return errors.New("stop is an empty string, which stands everywhere; give the text to stop before")
	}
	return nil
}

// Generated is what Generate wrote.
type Generated struct {
	Text         string  `json:"text"`           // after the prompt, without the stop string
	IDs          []int32 `json:"ids"`            // all that were chosen, with those of the stop string or of the end of text
	PromptTokens int     `json:"prompt_tokens"`  // tokens the prompt has
	Ended        bool    `json:"ended"`          // the model ended the text itself
	Finish       string  `json:"finish"`         // why it stopped: end (of text), stop (a stop string), length; "" when interrupted
	Note         string  `json:"note,omitempty"` // what a user should know: that the beginning left the context
}

// Generate continues the prompt until the model ends the text, a stop string comes, MaxTokens are written or ctx is done (then the
// error is ctx's and what was written is returned with it). An empty prompt starts a new text. emit, which may be
// nil, gets each piece of text as soon as its characters are whole and cannot belong to a stop string.
//
// Beyond the context (n_positions) it goes on, where transformers fails: the network sees the last n_positions tokens of a long
// prompt, and each time the context is full the older half of it is forgotten; Note then says so.
func (lm *LM) Generate(ctx context.Context, prompt string, o GenerateOptions, emit func(text string)) (Generated, error) {
	var each func(int, string)
	if emit != nil {
		each = func(_ int, text string) { emit(text) }
	}
	out, err := lm.GenerateBatch(ctx, []string{prompt}, o, each)
	if len(out) == 0 {
		return Generated{}, err
	}
	return out[0], err
}

// GenerateBatch continues several prompts at once, of any lengths, each as Generate would alone: weights are read once for all. Prompt i
// draws from the i-th stream of the seed, so that equal prompts differ. emit gets the prompt's index too.
func (lm *LM) GenerateBatch(ctx context.Context, prompts []string, o GenerateOptions, emit func(i int, text string)) ([]Generated, error) {
	if err := o.Validate(); err != nil || len(prompts) == 0 {
		return nil, err
	}
	var rows []*row
	for i, prompt := range prompts {
		r, err := lm.newRow(i, prompt, o)
		if err != nil {
			return nil, err
		}
		if emit != nil {
			r.emit = func(text string) { emit(i, text) }
		}
		rows = append(rows, r)
	}
	err := lm.continueRows(ctx, rows, o)
	out := make([]Generated, len(rows))
	for i, r := range rows {
		r.write(r.decoder.Flush())
		r.flush()
		r.out.Text = r.text.String()
		out[i] = r.out
	}
	return out, err
}

// continueRows chooses token after token until every row has finished.
func (lm *LM) continueRows(ctx context.Context, rows []*row, o GenerateOptions) (err error) {
	longest := 0
	for _, r := range rows {
		longest = max(longest, len(r.ids))
	}
	context := lm.Model.Configuration().Shape().NumContext
	c, err := lm.newContinuation(len(rows), min(context, longest+o.MaxTokens))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.free()) }()
	for active := slices.Clone(rows); len(active) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := lm.chooseNext(c, active, o); err != nil {
			return err
		}
		active = slices.DeleteFunc(active, func(r *row) bool { return r.out.Finish != "" })
	}
	return nil
}

// chooseNext gives each row its next token. Where that is the likeliest as it is, the logits stay inside.
func (lm *LM) chooseNext(c *continuation, rows []*row, o GenerateOptions) error {
	limit := lm.Tokenizer.VocabSize() // rows of the table beyond it have no text
	damaged := func(id int) error {
		return fmt.Errorf("%s: the model gives NaN for token %d; its weights are damaged or its training diverged", lm.Weights, id)
	}
	if o.Temperature == 0 && (o.RepetitionPenalty == 0 || o.RepetitionPenalty == 1) {
		best, err := c.best(rows, limit)
		if err != nil {
			return err
		}
		for i, r := range rows {
			if best[i] < 0 {
				return damaged(int(-1 - best[i]))
			}
			r.take(best[i], o.MaxTokens, lm.ends)
		}
		return nil
	}
	logits, err := c.next(rows)
	if err != nil {
		return err
	}
	width := len(logits) / len(rows)
	for i, r := range rows {
		mine := logits[i*width : i*width+min(width, limit)]
		if id := firstNaN(mine); id >= 0 {
			return damaged(id)
		}
		penalise(mine, r.seen, o.RepetitionPenalty)
		r.take(r.sampler.next(mine), o.MaxTokens, lm.ends)
	}
	return nil
}

// firstNaN is the first id whose logit is no number, -1 for none.
func firstNaN(logits []float32) int {
	for id, x := range logits {
		if x != x {
			return id
		}
	}
	return -1
}

// oneRow is the input of one document.
func oneRow(ids []int32) models.Input {
	offsets := []int32{0, int32(len(ids))}
	return models.NewInput(ids, models.RowPositions(offsets), offsets, torch.CPU, false)
}
