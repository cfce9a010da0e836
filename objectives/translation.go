package objectives

import "math/rand/v2"

// Translation asks for masked tokens of texts that say the same in two languages (translation language modelling, Lample and Conneau 2019,
// section 3.3). A sequence is a pair, `first EndOfText second`, behind its own end of text where it has one; both stand in one row, `CLS first
// SEP second SEP`: a masked token may be found in its own text or in the other. The second text's positions start at 0 again, and its language
// and segment are its own, so that a token and its translation lie close. Tokens are chosen as MaskedToken does, in both texts.
//
// A model that only ever sees pairs has not learnt what a text alone looks like, which it will be asked for. Of the pairs a share of TLMProbability,
// drawn each time anew, stands in rows of two; the texts of the others are rows of their own, with the same positions and languages.
type Translation struct {
	*MaskedToken
	// Languages are the indices of the first and the second text's language, by the sequence's own.
	Languages [][2]int16
}

// Examples appends a row for each pair, or two.
func (t Translation) Examples(dst *Batch, seqs []Sequence, rng *rand.Rand) {
	for i := range seqs {
		q := &seqs[i]
		lo := t.textStart(q)
		mid := lo
		for mid < len(q.IDs) && q.IDs[mid] != t.roles.EndOfText {
			mid++
		}
		first, second := span{q, lo, mid}, span{q, min(mid+1, len(q.IDs)), len(q.IDs)}
		language := t.Languages[q.Language]
		together := rng.Float64() < t.config.TLMProbability
		if first.lo < first.hi {
			t.half(dst, first, true, language[0], 0, rng)
			if !together || second.lo == second.hi {
				dst.endRow()
			}
		}
		if second.lo < second.hi {
			t.half(dst, second, !together || first.lo == first.hi, language[1], 1, rng)
			dst.endRow()
		}
	}
}

// half appends one text with positions from 0: `CLS text SEP`, or without the CLS behind another text.
func (t Translation) half(dst *Batch, s span, cls bool, language int16, segment int32, rng *rand.Rand) {
	at := len(dst.IDs)
	q := *s.q
	q.Language = language
	if cls {
		t.place(dst, t.roles.CLS, language)
	}
	t.text(dst, &q, s.lo, s.hi, rng)
	t.place(dst, t.roles.SEP, language)
	for p := range len(dst.IDs) - at {
		dst.Positions = append(dst.Positions, int32(p))
	}
	dst.Segments = upTo(dst.Segments, at, len(dst.IDs), segment)
}
