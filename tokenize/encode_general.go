package tokenize

import (
	"unicode/utf8"
)

// token adds a token of the general pipeline that covers text[start:end]; value is its spelling, whose blanks tell how much trimming may take away.
func (e *encoder) token(id int32, start, end int, value string) {
	if e.t.trim {
		start, end = trimSpan(e.text, start, end, value)
	}
	piece, _ := e.t.Token(id)
	e.out.IDs = append(e.out.IDs, id)
	e.out.Pieces = append(e.out.Pieces, piece)
	e.out.Offsets = append(e.out.Offsets, [2]int{start, end})
	e.out.WordIDs = append(e.out.WordIDs, e.word)
	e.out.TypeIDs = append(e.out.TypeIDs, 0)
	e.out.SpecialMask = append(e.out.SpecialMask, false)
}

// trimSpan leaves out the blanks of a token at both ends: as many as its spelling has there, but only blanks of the input, so that one which was put in
// front takes nothing away.
func trimSpan(text string, start, end int, value string) (int, int) {
	blank := func(r rune) bool { return r == byteRune[' '] || isWhite(r) }
	for rest := value; rest != "" && start < end; {
		r, n := utf8.DecodeRuneInString(rest)
		at, size := utf8.DecodeRuneInString(text[start:end])
		if !blank(r) || !isWhite(at) {
			break
		}
		start, rest = start+size, rest[n:]
	}
	for rest := value; rest != "" && start < end; {
		r, n := utf8.DecodeLastRuneInString(rest)
		at, size := utf8.DecodeLastRuneInString(text[start:end])
		if !blank(r) || !isWhite(at) {
			break
		}
		end, rest = end-size, rest[:len(rest)-n]
	}
	return start, end
}
