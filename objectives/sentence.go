package objectives

import "math/rand/v2"

// What MaskConfig.Sentence may be.
const (
	NoSentences   = "none"
	NextSentence  = "next"  // does the second text follow the first? (Devlin et al. 2019, section 3.1)
	SentenceOrder = "order" // do they stand in their order? (Lan et al. 2020, ALBERT, section 3.1)
)

// pair appends a sequence as a row of two texts, `CLS first SEP second SEP` in segments 0 and 1, and what the row is asked for: class 0 where the
// second follows the first in the text, 1 where it does not. The text is cut at the first word start from a token on that is drawn from its
// middle half; one without a word start there is a row of one text, asked for no class. Half of the pairs are of class 1: for next, the second is
// replaced by as many tokens, or fewer, of the start of a sequence drawn from Elsewhere; for order, the two change places.
func (m *MaskedToken) pair(dst *Batch, q *Sequence, first int, rng *rand.Rand) {
	n := len(q.IDs)
	w := words{q.WordStarts, first}
	length := n - first
	cut := length/4 + rng.IntN(length/2+1)
	for cut < length && (cut == 0 || !w.start(cut)) {
		cut++
	}
	at := len(dst.IDs)
	m.place(dst, m.roles.CLS, q.Language)
	if cut == length {
		m.text(dst, q, first, n, rng)
		m.place(dst, m.roles.SEP, q.Language)
		m.endPair(dst, at, len(dst.IDs), IgnoreIndex)
		return
	}
	class := int32(rng.IntN(2))
	a, b := span{q, first, first + cut}, span{q, first + cut, n}
	if class == 1 && m.config.Sentence == SentenceOrder {
		a, b = b, a
	} else if class == 1 {
		scratch := m.scratch.Get().(*[]Sequence)
		defer m.scratch.Put(scratch)
		b = m.elsewhere(scratch, b.hi-b.lo, rng)
	}
	m.text(dst, a.q, a.lo, a.hi, rng)
	m.place(dst, m.roles.SEP, a.q.Language)
	second := len(dst.IDs)
	m.text(dst, b.q, b.lo, b.hi, rng)
	m.place(dst, m.roles.SEP, b.q.Language)
	m.endPair(dst, at, second, class)
}

// span is tokens [lo, hi) of a sequence.
type span struct {
	q      *Sequence
	lo, hi int
}

// elsewhere draws up to n tokens from the start of a sequence of another place.
func (m *MaskedToken) elsewhere(scratch *[]Sequence, n int, rng *rand.Rand) span {
	*scratch = m.Elsewhere.Sequences(rng.IntN(m.Elsewhere.Len()), (*scratch)[:0])
	q := &(*scratch)[rng.IntN(len(*scratch))]
	lo := m.textStart(q)
	return span{q, lo, min(lo+n, len(q.IDs))}
}

// endPair closes a row whose second text starts at token second.
func (m *MaskedToken) endPair(dst *Batch, at, second int, class int32) {
	dst.Segments = upTo(dst.Segments, at, second, 0)
	dst.Segments = upTo(dst.Segments, second, len(dst.IDs), 1)
	dst.endRow()
	for len(dst.Labels) < dst.Rows() {
		dst.Labels = append(dst.Labels, Label{Class: IgnoreIndex})
	}
	dst.Labels[dst.Rows()-1].Class = class
}
