package tokenize

import "unicode/utf8"

// WordEnd returns where the word that starts at text[start] ends (start < len(text)), by GPT-2's pattern
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// which matches everywhere, so that words follow each other without gaps. A byte that is no UTF-8 counts as a symbol. A word never
// depends on what lies before it, and a blank after another character always starts one: there a long text may be cut.
func WordEnd(text []byte, start int) int {
	c := text[start]
	switch asciiClass[c] {
	case classLetter:
		return runEnd(text, start+1, classLetter)
	case classSpace:
		// A single blank belongs to the word behind it; other white space does not.
		if c == ' ' && start+1 < len(text) {
			if k := classAt(text, start+1); k != classSpace {
				return runEnd(text, start+1, k)
			}
		}
		return spaceEnd(text, start)
	case classNonASCII:
		if k := classAt(text, start); k != classSpace {
			return runEnd(text, start, k)
		}
		return spaceEnd(text, start)
	case classSymbol:
		if c == '\'' {
			if n := contraction(text[start:]); n > 0 {
				return start + n
			}
		}
		return runEnd(text, start+1, classSymbol)
	}
	return runEnd(text, start+1, classNumber)
}

// contraction returns the length of 's 't 're 've 'm 'll 'd at the start of text, 0 where there is none.
func contraction(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case 's', 't', 'm', 'd':
		return 2
	case 'r', 'v':
		if len(text) > 2 && text[2] == 'e' {
			return 3
		}
	case 'l':
		if len(text) > 2 && text[2] == 'l' {
			return 3
		}
	}
	return 0
}

// runEnd returns the end of the run of characters of one class that goes on at i.
func runEnd(text []byte, i int, class uint8) int {
	for i < len(text) {
		switch asciiClass[text[i]] {
		case class:
			i++
		case classNonASCII:
			r, n := decodeWide(text, i)
			if runeClass(r) != class {
				return i
			}
			i += n
		default:
			return i
		}
	}
	return i
}

// spaceEnd returns the end of the white space at start: all of it at the end of the text; otherwise all but its last character, which
// belongs to what follows (or, where it is alone, is a word of its own).
func spaceEnd(text []byte, start int) int {
	last, i := start, start
	for i < len(text) && classAt(text, i) == classSpace {
		last = i
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, n := utf8.DecodeRune(text[i:])
		i += n
	}
	if i == len(text) || last == start {
		return i
	}
	return last
}

// classAt returns the class of the character at i.
func classAt(text []byte, i int) uint8 {
	if k := asciiClass[text[i]]; k != classNonASCII {
		return k
	}
	r, _ := utf8.DecodeRune(text[i:])
	return runeClass(r)
}
