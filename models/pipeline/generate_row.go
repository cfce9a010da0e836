package pipeline

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-cloze/cloze/tokenize"
)

// row is one prompt and what was written after it.
type row struct {
	index int     // in the batch, and the row of the cache
	ids   []int32 // of the prompt and after
	start int     // the first of ids that the context holds; those before were forgotten
	seen  map[int32]bool

	out     Generated
	sampler *sampler
	decoder *tokenize.StreamDecoder
	stops   stops
	text    strings.Builder
	emit    func(text string) // nil for none
}

func (lm *LM) newRow(index int, prompt string, o GenerateOptions) (*row, error) {
	r := &row{index: index, ids: lm.Tokenizer.Encode(prompt).IDs, seen: map[int32]bool{}, sampler: newSampler(o, o.First+index),
		decoder: lm.Tokenizer.NewStreamDecoder(true), stops: stops{texts: o.Stop}}
	r.out.PromptTokens = len(r.ids)
	if len(r.ids) == 0 {
		end, ok := lm.Tokenizer.EndOfText()
		if !ok {
			return nil, errors.New("the prompt is empty, and the tokenizer has no token that starts a text; give a prompt")
		}
		r.ids = append(r.ids, end)
	}
	if context := lm.Model.Configuration().Shape().NumContext; len(r.ids) > context {
		r.start = len(r.ids) - context
		r.out.Note = fmt.Sprintf("the prompt's first %d tokens are beyond the context of %d and were not seen", r.start, context)
	}
	for _, id := range r.ids {
		r.seen[id] = true
	}
	return r, nil
}

// take writes the next token.
func (r *row) take(id int32, maxTokens int, ends func(id int32) bool) {
	r.ids, r.out.IDs = append(r.ids, id), append(r.out.IDs, id)
	r.seen[id] = true
	if ends(id) {
		r.out.Ended, r.out.Finish = true, "end"
		return
	}
	r.write(r.decoder.Next(id))
	if r.out.Finish == "" && len(r.out.IDs) >= maxTokens {
		r.out.Finish = "length"
	}
}

// penalise makes ids that were seen less likely.
func penalise(logits []float32, seen map[int32]bool, penalty float64) {
	if penalty == 0 || penalty == 1 {
		return
	}
	for id := range seen {
		if int(id) >= len(logits) {
			continue
		}
		if x := &logits[id]; *x < 0 {
			*x *= float32(penalty)
		} else {
			*x /= float32(penalty)
		}
	}
}

// write takes decoded text and gives out what no stop string can begin in.
func (r *row) write(piece string) {
	if r.out.Finish == "stop" {
		return
	}
	sure, stopped := r.stops.add(piece)
	r.give(sure)
	if stopped {
		r.out.Finish = "stop"
	}
}

// flush gives out what was held back, when nothing more comes.
func (r *row) flush() {
	if r.out.Finish != "stop" {
		r.give(r.stops.held)
		r.stops.held = ""
	}
}

func (r *row) give(text string) {
	r.text.WriteString(text)
	if r.emit != nil && text != "" {
		r.emit(text)
	}
}

// stops looks for strings in text that comes in pieces.
type stops struct {
	texts []string
	held  string // an end of the text that may be the beginning of one of them
}

// add takes a piece and returns the text that is now known to stand before any of the strings, and whether one has come.
func (s *stops) add(piece string) (sure string, found bool) {
	text, at := s.held+piece, -1
	for _, stop := range s.texts {
		if i := strings.Index(text, stop); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if at >= 0 {
		s.held = ""
		return text[:at], true
	}
	keep := 0
	for _, stop := range s.texts {
		for n := min(len(stop)-1, len(text)); n > keep; n-- {
			if strings.HasSuffix(text, stop[:n]) {
				keep = n
			}
		}
	}
	s.held = text[len(text)-keep:]
	return text[:len(text)-keep], false
}
