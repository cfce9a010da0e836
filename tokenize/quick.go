package tokenize

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"
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

// newQuick returns nil for pipelines without a fast way.
func newQuick(g *general) *quick {
	if g.round[1] != nil || g.places {
		return nil // an added token may span units
	}
	q := &quick{}
	if m, ok := g.model.(*charBPE); ok && g.pre == nil && isLlama(g.norm) && m.cutsAtBlanks() {
		q.kind, q.joins = quickSpaces, m.joints()
		return q
	}
	norm, symbols := g.norm, false
	switch p := g.pre.(type) {
	case bertSplit:
		symbols = true
	case whiteSplit:
	case metaspace:
		if norm, q.lead = collapsed(g.norm); !q.lead || p != (metaspace{"▁", always, true}) {
			return nil
		}
		q.prefix = p.mark
	case steps:
		if len(p) != 2 || p[0] != (whiteSplit{}) {
			return nil
		}
		m, ok := p[1].(metaspace)
		if !ok || m.prefix == onlyFirst || m.mark != "▁" {
			return nil
		}
		if m.prefix == always {
			q.prefix = m.mark
		}
	default:
		return nil
	}
	for c := byte(' ' + 1); c < 0x7F; c++ {
		q.class[c] = unitWord
		if symbols && asciiClass[c] == classSymbol {
			q.class[c] = unitSymbol
		}
	}
	for _, c := range " \t\n\r" {
		q.class[c] = unitSpace
	}
	if q.lead { // other white space than blanks is white only if the charsmap makes it a blank
		for _, c := range "\t\n\r" {
			if m, ok := norm.(*charsmap); !ok || !m.makesBlank(byte(c)) {
				q.class[c] = unitOther
			}
		}
	}
	if !q.keepsASCII(norm) {
		return nil
	}
	q.lower = lowers(norm)
	return q
}

// lowers says whether a normaliser lowers ASCII letters.
func lowers(n normalizer) bool {
	switch n := n.(type) {
	case bertNormalizer:
		return n.lower
	case lowercase:
		return true
	case sequence:
		return slices.ContainsFunc(n, lowers)
	}
	return false
}

func (m *charsmap) makesBlank(c byte) bool {
	now, found := m.find([]byte{c})
	return found && string(now) == " "
}

// collapsed says whether a normaliser is a charsmap or nothing, then cuts white space at the end and makes several blanks one ▁ (SentencePiece's Unigram as
// transformers writes it): behind it every word has one ▁ in front. It returns the charsmap.
func collapsed(n normalizer) (normalizer, bool) {
	s, ok := n.(sequence)
	if !ok || len(s) < 2 || len(s) > 3 {
		return nil, false
	}
	k := len(s) - 2
	r, ok := s[k+1].(replaceText)
	if !ok || s[k] != (stripSpace{false, true}) || r.content != "▁" {
		return nil, false
	}
	if p, ok := r.find.(*pattern); !ok || p.source != " {2,}" {
		return nil, false
	}
	if k == 0 {
		return nil, true
	}
	m, ok := s[0].(*charsmap)
	return m, ok
}

// isLlama says whether the normaliser puts a ▁ in front and makes each blank one.
func isLlama(n normalizer) bool {
	s, ok := n.(sequence)
	if !ok || len(s) != 2 {
		return false
	}
	r, ok := s[1].(replaceText)
	return ok && s[0] == prependText("▁") && r.find == finder(literal(" ")) && r.content == "▁"
}

// joints lists the pairs of bytes that may lie within a piece that merges make: where two ASCII characters are no such pair the text can be cut, and each side
// merged by itself. A blank counts as the ▁ that it becomes. What is not ASCII, or has no piece of its own, is cut off before blanks alone.
func (m *charBPE) joints() *[256][256]bool {
	t := new([256][256]bool)
	for _, p := range m.merges {
		left, right := m.vocab.pieces[p[0]], m.vocab.pieces[p[1]]
		if left == "" || right == "" {
			continue
		}
		a, b := left[len(left)-1], right[0]
		if a == blankMark[2] && strings.HasSuffix(left, string(blankMark)) {
			a = ' '
		}
		if b == blankMark[0] && strings.HasPrefix(right, string(blankMark)) {
			b = ' '
		}
		t[a][b] = true
	}
	for a := range 256 {
		for b := range 256 {
			known := func(c int) bool { return c == ' ' || c < utf8.RuneSelf && m.ascii[c] != noID }
			// Blanks may be cut off what is not ASCII, too, unless it may be a ▁ of the text.
			if !known(b) || !known(a) && (b != ' ' || a < utf8.RuneSelf || a == int(blankMark[2])) {
				t[a][b] = true
			}
		}
	}
	return t
}

// cutsAtBlanks says whether no merge reaches over the end of a word, so that words with the ▁ before them can be merged each by itself.
func (m *charBPE) cutsAtBlanks() bool {
	if _, ok := m.vocab.ids["▁"]; !ok || m.whole != nil || m.prefix != "" || m.suffix != "" {
		return false
	}
	for _, p := range m.merges {
		left, right := m.vocab.pieces[p[0]], m.vocab.pieces[p[1]]
		if len(left) > 0 && !bytes.HasSuffix([]byte(left), blankMark) && bytes.HasPrefix([]byte(right), blankMark) {
			return false
		}
	}
	return true
}

var blankMark = []byte("▁")

// keepsASCII says whether a normaliser treats each ASCII character by itself, leaves visible ones what they are (but for their case) and white space white.
func (q *quick) keepsASCII(n normalizer) bool {
	switch n := n.(type) {
	case nil, bertNormalizer, lowercase, form, stripAccents, nmt:
		return true
	case sequence:
		for _, m := range n {
			if !q.keepsASCII(m) {
				return false
			}
		}
		return true
	case *charsmap:
		for c := range byte(utf8.RuneSelf) {
			now, found := n.find([]byte{c})
			switch {
			case !found || q.class[c] == unitOther:
			case q.class[c] == unitSpace && len(bytes.TrimSpace(now)) == 0 && len(now) > 0:
			default:
				return false
			}
		}
		now, found := n.find([]byte("\r\n"))
		return !found || len(bytes.TrimSpace(now)) == 0 && len(now) > 0
	}
	return false
}

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
	h := (k0 ^ k1*0x9E3779B97F4A7C15) * 0xFF51AFD7ED558CCD
	set := (*[2]wordSlot)(w.units[h>>(64-unitBits)&^1:])
	slot := &set[0]
	if slot.k0 != k0 || slot.k1 != k1 {
		slot = &set[1]
	}
	if slot.k0 == k0 && slot.k1 == k1 {
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
	k := len(dst) - before
	if w.dropped != dropped {
		return dst
	}
	set[1] = set[0]
	set[0].k0, set[0].k1, set[0].n = k0, k1, int32(k)
	if k <= wordIDs {
		copy(set[0].ids[:], dst[before:])
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
