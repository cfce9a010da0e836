package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

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
	}
	return nil
}

// Generated is what Generate wrote.
type Generated struct {
	Text         string  `json:"text"`          // after the prompt
	IDs          []int32 `json:"ids"`           // of Text, and the end of text where it came
	PromptTokens int     `json:"prompt_tokens"` // tokens the prompt has
	Ended        bool    `json:"ended"`         // the model ended the text itself
}

// Generate continues the prompt until the model ends the text, MaxTokens are written or ctx is done (then the
// error is ctx's and what was written is returned with it). An empty prompt starts a new text. emit, which may be
// nil, gets each piece of text as soon as its characters are whole. The network sees the last n_positions tokens.
func (lm *LM) Generate(ctx context.Context, prompt string, o GenerateOptions, emit func(text string)) (Generated, error) {
	if err := o.Validate(); err != nil {
		return Generated{}, err
	}
	ids := lm.Tokenizer.Encode(prompt).IDs
	out := Generated{PromptTokens: len(ids)}
	end, hasEnd := lm.Tokenizer.EndOfText()
	if len(ids) == 0 {
		if !hasEnd {
			return out, errors.New("the prompt is empty, and the tokenizer has no token that starts a text; give a prompt")
		}
		ids = append(ids, end)
	}
	sampler, decoder := newSampler(o), lm.Tokenizer.NewStreamDecoder(true)
	var text strings.Builder
	write := func(piece string) {
		text.WriteString(piece)
		if emit != nil && piece != "" {
			emit(piece)
		}
	}
	var err error
	for len(out.IDs) < o.MaxTokens && !out.Ended {
		if err = ctx.Err(); err != nil {
			break
		}
		var logits []float32
		if logits, err = lm.lastLogits(ids); err != nil {
			break
		}
		next := sampler.next(logits)
		ids, out.IDs = append(ids, next), append(out.IDs, next)
		if out.Ended = hasEnd && next == end; !out.Ended {
			write(decoder.Next(next))
		}
	}
	write(decoder.Flush())
	out.Text = text.String()
	return out, err
}

// lastLogits returns the logits [V] of what follows ids, for the tokens that the tokenizer has.
func (lm *LM) lastLogits(ids []int32) (logits []float32, err error) {
	window := ids[max(0, len(ids)-lm.Model.Configuration().Shape().NumContext):]
	err = torch.Do(func() error {
		torch.NoGrad(func() {
			hidden := lm.Model.Hidden(oneRow(window)).Narrow(0, int64(len(window)-1), 1)
			weight, bias := lm.Model.Head()
			logits = hidden.Linear(weight, bias).Float32s()
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	logits = logits[:lm.Tokenizer.VocabSize()] // rows beyond it have no text
	for id, x := range logits {
		if math.IsNaN(float64(x)) {
			return nil, fmt.Errorf("%s: the model gives NaN for token %d; its weights are damaged or its training diverged", lm.Weights, id)
		}
	}
	return logits, nil
}

// oneRow is the input of one document.
func oneRow(ids []int32) models.Input {
	offsets := []int32{0, int32(len(ids))}
	return models.NewInput(ids, models.RowPositions(offsets), offsets, torch.CPU, false)
}
