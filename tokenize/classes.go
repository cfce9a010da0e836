package tokenize

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// The classes of characters that GPT-2's pattern tells apart.
const (
	classSymbol   uint8 = iota // neither of the others; also what is no UTF-8
	classLetter                // \p{L}
	classNumber                // \p{N}
	classSpace                 // \s: the Unicode property White_Space
	classNonASCII              // in asciiClass alone: the byte does not tell
)

var asciiClass = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= 0x80:
			t[c] = classNonASCII
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			t[c] = classLetter
		case '0' <= c && c <= '9':
			t[c] = classNumber
		case c == ' ' || '\t' <= c && c <= '\r':
			t[c] = classSpace
		}
	}
	return t
}()

// classLimit is one past the last code point that is a letter, a number or a space in Unicode 16.
const classLimit = 0x323B0

// classTable gives the class of each code point: 206 KB, of which a text touches the lines of its own scripts.
var classTable = sync.OnceValue(func() *[classLimit]uint8 {
	t := new([classLimit]uint8)
	fill := func(class uint8, table *unicode.RangeTable) {
		for _, r := range table.R16 {
			for c := uint32(r.Lo); c <= uint32(r.Hi); c += uint32(r.Stride) {
				t[c] = class
			}
		}
		for _, r := range table.R32 {
			for c := r.Lo; c <= r.Hi && c < classLimit; c += r.Stride {
				t[c] = class
			}
		}
	}
	fill(classLetter, unicode.L)
	fill(classNumber, unicode.N)
	fill(classLetter, newLetters)
	fill(classNumber, newNumbers)
	fill(classSpace, unicode.White_Space)
	return t
})

// runeClass returns the class of a code point.
func runeClass(r rune) uint8 {
	if uint32(r) < classLimit {
		return classTable()[r]
	}
	return classSymbol
}

// decodeWide is utf8.DecodeRune for a character of several bytes at text[i], with a short way for those of two and most of those of three.
func decodeWide(text []byte, i int) (rune, int) {
	if i+2 < len(text) {
		a, b, c := text[i], text[i+1], text[i+2]
		if b&0xC0 == 0x80 {
			if a >= 0xC2 && a < 0xE0 {
				return rune(a&0x1F)<<6 | rune(b&0x3F), 2
			}
			if a > 0xE0 && a < 0xED && c&0xC0 == 0x80 {
				return rune(a&0x0F)<<12 | rune(b&0x3F)<<6 | rune(c&0x3F), 3
			}
		}
	}
	return utf8.DecodeRune(text[i:])
}

// The reference's pattern engine has Unicode 16, Go 1.26 has 15: these came between (5,004 code points, found by asking the
// reference for each of the 1,114,112). Numbers of later versions of Go only repeat what is here.
var (
	newLetters = &unicode.RangeTable{
		R16: []unicode.Range16{{0x1C89, 0x1C8A, 1}, {0xA7CB, 0xA7CD, 1}, {0xA7DA, 0xA7DC, 1}},
		R32: []unicode.Range32{{0x105C0, 0x105F3, 1}, {0x10D4A, 0x10D65, 1}, {0x10D6F, 0x10D85, 1}, {0x10EC2, 0x10EC4, 1},
			{0x11380, 0x11389, 1}, {0x1138B, 0x1138B, 1}, {0x1138E, 0x1138E, 1}, {0x11390, 0x113B5, 1}, {0x113B7, 0x113B7, 1},
			{0x113D1, 0x113D1, 1}, {0x113D3, 0x113D3, 1}, {0x11BC0, 0x11BE0, 1}, {0x13460, 0x143FA, 1}, {0x16100, 0x1611D, 1},
			{0x16D40, 0x16D6C, 1}, {0x18CFF, 0x18CFF, 1}, {0x1E5D0, 0x1E5ED, 1}, {0x1E5F0, 0x1E5F0, 1}, {0x2EBF0, 0x2EE5D, 1}},
	}
	newNumbers = &unicode.RangeTable{
		R32: []unicode.Range32{{0x10D40, 0x10D49, 1}, {0x116D0, 0x116E3, 1}, {0x11BF0, 0x11BF9, 1}, {0x16130, 0x16139, 1},
			{0x16D70, 0x16D79, 1}, {0x1CCF0, 0x1CCF9, 1}, {0x1E5F1, 0x1E5FA, 1}},
	}
)
