package embeddings

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// blankMark stands for a blank in a key, as SentencePiece's users know it.
const blankMark = "▁" // U+2581

const emptyKey = "<0x>"

// Key names a piece of text (a model's token, as the bytes it stands for) so
// that every vector format can hold the name: no blank, no control character,
// always UTF-8, never empty. [Piece] gives the bytes back, so different pieces
// have different keys.
//
//	" the"        ▁the           a blank is U+2581
//	"\n"          <0x0A>         control characters and other white space: their bytes
//	"\xe9"        <0xE9>         bytes that are not UTF-8
//	"▁"           <0xE2><0x96><0x81>   U+2581 itself
//	"<0x0A>"      <0x3C>0x0A>    text that looks like one of these
//	""            <0x>
func Key(piece string) string {
	if piece == "" {
		return emptyKey
	}
	var b strings.Builder
	for i := 0; i < len(piece); {
		r, n := utf8.DecodeRuneInString(piece[i:])
		switch {
		case r == ' ':
			b.WriteString(blankMark)
		case r == '<' && looksEscaped(piece[i:]), mustEscape(r, n):
			for _, c := range []byte(piece[i : i+n]) {
				b.WriteString("<0x" + string(upperHex[c>>4]) + string(upperHex[c&15]) + ">")
			}
		default:
			b.WriteString(piece[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Piece is the text that a key stands for: the inverse of [Key], and of [Keys].
// It is defined for every string; one that is no key of ours comes back with
// whatever looks like an escape undone.
func Piece(key string) string {
	if i := strings.LastIndexByte(key, '<'); i >= 0 && numberMark(key[i:]) == len(key)-i {
		key = key[:i] // <#7>: tells equal pieces apart, stands for nothing
	}
	if key == emptyKey {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(key); {
		switch {
		case strings.HasPrefix(key[i:], blankMark):
			b.WriteByte(' ')
			i += len(blankMark)
		case byteMark(key[i:]):
			c, _ := strconv.ParseUint(key[i+3:i+5], 16, 8) // two hex digits, checked
			b.WriteByte(byte(c))
			i += 6
		default:
			b.WriteByte(key[i])
			i++
		}
	}
	return b.String()
}

// Keys is [Key] for a whole vocabulary. Different tokens can stand for the same
// text (a byte token and a letter); the second and later ones get their row
// number as a mark, <#7>, so that all keys differ.
func Keys(pieces []string) []string {
	keys := make([]string, len(pieces))
	seen := make(map[string]bool, len(pieces))
	for i, p := range pieces {
		k := Key(p)
		if seen[k] {
			k += "<#" + strconv.Itoa(i) + ">"
		}
		seen[k] = true
		keys[i] = k
	}
	return keys
}

// Find is Index for what a person types: the word as it stands; else the key of
// that text, so that " the" finds "▁the"; else the key of the text after a
// blank, which is how most models' tables hold whole words.
func (v *Vectors) Find(word string) (row int, ok bool) {
	for _, w := range []string{word, Key(word), Key(" " + word)} {
		if row, ok = v.Index(w); ok {
			return row, true
		}
	}
	return 0, false
}

// Escaped returns the same vectors with every word replaced by its [Key]: what
// to write when words hold blanks. The rows are shared.
func (v *Vectors) Escaped() *Vectors {
	return v.renamed(Keys(v.Words()))
}

// Unescaped undoes Escaped. Two keys that stand for the same text are an error.
func (v *Vectors) Unescaped() (*Vectors, error) {
	pieces := make([]string, v.Len())
	seen := make(map[string]int, v.Len())
	for i, w := range v.Words() {
		pieces[i] = Piece(w)
		if first, twice := seen[pieces[i]]; twice {
			return nil, &Error{File: v.report.File, Unit: "word", Number: int64(i + 1), Cause: "key " + quote(w) + " stands for the same text as key " + quote(v.Word(first)), Remedy: "keep the keys as they are"}
		}
		seen[pieces[i]] = i
	}
	return v.renamed(pieces), nil
}

// renamed shares rows and norms under new words, which must differ.
func (v *Vectors) renamed(words []string) *Vectors {
	out := *v
	out.names, _ = namesOf(words)
	out.compose = nil // it knows the words by their own names
	return &out
}

const upperHex = "0123456789ABCDEF"

// mustEscape says which characters are written as their bytes: those that some
// reader takes for a separator or a line's end, that cannot be seen, or that
// are no characters (n == 1 for a broken one). The list is fixed by Unicode's
// stability rules, so that keys do not change with Go's tables.
func mustEscape(r rune, n int) bool {
	return r == utf8.RuneError && n == 1 || r < ' ' || r >= 0x7f && r <= 0x9f ||
		r > ' ' && unicode.IsSpace(r) || r == '\uFEFF' || string(r) == blankMark
}

// looksEscaped says whether text starts like something that Piece would undo.
func looksEscaped(s string) bool {
	return byteMark(s) || strings.HasPrefix(s, emptyKey) || numberMark(s) > 0
}

// byteMark: <0xHH> with capital digits.
func byteMark(s string) bool {
	return len(s) >= 6 && s[:3] == "<0x" && strings.IndexByte(upperHex, s[3]) >= 0 && strings.IndexByte(upperHex, s[4]) >= 0 && s[5] == '>'
}

// numberMark is the length of <#digits> at the start of s, 0 where there is none.
func numberMark(s string) int {
	if !strings.HasPrefix(s, "<#") {
		return 0
	}
	for i := 2; i < len(s); i++ {
		if s[i] == '>' && i > 2 {
			return i + 1
		}
		if s[i] < '0' || s[i] > '9' {
			return 0
		}
	}
	return 0
}
