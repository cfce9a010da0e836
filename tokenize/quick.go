package tokenize

import "unicode/utf8"

// quick is the fast way through the general pipeline. It cuts the input, as it is, into units that the pipeline treats each by itself, and
// remembers the ids of units that it has met; what it cannot cut so, and every unit that is new, goes through the pipeline. It gives the same ids.
type quick struct {
	kind  quickKind
	class [256]uint8
	lead  bool // what is not cut into units needs the white space before it

	// A unit is the word with prefix in front; each of its characters is what norm makes of it, in ASCII lowered where lower is set. No need to send it through
	// normalizer and pre-tokenizer.
	norm    normalizer
	symbols bool // punctuation is set apart
	lower   bool
	prefix  string

	// Of quickSpaces: whether a merge may reach over two such bytes, and over what stands in front of a character that is not ASCII (nil: always).
	joins *[256][256]bool
	wider *junctions
}

type quickKind uint8

const (
	quickWords  quickKind = iota // units are words between white space; symbols may be units of their own
	quickSpaces                  // units are words with the blanks before them (SentencePiece's BPE without pre-tokenizer)
)

// Classes of characters.
const (
	unitOther  uint8 = iota // control characters, and what its neighbours may change: what is around belongs together
	unitWord                // goes on with a unit
	unitSymbol              // is a unit
	unitSpace               // separates units and gives no ids
	unitExtend              // goes on with a unit where it is a character by itself, and otherwise is as unitOther
)

// append appends the ids of text that has no added tokens.
func (q *quick) append(g *general, dst []int32, starts *[]uint64, w *work, text []byte) []int32 {
	if q.kind == quickSpaces {
		return q.appendSpaces(g, dst, starts, w, text)
	}
	class := &q.class
	for i := 0; i < len(text); {
		k, end := class[text[i]], i+1
		if text[i] >= utf8.RuneSelf {
			k, end = q.wide(w, text, i)
			end += i
		}
		next := unitSpace // the class of what stands at end
		switch k {
		case unitSpace:
			i = end
			continue
		case unitWord:
			end, next = q.wordEnd(w, text, i, end)
		case unitSymbol:
			if end < len(text) {
				next, _ = q.at(w, text, end)
			}
		default:
			end, next = i, unitOther
		}
		if next == unitOther || next == unitExtend {
			end = q.togetherEnd(w, text, i, end)
			if r, _ := utf8.DecodeRune(text[i:]); i > 0 && (q.lead || runeProps(r)&(isExtend|isMark) != 0) {
				_, size := utf8.DecodeLastRune(text[:i])
				if k, _ := q.at(w, text, i-size); k == unitSpace {
					i -= size
				}
			}
			if starts != nil {
				dst = q.answer(g, dst, starts, w, text)
				dst = g.appendText(dst, starts, w, text[i:end], false)
				i = end
				continue
			}
		}
		dst = q.take(g, dst, starts, w, text, i, end)
		i = end
	}
	return q.answer(g, dst, starts, w, text)
}

// wordEnd returns where the word that starts at text[start] ends, and the class of what stands there; end is behind its first character.
func (q *quick) wordEnd(w *work, text []byte, start, end int) (int, uint8) {
	class := &q.class
	for end < len(text) {
		if c := text[end]; c < utf8.RuneSelf {
			if class[c] != unitWord {
				return end, class[c]
			}
			end++
			continue
		}
		k, size := q.wide(w, text, end)
		if k != unitWord && (k != unitExtend || !q.extends(text, start, end, size)) {
			return end, k
		}
		end += size
	}
	return end, unitSpace
}

// togetherEnd returns where what starts at text[start] and cannot be cut into units ends: white space ends it, unless a mark or the like stands behind
// it. What is before end is known to be part of it.
func (q *quick) togetherEnd(w *work, text []byte, start, end int) int {
	spaced := false
	for end < len(text) {
		k, size := q.at(w, text, end)
		if spaced && k != unitOther && k != unitExtend && !(q.lead && q.endsWhite(w, text[start:end])) {
			return end
		}
		for spaced && k == unitSpace { // all of it, or each look back would be longer
			if end += size; end == len(text) {
				return end
			}
			k, size = q.at(w, text, end)
		}
		spaced = k == unitSpace
		end += size
	}
	return end
}

// endsWhite says whether white space that separates no units stands at the end of text, before what separates: alone, it would be cut off.
func (q *quick) endsWhite(w *work, text []byte) bool {
	n := len(text)
	for n > 0 {
		r, size := utf8.DecodeLastRune(text[:n])
		if k, _ := q.at(w, text, n-size); k != unitSpace {
			return isWhite(r)
		}
		n -= size
	}
	return false
}

// appendSpaces is append for text that is one word for the model: cut where no merge reaches over.
func (q *quick) appendSpaces(g *general, dst []int32, starts *[]uint64, w *work, text []byte) []int32 {
	first, i := len(dst), 0
	if len(text) > 0 { // the blank that is put in front
		i = q.spacesEnd(text, 0)
		w.lead = append(append(w.lead[:0], ' '), text[:i]...)
		w.next.put(w.lead, 0, len(w.lead))
		dst = q.answer(g, dst, nil, w, w.lead)
	}
	for i < len(text) {
		end := q.spacesEnd(text, i)
		if w.next.put(text, i, end) {
			dst = q.answer(g, dst, nil, w, text)
		}
		i = end
	}
	dst = q.answer(g, dst, nil, w, text)
	if starts != nil && len(dst) > first {
		*starts = markWord(*starts, first)
	}
	return dst
}

// spacesEnd returns where the unit that starts at text[i] ends.
func (q *quick) spacesEnd(text []byte, i int) int {
	for i++; i < len(text) && q.joined(text, i); i++ {
	}
	return i
}

// joined says whether a merge may reach over text[i].
func (q *quick) joined(text []byte, i int) bool {
	a, b := text[i-1], text[i]
	if b < 0xC0 || a == ' ' || q.wider == nil {
		return q.joins[a][b]
	}
	_, size := decodeWide(text, i)
	return size == 1 || q.wider.joins(text, i)
}

// fresh sends a unit through the pipeline.
func (q *quick) fresh(g *general, dst []int32, w *work, unit []byte) []int32 {
	if q.kind == quickWords {
		b, ok := q.mapped(append(w.cut.b[:0], q.prefix...), w, unit)
		w.cut.b = b
		switch {
		case !ok:
			return g.appendText(dst, nil, w, unit, false)
		case len(b) == len(q.prefix):
			return dst
		}
		return g.appendCut(dst, w, b)
	}
	if m := g.model.(*charBPE); m.startsAlone(unit) {
		return m.appendFew(dst, &w.merge, unit)
	}
	// Each unit begins with its own blanks, so that none is put in front.
	b := w.cut.b[:0]
	if utf8.Valid(unit) {
		for _, c := range unit {
			if c == ' ' {
				b = append(b, blankMark...)
			} else {
				b = append(b, c)
			}
		}
	} else {
		for _, r := range string(unit) {
			if r == ' ' {
				r = '▁'
			}
			b = utf8.AppendRune(b, r)
		}
	}
	w.cut.b = b
	return g.appendCut(dst, w, b)
}
