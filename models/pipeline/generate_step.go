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

// newContinuation makes room for rows of capacity tokens. Free it.
func (lm *LM) newContinuation(rows, capacity int) (*continuation, error) {
	c := &continuation{lm: lm}
	err := torch.Do(func() error {
		c.cache, c.decoder = lm.Model.NewCache(rows, capacity), lm.Model.Decoder()
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

// next returns the logits of what follows each row's ids, [len(rows),V]. Rows that miss just their last token in the cache go through
// the native step together; the others (new ones, and those whose context was full) bring all they lack through Hidden.
func (c *continuation) next(rows []*row) (logits []float32, err error) {
	var fresh, grown []*row
	for _, r := range rows {
		c.forget(r)
		if missing := len(r.ids) - r.start - int(c.cache.Lengths[r.index]); missing == 1 && c.decoder != nil {
			grown = append(grown, r)
		} else {
			fresh = append(fresh, r)
		}
	}
	err = torch.Do(func() error {
		torch.NoGrad(func() {
			if len(fresh) == 0 {
				logits = c.step(grown)
				return
			}
			first := c.fill(fresh)
			width := len(first) / len(fresh)
			var rest []float32
			if len(grown) > 0 {
				rest = c.step(grown)
			}
			logits = make([]float32, 0, len(rows)*width)
			for _, r := range rows { // in the order they came
				if i := slices.Index(fresh, r); i >= 0 {
					logits = append(logits, first[i*width:(i+1)*width]...)
				} else {
					i = slices.Index(grown, r)
					logits = append(logits, rest[i*width:(i+1)*width]...)
				}
			}
		})
		return nil
	})
	return logits, err
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

// step brings one token a row through the native step.
func (c *continuation) step(rows []*row) []float32 {
	var ids, places, positions []int32
	for _, r := range rows {
		ids, places = append(ids, r.ids[len(r.ids)-1]), append(places, int32(r.index))
		positions = append(positions, c.cache.Lengths[r.index])
	}
	return c.cache.Decode(c.decoder, ids, places, positions)
}
