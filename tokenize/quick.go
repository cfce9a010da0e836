package tokenize

import (
	"hash/maphash"
	"unicode/utf8"
)

// quick is the fast way through the general pipeline for text in ASCII. It cuts the input, as it is, into units that the pipeline treats each by itself, and
// remembers the ids of units that it has met; what it cannot cut so, and every unit that is new, goes through the pipeline. It gives the same ids.
type quick struct {
	kind  quickKind
	class [256]uint8
	lead  bool // what is not cut into units needs the white space before it

	// A unit in ASCII is the word with prefix in front, lowered where lower is set; no need to send it through normalizer and pre-tokenizer.
	lower  bool
	prefix string

	joins *[256][256]bool // of quickSpaces: a merge may reach over two such bytes
}

type quickKind uint8

const (
	quickWords  quickKind = iota // units are words between white space; symbols may be units of their own
	quickSpaces                  // units are words with the blanks before them (SentencePiece's BPE without pre-tokenizer)
)

// Classes of bytes.
const (
	unitOther  uint8 = iota // not ASCII, control characters: what is around belongs together
	unitWord                // goes on with a unit
	unitSymbol              // is a unit
	unitSpace               // separates units and gives no ids
)

// append appends the ids of text that has no added tokens.
func (q *quick) append(g *general, dst []int32, starts *[]uint64, w *work, text []byte) []int32 {
	if q.kind == quickSpaces {
		return q.appendSpaces(g, dst, starts, w, text)
	}
	class := &q.class
	for i := 0; i < len(text); {
		end := i + 1
		switch class[text[i]] {
		case unitSpace:
			i++
			continue
		case unitWord:
			for end < len(text) && class[text[end]] == unitWord {
				end++
			}
		case unitOther:
			end = i
		}
		if end == i || end < len(text) && class[text[end]] == unitOther {
			end = q.togetherEnd(text, i, end)
			if r, _ := utf8.DecodeRune(text[i:]); i > 0 && (q.lead || runeProps(r)&(isExtend|isMark) != 0) {
				i--
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

// togetherEnd returns where what starts at text[start] and cannot be cut into units ends: white space ends it, unless a mark or the like stands behind
// it. The first end bytes are known to be part of it.
func (q *quick) togetherEnd(text []byte, start, end int) int {
	class := &q.class
	for end++; end < len(text); end++ {
		if class[text[end-1]] != unitSpace {
			continue
		}
		if class[text[end]] != unitOther && !(q.lead && q.endsWhite(text[start:end])) {
			return end
		}
		for end < len(text) && class[text[end]] == unitSpace {
			end++
		}
	}
	return len(text)
}

// plain says whether a unit is ASCII without white space or control characters.
func (q *quick) plain(unit []byte) bool {
	for _, c := range unit {
		if k := q.class[c]; k != unitWord && k != unitSymbol {
			return false
		}
	}
	return len(unit) == 1 || q.class[unit[0]] == unitWord
}

// endsWhite says whether white space that separates no units stands at the end of text, before what separates: alone, it would be cut off.
func (q *quick) endsWhite(text []byte) bool {
	n := len(text)
	for n > 0 && q.class[text[n-1]] == unitSpace {
		n--
	}
	r, _ := utf8.DecodeLastRune(text[:n])
	return n > 0 && isWhite(r)
}

// appendSpaces is append for text that is one word for the model: cut where no merge reaches over.
func (q *quick) appendSpaces(g *general, dst []int32, starts *[]uint64, w *work, text []byte) []int32 {
	first := len(dst)
	end := 0
	for i := 0; i < len(text); i = end {
		end = i
		for end++; end < len(text) && q.joins[text[end-1]][text[end]]; {
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
		if !q.plain(unit) {
			return g.appendText(dst, nil, w, unit, false)
		}
		b := append(append(w.cut.b[:0], q.prefix...), unit...)
		if q.lower {
			lowerASCII(b)
		}
		w.cut.b = b
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
