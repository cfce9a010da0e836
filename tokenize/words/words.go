package words

import (
	"encoding/binary"
	"iter"
	"math/bits"
)

// Kind tells what a word is made of.
type Kind uint8

// The kinds of words.
const (
	None      Kind = iota // blanks, punctuation, symbols, emoji, what is no UTF-8
	Number                // digits, with points, commas, apostrophes and underscores between them
	Letter                // letters, alone or with digits; a run of underscores too
	Kana                  // a run of katakana, or one hiragana
	Ideograph             // one Chinese character
)

var kindNames = [...]string{"none", "number", "letter", "kana", "ideograph"}

// String is the name of a kind in lower case.
func (k Kind) String() string { return kindNames[k] }

// Segmenter walks through the words of a text. The zero value is one of an empty text. It allocates nothing for ASCII text, and for other
// text some buffers that it keeps; it is not for use by several goroutines at once.
type Segmenter struct {
	text       []byte
	start, end int
	kind       Kind
	at         int // words of the stretch that were given out
	stretch    stretch
}

// New returns a segmenter at the start of text, which is not copied.
func New(text []byte) *Segmenter { return &Segmenter{text: text} }

// Reset starts again with another text and keeps the buffers.
func (s *Segmenter) Reset(text []byte) {
	s.text, s.start, s.end, s.kind, s.at = text, 0, 0, None, 0
	s.stretch.words = s.stretch.words[:0]
}

// Bytes is the word, a part of the text.
func (s *Segmenter) Bytes() []byte { return s.text[s.start:s.end:s.end] }

// Start is where the word starts, in bytes from the start of the text.
func (s *Segmenter) Start() int { return s.start }

// End is where the word ends.
func (s *Segmenter) End() int { return s.end }

// Kind is the kind of the word.
func (s *Segmenter) Kind() Kind { return s.kind }

// All gives the words of a text with their kinds; the bytes are parts of the text.
func All(text []byte) iter.Seq2[[]byte, Kind] {
	return func(yield func([]byte, Kind) bool) {
		for s := New(text); s.Next(); {
			if !yield(s.Bytes(), s.kind) {
				return
			}
		}
	}
}

// What an ASCII byte can be in a word; some are two things.
const (
	isLetter    = 1 << iota
	isDigit     // Numeric
	isJoiner    // ExtendNumLet
	isMidLetter // MidLetter, MidNumLet or Single_Quote: between two letters
	isMidNum    // MidNum, MidNumLet or Single_Quote: between two digits
	isBlank     // WSegSpace
	isNewline   // CR, LF, Newline
	notASCII

	inWord = isLetter | isDigit | isJoiner
)

var ascii = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= 0x80:
			t[c] = notASCII
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			t[c] = isLetter
		case '0' <= c && c <= '9':
			t[c] = isDigit
		case '\n' <= c && c <= '\r':
			t[c] = isNewline
		}
	}
	t['_'], t[' '], t[':'] = isJoiner, isBlank, isMidLetter
	t['.'], t['\''] = isMidLetter|isMidNum, isMidLetter|isMidNum
	t[','], t[';'] = isMidNum, isMidNum
	return t
}()

// Next steps to the next word and is false at the end of the text.
func (s *Segmenter) Next() bool {
	if s.at < len(s.stretch.words) {
		s.deliver()
		return true
	}
	text, i := s.text, s.end
	if i >= len(text) {
		s.start, s.kind = i, None
		return false
	}
	s.kind = None
	end := i + 1
	switch ascii[text[i]] {
	case isLetter, isDigit, isJoiner:
		end = s.word(i)
	case isBlank:
		for end < len(text) && text[end] == ' ' {
			end++
		}
	case isNewline: // nothing attaches to it
		if text[i] == '\r' && end < len(text) && text[end] == '\n' {
			end++
		}
		s.start, s.end = i, end
		return true
	}
	// A character beyond ASCII may be a mark on the last one, or go on with the word.
	if text[i] >= 0x80 || end < len(text) && text[end] >= 0x80 {
		if end, kind, ok := simple(text, i); ok {
			s.start, s.end, s.kind = i, end, kind
			return true
		}
		s.stretch.fill(text, i)
		s.at = 0
		s.deliver()
		return true
	}
	s.start, s.end = i, end
	return true
}

// deliver gives out the next word of the stretch.
func (s *Segmenter) deliver() {
	w := s.stretch.words[s.at]
	s.at++
	s.start, s.end, s.kind = s.end, w.end, w.kind
}

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// letters returns how many of 8 bytes, from the lowest on, are ASCII letters.
func letters(x uint64) int {
	folded := x&^highs | 0x20*ones
	out := (folded + (0x80-'a')*ones) &^ (folded + (0x80-'z'-1)*ones) &^ x & highs
	return bits.TrailingZeros64(^out&highs) >> 3
}

// word finds the end of an ASCII word that starts at i and sets its kind. Where a character beyond ASCII has a say, it returns the place
// before that character.
func (s *Segmenter) word(i int) int {
	text, end := s.text, i
	for len(text)-end >= 8 {
		n := letters(binary.LittleEndian.Uint64(text[end:]))
		if end += n; n < 8 {
			break
		}
	}
	seen := uint8(isLetter)
	if end == i {
		seen = 0
	}
	for {
		b := uint8(0)
		for end < len(text) {
			if b = ascii[text[end]]; b&inWord == 0 {
				break
			}
			seen |= b
			end++
		}
		if b&(isMidLetter|isMidNum) == 0 || end+1 >= len(text) {
			break
		}
		next := ascii[text[end+1]]
		if next == notASCII { // "a." and a letter beyond ASCII
			end++
			break
		}
		// Letters on both sides or digits on both sides, each with its own marks between, whose bits lie three above.
		if both := ascii[text[end-1]] & next; b&((both&(isLetter|isDigit))<<3) == 0 {
			break
		}
		seen |= next
		end += 2
	}
	s.kind = Letter
	if seen&isLetter == 0 && seen&isDigit != 0 {
		s.kind = Number
	}
	return end
}
