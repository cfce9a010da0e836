package tokenize

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// offsetCase is a token whose place in a text is not the reference's.
type offsetCase struct {
	tok       *Tokenizer
	e         Encoding
	text      []rune
	i         int // the token
	got, want [2]int
}

// offsetReason names why an offset may differ from the reference's, "" where there is no reason. Each reason is checked on the text and the tokens at hand.
func offsetReason(c offsetCase) string {
	got, want := c.got, c.want
	within := func(a, b [2]int) bool { return a[0] >= b[0] && a[1] <= b[1] }
	mark := func(r rune) bool {
		return runeProps(r)&(isMark|isExtend|isOther) != 0 || unicode.Is(unicode.M, r)
	}
	blank := func(r rune) bool { return !isWhite(r) }
	bpe, _ := modelOf(c.tok).(*charBPE)
	switch {
	case got[0] == want[0] && got[1] > want[1] && c.only(want[1], got[1], mark):
		return "a mark belongs to the character that it stands on"
	case within(want, got) && c.shrinks():
		return "what is replaced belongs as a whole to what replaces it"
	case c.e.Dropped > 0 && c.droppedBefore():
		return "characters without a token count"
	case bpe != nil && bpe.unk != noID && c.wordHas(func(id int32) bool { return id == bpe.unk }) && c.wordHas(bpe.isByte):
		return "bytes that overtake an unknown character keep their places"
	case bpe != nil && (bpe.prefix != "" || bpe.suffix != "") && c.wordHas(bpe.isByte):
		return "the bytes of a prefix or suffix have no place of their own"
	case c.tok.trim && within(got, want) && c.only(want[0], got[0], isWhite) && c.only(got[1], want[1], isWhite):
		return "every blank of the text is trimmed"
	case c.tok.trim && within(want, got) && c.only(got[0], got[1], blank) && c.madeBlank():
		return "what is no blank in the text is not trimmed"
	case c.tok.trim && got[0] == got[1] && want[0] == want[1] && c.only(min(got[0], want[0]), max(got[0], want[0]), isWhite):
		return "a token of blanks alone lies at its end"
	case c.startRemoved():
		return "characters that the charsmap removes at the start count"
	}
	return ""
}

// only says whether all characters of a stretch of the text are of a kind.
func (c offsetCase) only(from, to int, is func(rune) bool) bool {
	return from >= 0 && from <= to && to <= len(c.text) && !slices.ContainsFunc(c.text[from:to], func(r rune) bool { return !is(r) })
}

// shrinks says whether the normaliser makes fewer characters of the token's stretch of the text than it has, or than of each by itself; or of that and the next
// character, which a pattern may look at, or of what the reference leaves out at an end with its neighbour.
func (c offsetCase) shrinks() bool {
	got, want := c.got, c.want
	for _, p := range [][2]int{got, {got[0], min(got[1]+1, len(c.text))}, {got[0], min(want[0]+1, got[1])}, {max(want[1]-1, got[0]), got[1]}} {
		alone := 0
		for _, r := range c.text[p[0]:p[1]] {
			alone += utf8.RuneCountInString(normalised(c.tok, string(r)))
		}
		if utf8.RuneCountInString(normalised(c.tok, string(c.text[p[0]:p[1]]))) < max(alone, p[1]-p[0]) {
			return true
		}
	}
	return false
}

// droppedBefore says whether a character without a token stands in the token, or before it in its word.
func (c offsetCase) droppedBefore() bool {
	from, places := 0, c.e.CodePointOffsets()
	for j := range c.i {
		if c.e.WordIDs[j] != c.e.WordIDs[c.i] {
			from = places[j][1]
		}
	}
	bpe, _ := modelOf(c.tok).(*charBPE)
	for k := from; k < max(c.got[1], c.want[1]); k++ {
		made := normalised(c.tok, string(c.text[k]))
		has := func(j int) bool {
			return places[j][0] <= k && k < places[j][1] && (bpe != nil && bpe.isByte(c.e.IDs[j]) || strings.ContainsAny(c.e.Pieces[j], made))
		}
		if c.text[k] != ' ' && !slices.ContainsFunc(c.tokens(), has) {
			return true
		}
	}
	return false
}

func (c offsetCase) tokens() (all []int) {
	for j := range c.e.IDs {
		all = append(all, j)
	}
	return all
}

// madeBlank says whether the normaliser makes a blank at an end of the token's stretch of the text.
func (c offsetCase) madeBlank() bool {
	s := []rune(normalised(c.tok, string(c.text[c.got[0]:c.got[1]])))
	return len(s) == 0 || isWhite(s[0]) || isWhite(s[len(s)-1])
}

// wordHas says whether the token's word has a token of a kind.
func (c offsetCase) wordHas(is func(int32) bool) bool {
	for j, id := range c.e.IDs {
		if c.e.WordIDs[j] == c.e.WordIDs[c.i] && is(id) {
			return true
		}
	}
	return false
}

// startRemoved says whether the normaliser makes nothing of the first characters of the text.
func (c offsetCase) startRemoved() bool {
	for n := 1; n <= min(len(c.text), 16); n++ {
		if normalised(c.tok, string(c.text[:n])) == "" {
			return true
		}
	}
	return false
}

func (m *charBPE) isByte(id int32) bool {
	return m.bytes != nil && id != noID && slices.Contains(m.bytes[:], id)
}

// normalised is what the normaliser makes of a text.
func normalised(tok *Tokenizer, s string) string {
	if tok.general == nil || tok.general.norm == nil {
		return s
	}
	var n normal
	n.set([]byte(s), 0, false)
	tok.general.norm.normalize(&n)
	return string(n.b)
}

func modelOf(tok *Tokenizer) wordModel {
	if tok.general == nil {
		return nil
	}
	return tok.general.model
}
