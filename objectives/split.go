package objectives

import (
	"fmt"
	"sort"
)

// SplitConfig says how much of a corpus is held out for validation.
type SplitConfig struct {
	ValidFraction  float64 `json:"valid_fraction"`   // share of the tokens held out, in [0, 0.5]; 0 holds nothing out
	ValidMaxTokens int64   `json:"valid_max_tokens"` // most tokens held out, so that evaluation stays quick on a large corpus; 0 is no limit
}

// DefaultSplit holds out 5 % of the tokens, at most 200,000.
func DefaultSplit() SplitConfig { return SplitConfig{ValidFraction: 0.05, ValidMaxTokens: 200_000} }

// Validate says what is wrong with the configuration, nil when nothing is.
func (c SplitConfig) Validate() error {
	if !(c.ValidFraction >= 0 && c.ValidFraction <= 0.5) {
		return fmt.Errorf("data.valid_fraction is %g: give a share between 0 and 0.5", c.ValidFraction)
	}
	if c.ValidMaxTokens < 0 {
		return fmt.Errorf("data.valid_max_tokens is %d: give a number of tokens, or 0 for no limit", c.ValidMaxTokens)
	}
	return nil
}

// Split parts the documents into a training and a validation stream and says in words how. It empties the Builder, whose memory goes to the
// training stream. Documents stay whole: in the order of a hash of their text, each goes to validation while it fits into the share held out,
// so a corpus splits alike in every order of its files, and equal texts never come to stand on both sides.
// Where whole documents do not fill half of that share (a corpus of a single one, say), the last part of the tokens is held out instead;
// textBytes then counts the bytes of text that ids stand for, usually by decoding them.
func (b *Builder) Split(cfg SplitConfig, textBytes func(ids []int32) int64) (training, valid *Stream, how string) {
	budget := int(cfg.ValidFraction * float64(b.ids.len()))
	if cfg.ValidMaxTokens > 0 {
		budget = min(budget, int(cfg.ValidMaxTokens))
	}
	if budget == 0 {
		return b.stream(true), b.fresh().stream(true), "nothing is held out for validation"
	}
	held, tokens := b.choose(budget)
	if tokens > 0 && tokens >= budget/2 {
		training, valid = b.partDocuments(held)
		return training, valid, "validation holds whole documents, chosen by a hash of their text"
	}
	training, valid = b.partTail(b.ids.len()-budget, textBytes)
	return training, valid, fmt.Sprintf("validation holds the last %d tokens: there are too few documents to choose whole ones", budget)
}

// choose marks the documents that go to validation, at most budget tokens in all.
func (b *Builder) choose(budget int) (held []bool, tokens int) {
	order := make([]int, len(b.docs))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool {
		x, y := b.docs[order[i]].hash, b.docs[order[j]].hash
		return x < y || x == y && order[i] < order[j]
	})
	held = make([]bool, len(b.docs))
	for i := 0; i < len(order); {
		// Equal texts lie side by side: they go together or not at all.
		j, size := i, 0
		for ; j < len(order) && b.docs[order[j]].hash == b.docs[order[i]].hash; j++ {
			size += b.end(order[j]) - b.docs[order[j]].start
		}
		if tokens+size <= budget {
			tokens += size
			for _, d := range order[i:j] {
				held[d] = true
			}
		}
		i = j
	}
	return held, tokens
}

// partDocuments copies the held documents out and closes the gaps they leave.
func (b *Builder) partDocuments(held []bool) (training, valid *Stream) {
	out := b.fresh()
	kept, at := b.docs[:0], 0
	for i, d := range b.docs {
		lo, hi := d.start, b.ids.len()
		if i+1 < len(held) {
			hi = b.docs[i+1].start // not yet overwritten: kept never runs ahead of i
		}
		if held[i] {
			d.start = out.ids.len()
			out.ids.append(b.ids.appendTo(nil, lo, hi)...)
			out.docs = append(out.docs, d)
			continue
		}
		b.ids.move(at, lo, hi)
		d.start = at
		kept = append(kept, d)
		at += hi - lo
	}
	b.docs = kept
	b.ids.truncate(at)
	return b.stream(true), out.stream(true)
}

// partTail cuts the row of ids at a token; the document it falls into is parted, and no end of text stands at the cut.
func (b *Builder) partTail(cut int, textBytes func([]int32) int64) (training, valid *Stream) {
	out := b.fresh()
	first := sort.Search(len(b.docs), func(i int) bool { return b.end(i) > cut })
	whole := b.docs[first].start == cut
	for i := first; i < len(b.docs); i++ {
		d := b.docs[i]
		lo, hi := max(d.start, cut), b.end(i)
		if d.start < cut {
			tail := b.ids.appendTo(nil, lo, hi)
			b.docs[i].bytes = max(d.bytes-textBytes(tail), 0)
			d.bytes -= b.docs[i].bytes
			first++
		}
		d.start = out.ids.len()
		out.ids.append(b.ids.appendTo(nil, lo, hi)...)
		out.docs = append(out.docs, d)
	}
	b.docs = b.docs[:first]
	b.ids.truncate(cut)
	return b.stream(whole), out.stream(true)
}

// fresh is an empty Builder alike.
func (b *Builder) fresh() *Builder {
	return &Builder{vocabSize: b.vocabSize, endOfText: b.endOfText, ids: idStore{isWide: b.ids.isWide}}
}

// stream hands the ids over. whole says that the last document ends here, so that its eot is added as a target.
func (b *Builder) stream(whole bool) *Stream {
	s := &Stream{ids: b.ids, separated: b.separated(), tokens: b.ids.len()}
	for _, d := range b.docs {
		s.starts = append(s.starts, d.start)
		s.bytes += d.bytes
		s.hash = mix64(s.hash ^ d.hash)
	}
	if whole && s.separated && s.tokens > 0 {
		s.ids.append(b.endOfText)
	}
	b.docs, b.ids = nil, idStore{isWide: b.ids.isWide}
	return s
}
