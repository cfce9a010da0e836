package pipeline

import (
	"fmt"
	"slices"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
)

// continuation is a cache of the rows of a batch and the ways to a further token.
type continuation struct {
	lm      *LM
	cache   *models.Cache
	decoder *torch.Decoder // the native step; nil where the model's tensors are not for it: Hidden does the same
}

// causal is a network that writes text, a token after the other.
type causal interface {
	NewCache(rows, capacity int) *models.Cache
	Decoder() *torch.Decoder
}

// CheckCausal returns an error where the network is an encoder, whose tokens see those after them.
func (lm *LM) CheckCausal() error {
	if _, ok := lm.Model.(causal); !ok {
		return fmt.Errorf("%s: %s is an encoder, whose tokens see those after them: it gives vectors (embed) and does not write text; open a causal model (gpt2, llama)",
			lm.Weights, lm.Model.Configuration().Shape().ModelType)
	}
	return nil
}

// newContinuation makes room for rows of capacity tokens. Free it.
func (lm *LM) newContinuation(rows, capacity int) (*continuation, error) {
	if err := lm.CheckCausal(); err != nil {
		return nil, err
	}
	network, c := lm.Model.(causal), &continuation{lm: lm}
	err := torch.Do(func() error {
		c.cache, c.decoder = network.NewCache(rows, capacity), network.Decoder()
		return nil
	})
	return c, err
}

func (c *continuation) free() error {
	return torch.Do(func() error {
		c.cache.Free()
		return nil
	})
}

// nativePrompt is how many tokens a row may lack for the native step to bring them; more go through Hidden, whose attention is made for many.
const nativePrompt = 128

// next returns the logits of what follows each row's ids, [len(rows),V].
func (c *continuation) next(rows []*row) ([]float32, error) {
	return follow(c, rows, func(ids, places, positions []int32) []float32 {
		return c.cache.Decode(c.decoder, ids, places, positions)
	}, func(logits []float32) []float32 { return logits })
}

// best returns the likeliest id below limit for each row, -1 - id where the logit of that id is no number.
func (c *continuation) best(rows []*row, limit int) ([]int32, error) {
	return follow(c, rows, func(ids, places, positions []int32) []int32 {
		return c.cache.DecodeBest(c.decoder, limit, ids, places, positions)
	}, func(logits []float32) []int32 {
		width := c.lm.Model.Configuration().Shape().VocabSize
		var ids []int32
		for ; len(logits) > 0; logits = logits[width:] {
			mine := logits[:min(width, limit)]
			id := largest(mine)
			if nan := firstNaN(mine); nan >= 0 {
				id = int32(-1 - nan)
			}
			ids = append(ids, id)
		}
		return ids
	})
}

// follow brings what each row lacks into the cache and returns what comes of it, in the order of rows. Rows that lack little go through the native
// step together; the others (long prompts, contexts that were full) through Hidden, whose logits `of` turns into what the step gives.
func follow[T any](c *continuation, rows []*row, step func(ids, places, positions []int32) []T, of func(logits []float32) []T) (all []T, err error) {
	var long, short []*row
	for _, r := range rows {
		c.forget(r)
		if c.decoder != nil && len(r.ids)-r.start-int(c.cache.Lengths[r.index]) <= nativePrompt {
			short = append(short, r)
		} else {
			long = append(long, r)
		}
	}
	err = torch.Do(func() error {
		torch.NoGrad(func() {
			var first, rest []T
			if len(long) > 0 {
				first = of(c.fill(long))
			}
			if len(short) > 0 {
				ids, places, positions := c.lacking(short)
				rest = step(ids, places, positions)
			}
			width := (len(first) + len(rest)) / len(rows)
			for _, r := range rows { // in the order they came
				if slices.Contains(long, r) {
					all, first = append(all, first[:width]...), first[width:]
				} else {
					all, rest = append(all, rest[:width]...), rest[width:]
				}
			}
		})
		return nil
	})
	return all, err
}

// lacking are the ids that the cache has not of some rows, one row behind the other, with their rows and positions there.
func (c *continuation) lacking(rows []*row) (ids, places, positions []int32) {
	for _, r := range rows {
		held := int(c.cache.Lengths[r.index])
		for i, id := range r.ids[r.start+held:] {
			ids, places, positions = append(ids, id), append(places, int32(r.index)), append(positions, int32(held+i))
		}
	}
	return ids, places, positions
}

// forget drops the older half of a full context. A cached token's keys know their position, so what stays is computed anew at positions
// from 0: once in half a context, not for every token.
func (c *continuation) forget(r *row) {
	context := c.lm.Model.Configuration().Shape().NumContext
	if len(r.ids)-r.start <= context {
		return
	}
	r.start = len(r.ids) - max(context/2, 1)
	c.cache.Lengths[r.index] = 0
	r.out.Note = fmt.Sprintf("the text outgrew the context of %d tokens; each time it was full, its older half was forgotten", context)
}

// fill brings all that rows lack into the cache at once, packed, and multiplies only the last of each by the head.
func (c *continuation) fill(rows []*row) []float32 {
	var ids, positions []int32
	var last []int64
	offsets := []int32{0}
	c.cache.Rows = c.cache.Rows[:0]
	for _, r := range rows {
		held := int(c.cache.Lengths[r.index])
		for i, id := range r.ids[r.start+held:] {
			ids, positions = append(ids, id), append(positions, int32(held+i))
		}
		offsets, last = append(offsets, int32(len(ids))), append(last, int64(len(ids)-1))
		c.cache.Rows = append(c.cache.Rows, int32(r.index))
	}
	in := models.NewInput(ids, positions, offsets, torch.CPU, false)
	in.Cache = c.cache
	hidden := c.lm.Model.Hidden(in).IndexSelect(0, torch.FromInt64(last, int64(len(last))))
	weight, bias := c.lm.Model.Head()
	return hidden.Linear(weight, bias).Float32s()
}
