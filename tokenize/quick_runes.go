package tokenize

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// runeLimit is one past the last code point whose class is remembered.
const runeLimit = 0x30000

// unitAsIs is set beside the class of a character that the normalizer leaves as it is.
const unitAsIs uint8 = 0x80

// runeClasses are the classes of the characters that a caller has met so far, and what the normalizer makes of some.
type runeClasses struct {
	class  [runeLimit]uint8 // 0: not met yet; otherwise one more than the class
	mapped [1 << 12]mappedRune
}

// mappedRune is a character and what the normalizer makes of it.
type mappedRune struct {
	r    rune
	n    uint8
	text [11]byte
}

// wide returns the class of the character of several bytes at text[i], and how many these are.
func (q *quick) wide(w *work, text []byte, i int) (uint8, int) {
	r, size := decodeWide(text, i)
	if size == 1 || r >= runeLimit {
		return unitOther, size
	}
	k := w.runes.class[r]
	if k == 0 {
		k = q.classify(w, r) + 1
		w.runes.class[r] = k
	}
	return (k - 1) &^ unitAsIs, size
}

// at is wide for any character.
func (q *quick) at(w *work, text []byte, i int) (uint8, int) {
	if c := text[i]; c < utf8.RuneSelf {
		return q.class[c], 1
	}
	return q.wide(w, text, i)
}

// classify finds the class of a character by what the pipeline makes of it alone; those of which its neighbours change what becomes are unitOther.
func (q *quick) classify(w *work, r rune) uint8 {
	if m, ok := q.norm.(*charsmap); ok && runeProps(r)&isExtend != 0 {
		if _, found := m.find([]byte(string(r))); found || r == 0x200C || r == 0x200D || q.kindOf([]byte(string(r))) != unitWord {
			return unitOther
		}
		return unitExtend | unitAsIs
	}
	n := &w.one
	n.set([]byte(string(r)), 0, false)
	if !q.alone(n, q.norm) {
		return unitOther
	}
	text := n.b
	kind := q.kindOf(text)
	if len(text) > 2 && text[0] == ' ' && text[len(text)-1] == ' ' { // an ideograph, set apart by blanks
		if text = text[1 : len(text)-1]; q.kindOf(text) != unitWord {
			return unitOther
		}
		kind = unitSymbol
	}
	if string(text) == string(r) {
		return kind | unitAsIs
	}
	if len(text) > len(mappedRune{}.text) {
		return unitOther
	}
	return kind
}

// kindOf returns the class of what the normalizer has made of a character: unitOther where its parts would be treated differently.
func (q *quick) kindOf(text []byte) uint8 {
	kind := unitWord
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		k := unitWord
		switch {
		case r == '▁':
			return unitOther // metaspace's own mark
		case q.lead && isWhite(r) && r != ' ':
			return unitOther // at the end it would be cut off
		case isWhite(r):
			k = unitSpace
		case q.symbols && isPunct(r):
			k = unitSymbol
		}
		if i > 0 && (k != kind || k == unitSymbol || q.lead && k == unitSpace) {
			return unitOther
		}
		kind, i = k, i+size
	}
	return kind
}

// alone normalizes one character in n, and says whether neighbours change nothing about it.
func (q *quick) alone(n *normal, m normalizer) bool {
	if s, ok := m.(sequence); ok {
		for _, m := range s {
			if !q.alone(n, m) {
				return false
			}
		}
		return true
	}
	for i := 0; i < len(n.b); {
		r, size := utf8.DecodeRune(n.b[i:])
		if !standsAlone(m, r) {
			return false
		}
		i += size
	}
	if m != nil {
		m.normalize(n)
	}
	return true
}

// standsAlone says whether a normalizer treats a character by itself, whatever is around it.
func standsAlone(m normalizer, r rune) bool {
	props := runeProps(r)
	switch m := m.(type) {
	case nil, lowercase, stripAccents, nmt:
		return true
	case bertNormalizer:
		if !m.strip {
			return true
		}
		// Marks are put in order, but those that stay are few.
		for _, d := range append([]rune{r}, unicodeData().canonical[r]...) {
			if p := runeProps(d); p&hasClass != 0 && p&isNonspacing == 0 {
				return false
			}
		}
		return true
	case form:
		return m.settled(props, r) || !m.compose && props&hasClass == 0
	case *charsmap: // which looks at graphemes
		return !isPrepended(r) && !isFlag(r) && props&isExtend == 0 && r != 0x200D && r != 0x200C && !isJamo(r)
	}
	return false
}

// isJamo says whether a character is a part of a Hangul syllable.
func isJamo(r rune) bool {
	return leadBase <= r && r <= 0x11FF || 0xA960 <= r && r <= 0xA97C || 0xD7B0 <= r && r <= 0xD7FB
}

// extends says whether what extends a grapheme, at text[i] with size bytes, is a character by itself for the charsmap: where the grapheme is too long to be
// looked up as a whole, or nothing that is looked up starts so. from is where the unit starts; what extends a grapheme there belongs to something else.
func (q *quick) extends(text []byte, from, i, size int) bool {
	if i == from {
		return false
	}
	r, before := utf8.DecodeLastRune(text[from:i])
	if before+size > longestGrapheme || runeProps(r)&isExtend != 0 {
		return true
	}
	m, ok := q.norm.(*charsmap)
	return ok && !m.begins(text[i-before:i])
}

// begins says whether anything that is looked up starts with text.
func (m *charsmap) begins(text []byte) bool {
	pos := doubleOffset(m.units[0])
	for _, c := range text {
		pos ^= uint32(c)
		if uint64(pos) >= uint64(len(m.units)) || m.units[pos]&(1<<31|0xFF) != uint32(c) {
			return false
		}
		pos ^= doubleOffset(m.units[pos])
	}
	return true
}

// mapped appends what the normalizer makes of a unit, or says that the whole pipeline must.
func (q *quick) mapped(dst []byte, w *work, unit []byte) ([]byte, bool) {
	dst = slices.Grow(dst, len(unit))
	for i := 0; i < len(unit); {
		c := unit[i]
		if c < utf8.RuneSelf {
			if k := q.class[c]; k != unitWord && (k != unitSymbol || len(unit) > 1) {
				return dst, false
			}
			if q.lower && 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		k, size := q.wide(w, unit, i)
		switch {
		case k == unitExtend && !q.extends(unit, 0, i, size), k == unitSymbol && len(unit) > size, k == unitOther, k == unitSpace:
			return dst, false
		}
		r, _ := decodeWide(unit, i)
		if (w.runes.class[r]-1)&unitAsIs != 0 {
			dst = append(dst, unit[i:i+size]...)
		} else {
			dst = append(dst, q.mapping(w, r)...)
		}
		i += size
	}
	return dst, true
}

// mapping returns what the normalizer makes of a character that stands alone.
func (q *quick) mapping(w *work, r rune) []byte {
	m := &w.runes.mapped[uint32(r)*0x9E3779B1>>20]
	if m.r != r {
		n := &w.one
		n.set([]byte(string(r)), 0, false)
		q.norm.normalize(n)
		m.r, m.n = r, uint8(copy(m.text[:], bytes.Trim(n.b, " ")))
	}
	return m.text[:m.n]
}
