package tokenize

import (
	"hash/maphash"
	"unicode/utf8"
)

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
			if starts == nil {
				dst = q.unit(g, dst, w, text, i, end)
			} else {
				dst = g.appendText(dst, starts, w, text[i:end], false)
			}
			i = end
			continue
		}
		first := len(dst)
		dst = q.unit(g, dst, w, text, i, end)
		if starts != nil && len(dst) > first {
			*starts = markWord(*starts, first)
		}
		i = end
	}
	return dst
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
	first := len(dst)
	end := 0
	for i := 0; i < len(text); i = end {
		end = i
		for end++; end < len(text) && q.joined(text, end); {
			end++
		}
		end = min(end, len(text))
		if i == 0 { // the blank that is put in front
			w.spelled = append(append(w.spelled[:0], ' '), text[:end]...)
			w.lead, w.spelled = w.spelled, w.lead
			dst = q.unit(g, dst, w, w.lead, 0, len(w.lead))
		} else {
			dst = q.unit(g, dst, w, text, i, end)
		}
	}
	if starts != nil && len(dst) > first {
		*starts = markWord(*starts, first)
	}
	return dst
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

// unit appends the ids of the unit text[start:end], from memory where it has been met.
func (q *quick) unit(g *general, dst []int32, w *work, text []byte, start, end int) []int32 {
	n := end - start
	if n > shortKey {
		return q.longUnit(g, dst, w, text[start:end])
	}
	k0, k1 := wordKey(text, start, n)
	set := setOf(w.units, unitBits, k0, k1)
	if slot := set.find(k0, k1); slot != nil {
		switch slot.n {
		case 1:
			return append(dst, slot.ids[0])
		case 2:
			return append(dst, slot.ids[0], slot.ids[1])
		case 3:
			return append(dst, slot.ids[0], slot.ids[1], slot.ids[2])
		}
		return q.longUnit(g, dst, w, text[start:end])
	}
	before, dropped := len(dst), w.dropped
	dst = q.fresh(g, dst, w, text[start:end])
	if w.dropped == dropped {
		set.keep(k0, k1, dst[before:])
	}
	return dst
}

// longUnit is unit for those of more than 15 bytes or more than three ids.
func (q *quick) longUnit(g *general, dst []int32, w *work, unit []byte) []int32 {
	if len(unit) > longWordKey {
		return q.fresh(g, dst, w, unit)
	}
	slot := &w.longUnits[maphash.Bytes(cacheSeed, unit)%longWordSlots]
	if int(slot.size) == len(unit) && string(slot.key[:len(unit)]) == string(unit) {
		return append(dst, slot.ids[:slot.n]...)
	}
	before, dropped := len(dst), w.dropped
	dst = q.fresh(g, dst, w, unit)
	if k := len(dst) - before; k <= len(slot.ids) && w.dropped == dropped {
		slot.size, slot.n = uint8(len(unit)), uint8(k)
		copy(slot.key[:], unit)
		copy(slot.ids[:], dst[before:])
	}
	return dst
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
