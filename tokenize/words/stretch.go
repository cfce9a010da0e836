package words

import (
	"slices"
	"unicode/utf8"

	"github.com/blevesearch/segment"
)

// word is one word of a stretch.
type word struct {
	end  int // in the text
	kind Kind
}

// stretch is a part of the text that the ASCII rules do not settle, cut into words by segment.
type stretch struct {
	words  []word
	shown  []byte  // the part with stand-ins for its characters
	class  []class // of each character, at its first and its last byte in shown
	tokens [][]byte
	types  []int
}

// stretchBytes is how much is cut at once where no place is found at which a word ends for certain. It bounds the buffers, unless a
// word is longer.
const stretchBytes = 2048

// fill cuts some words, one at least, from a place on at which a word starts.
func (s *stretch) fill(text []byte, start int) {
	for size := stretchBytes; ; size *= 2 {
		end, sure := stretchEnd(text, start, size)
		s.show(text[start:end])
		s.cut(start)
		// What follows can join the last word, and one that ends before a "." or a quote: two may be wrong where the end is not sure.
		if !sure {
			s.words = s.words[:max(0, len(s.words)-2)]
		}
		if len(s.words) > 0 {
			return
		}
	}
}

// stretchEnd finds the end of a stretch of about size bytes: before a blank behind a character that is none, or before a line feed, where
// a word ends whatever follows; else anywhere between two characters.
func stretchEnd(text []byte, start, size int) (end int, sure bool) {
	limit := min(len(text), start+size)
	for i := start + 1; i < limit; i++ {
		switch text[i] {
		case ' ':
			if before, _ := utf8.DecodeLastRune(text[start:i]); table().of(before) != blank {
				return i, true
			}
		case '\n':
			if text[i-1] != '\r' {
				return i, true
			}
		}
	}
	if limit == len(text) {
		return limit, true
	}
	for i := limit; i > limit-utf8.UTFMax; i-- {
		if utf8.RuneStart(text[i]) {
			return i, false
		}
	}
	return limit, false
}

// show writes the part with stand-ins that have as many bytes. A byte that is no UTF-8 is a control character to segment.
func (s *stretch) show(part []byte) {
	s.shown = slices.Grow(s.shown[:0], len(part))
	s.class = slices.Grow(s.class[:0], len(part))[:len(part)]
	t := table()
	for i := 0; i < len(part); {
		c, next := classAt(t, part, i)
		s.class[i], s.class[next-1] = c, c
		switch n := next - i; {
		case part[i] < utf8.RuneSelf:
			s.shown = append(s.shown, part[i])
		case n == 1:
			s.shown = append(s.shown, 1)
		default:
			s.shown = append(s.shown, standIn[c][n]...)
		}
		i = next
	}
}

// cut lets segment cut what is shown and puts right what has changed since the rules that it knows.
func (s *stretch) cut(start int) {
	s.tokens, s.types, _, _ = segment.SegmentWordsDirect(s.shown, s.tokens[:0], s.types[:0])
	s.words = s.words[:0]
	at := 0
	for i, token := range s.tokens {
		s.add(start, at, at+len(token), s.types[i])
		at += len(token)
	}
	if at < len(s.shown) { // segment gave up: nothing may be lost
		s.add(start, at, len(s.shown), segment.None)
	}
}

// add adds one token of segment's, from one place of shown to another; base is where shown stands in the text.
func (s *stretch) add(base, from, to, typ int) {
	c := s.class[from]
	kind := kindOf(typ, c)
	if c == regional { // WB15, WB16: flags are pairs
		letters := 0
		for at := from; at < to; at++ {
			if utf8.RuneStart(s.shown[at]) && s.class[at] == regional {
				if letters++; letters > 2 {
					s.words = append(s.words, word{base + at, kind})
					letters = 1
				}
			}
		}
	}
	switch n := len(s.words); {
	case n == 0:
	case c == hebrew && n > 1 && s.shown[s.words[n-2].end-base] == '"' && s.lastClass(s.words[n-2].end-base, true) == hebrew: // WB7b, WB7c
		s.words = s.words[:n-1]
		fallthrough
	case joins(s.lastClass(from, c == singleQuote), c):
		last := &s.words[len(s.words)-1]
		last.end, last.kind = base+to, max(last.kind, kind)
		return
	}
	s.words = append(s.words, word{base + to, kind})
}

// lastClass returns the class of the last character before a place, or of the last that is not ignored (WB4).
func (s *stretch) lastClass(at int, past bool) class {
	for at > 0 {
		c := s.class[at-1]
		if !past || c != extend && c != format && c != zwj {
			return c
		}
		for at--; !utf8.RuneStart(s.shown[at]); at-- {
		}
	}
	return other
}

// joins says whether no word ends between two characters where segment ends one.
func joins(before, c class) bool {
	switch c {
	case pictograph, letterPictograph:
		return before == zwj // WB3c
	case blank:
		return before == blank // WB3d
	case singleQuote:
		return before == hebrew // WB7a
	case extend, format, zwj:
		return before != newline // WB4: segment keeps a mark with a symbol only where that is ASCII
	}
	return false
}

// kindOf returns the kind of a word by segment's type and the class of its first character. segment calls kana ideographs.
func kindOf(typ int, first class) Kind {
	switch {
	case typ == segment.Number:
		return Number
	case typ == segment.Letter || first == complex:
		return Letter
	case first == katakana || first == hiragana:
		return Kana
	case first == han:
		return Ideograph
	}
	return None
}
