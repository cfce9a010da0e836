package words

import "unicode/utf8"

// simple cuts the word at i where it is one or more letters, or a character that stands alone, and what follows can have no say in
// it; it is false otherwise. Most words of most languages are such.
func simple(text []byte, i int) (end int, kind Kind, ok bool) {
	t := table()
	first, end := classAt(t, text, i)
	c := classes // of what follows
	switch first {
	case letter:
		// Digits and underscores may follow, and a mark may stand between two letters: endsLetters leaves those to segment.
		for c, at := first, end; c == letter; {
			end = at
			c, at = classAt(t, text, end)
		}
		return end, Letter, endsLetters(t, text, end)
	case blank:
		at := end
		for c, at = classAt(t, text, end); c == blank; c, at = classAt(t, text, end) {
			end = at
		}
	case newline:
		return end, None, true
	case other, complex, han, hiragana, pictograph, midLetter, midNum, midNumLet, singleQuote, doubleQuote:
		c, _ = classAt(t, text, end)
	default:
		return 0, None, false
	}
	return end, kindOf(0, first), c != extend && c != format && c != zwj
}

// classAt returns the class of the character at i and where it ends; classes at the end of the text.
func classAt(t *pages, text []byte, i int) (class, int) {
	if i >= len(text) {
		return classes, i
	}
	if b := text[i]; b < utf8.RuneSelf {
		return t.class[t.index[0]][b], i + 1
	}
	r, n := utf8.DecodeRune(text[i:])
	return t.of(r), i + n
}

// endsLetters says whether a word of letters ends here for certain.
func endsLetters(t *pages, text []byte, i int) bool {
	c, next := classAt(t, text, i)
	switch c {
	case midLetter, midNumLet, singleQuote:
		// "don’t": a letter behind it, or a mark on it with a letter behind that, would go on with the word.
		c, _ = classAt(t, text, next)
		return c != letter && c != letterPictograph && c != hebrew && c != extend && c != format && c != zwj
	case other, complex, han, hiragana, pictograph, midNum, doubleQuote, newline, blank, katakana, regional, classes:
		return true
	}
	return false
}
