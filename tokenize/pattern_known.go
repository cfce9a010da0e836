package tokenize

// Patterns that many tokenizers have, as their files spell them.
const (
	gpt2Pattern   = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	cl100kPattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	qwenPattern   = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	tiktokPattern = `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`
	o200kPattern  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` +
		`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` +
		`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// knownPattern returns a scanner written for a pattern, nil for others.
func knownPattern(source string) finder {
	switch source {
	case gpt2Pattern:
		return scanned(WordEnd)
	case cl100kPattern, tiktokPattern:
		return scanned(func(text []byte, start int) int { return cl100kEnd(text, start, 3) })
	case o200kPattern:
		return scanned(o200kEnd)
	case qwenPattern:
		return scanned(func(text []byte, start int) int { return cl100kEnd(text, start, 1) })
	}
	return nil
}

// scanned is a pattern that matches everywhere, given by where the match at a place ends.
type scanned func(text []byte, start int) int

func (f scanned) matches(dst []span, text []byte) []span {
	for i := 0; i < len(text); {
		end := f(text, i)
		dst = append(dst, span{int32(i), int32(end)})
		i = end
	}
	return dst
}

// cl100kEnd returns where the word that starts at text[start] ends by cl100k's pattern, which Llama 3 has too, or with digits 1 by Qwen's.
func cl100kEnd(text []byte, start, digits int) int {
	c := text[start]
	kind, size := classSize(text, start)
	next := start + size
	switch {
	case kind == classLetter:
		return runEnd(text, next, classLetter)
	case kind == classNumber:
		for n := 1; n < digits && next < len(text); n++ {
			k, size := classSize(text, next)
			if k != classNumber {
				break
			}
			next += size
		}
		return next
	}
	if c == '\'' {
		if n := foldedContraction(text[start:]); n > 0 {
			return start + n
		}
	}
	if c != '\r' && c != '\n' && next < len(text) && classAt(text, next) == classLetter {
		return runEnd(text, next, classLetter)
	}
	if kind == classSymbol || c == ' ' && next < len(text) && classAt(text, next) == classSymbol {
		end := runEnd(text, next, classSymbol)
		for end < len(text) && (text[end] == '\r' || text[end] == '\n') {
			end++
		}
		return end
	}
	return lineSpaceEnd(text, start)
}

// classSize returns the class of the character at i and its bytes.
func classSize(text []byte, i int) (uint8, int) {
	if k := asciiClass[text[i]]; k != classNonASCII {
		return k, 1
	}
	r, size := decodeWide(text, i)
	return runeClass(r), size
}

// lineSpaceEnd returns the end of the white space at start by \s*[\r\n]+|\s+(?!\S)|\s+: behind its last line end where it has one; otherwise all of it at the
// end of the text, and else all but its last character.
func lineSpaceEnd(text []byte, start int) int {
	last, i, line := start, start, -1
	for i < len(text) {
		k, size := classSize(text, i)
		if k != classSpace {
			break
		}
		last = i
		i += size
		if c := text[last]; c == '\r' || c == '\n' {
			line = i
		}
	}
	switch {
	case line >= 0:
		return line
	case i == len(text) || last == start:
		return i
	}
	return last
}

// foldedContraction is contraction in any case; ſ (U+017F) is an s.
func foldedContraction(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	second := byte(0)
	if len(text) > 2 {
		second = text[2] | 0x20
	}
	switch text[1] | 0x20 {
	case 's', 't', 'm', 'd':
		return 2
	case 'r', 'v':
		if second == 'e' {
			return 3
		}
	case 'l':
		if second == 'l' {
			return 3
		}
	}
	if text[1] == 0xC5 && len(text) > 2 && text[2] == 0xBF {
		return 3
	}
	return 0
}
