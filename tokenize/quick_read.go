package tokenize

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// newQuick returns nil for pipelines without a fast way.
func newQuick(g *general) *quick {
	if g.round[1] != nil || g.places {
		return nil // an added token may span units
	}
	q := &quick{}
	if m, ok := g.model.(*charBPE); ok && g.pre == nil && isLlama(g.norm) && m.cutsAtBlanks() {
		q.kind, q.joins = quickSpaces, m.joints()
		if m.bytesStayBytes() {
			q.wider = m.bpe.joins
		}
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
	q.norm, q.symbols, q.lower = norm, symbols, lowers(norm)
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

// bytesStayBytes says whether a character without a piece becomes bytes, and these never merge: then it can be cut off like any other.
func (m *charBPE) bytesStayBytes() bool {
	if m.bytes == nil || slices.Contains(m.bytes[:], noID) {
		return false
	}
	isByte := make([]bool, len(m.vocab.pieces))
	for _, id := range m.bytes {
		isByte[id] = true
	}
	return !slices.ContainsFunc(m.merges, func(p [2]int32) bool { return isByte[p[0]] || isByte[p[1]] })
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
