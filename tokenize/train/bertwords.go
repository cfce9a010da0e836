package train

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// bertWords cuts as BertNormalizer and BertPreTokenizer do: control characters vanish, blanks and Chinese characters part words,
// punctuation stands alone; with lower, letters are lower-cased and accents taken off.
type bertWords struct {
	lower bool
	buf   []byte
	seen  map[rune]folded // what has become of characters beyond ASCII
}

// folded is what becomes of a character.
type folded struct {
	as   byte   // asWord, asBlank, ...
	text string // what it adds to a word, or the word that it is
}

// What a character does.
const (
	asWord  byte = iota
	asBlank      // ends a word
	asAlone      // is a word
	asNothing
	asOther // in the table of ASCII: look it up
)

// maxFolded bounds the memory of characters; all of Unicode's assigned ones would be 150,000.
const maxFolded = 1 << 16

func newBertWords(lower bool) *bertWords { return &bertWords{lower: lower, seen: map[rune]folded{}} }

// bertASCII says what ASCII characters do.
var bertASCII = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = asOther
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			t[c] = asBlank
		case c < ' ' || c == 0x7F:
			t[c] = asNothing
		case c < '0' || '9' < c && c < 'A' || 'Z' < c && c < 'a' || 'z' < c:
			t[c] = asAlone
		}
	}
	return t
}()

func (b *bertWords) split(w *counter, text []byte) {
	word := b.buf[:0]
	end := func() {
		if len(word) > 0 {
			w.word(word)
			word = word[:0]
		}
	}
	for i := 0; i < len(text); {
		c := text[i]
		switch bertASCII[c] {
		case asWord:
			if b.lower && 'A' <= c && c <= 'Z' {
				c |= 0x20
			}
			word = append(word, c)
		case asBlank:
			end()
		case asAlone:
			end()
			w.word(text[i : i+1])
		case asOther:
			r, n := utf8.DecodeRune(text[i:])
			i += n
			switch f := b.fold(r); f.as {
			case asWord:
				word = append(word, f.text...)
			case asBlank:
				end()
			case asAlone:
				end()
				w.word([]byte(f.text))
			}
			continue
		}
		i++
	}
	end()
	b.buf = word[:0]
}

// fold says what becomes of a character beyond ASCII.
func (b *bertWords) fold(r rune) folded {
	f, ok := b.seen[r]
	if !ok {
		f = b.foldNew(r)
		if len(b.seen) < maxFolded {
			b.seen[r] = f
		}
	}
	return f
}

func (b *bertWords) foldNew(r rune) folded {
	switch {
	case r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co):
		return folded{as: asNothing}
	case unicode.Is(unicode.White_Space, r):
		return folded{as: asBlank}
	}
	out := []rune{r}
	if b.lower {
		out = out[:0]
		for _, d := range norm.NFD.String(string(r)) {
			if !unicode.Is(unicode.Mn, d) {
				out = append(out, unicode.ToLower(d))
			}
		}
	}
	switch {
	case len(out) == 0:
		return folded{as: asNothing}
	case isChinese(r) || len(out) == 1 && (unicode.IsPunct(out[0]) || out[0] < utf8.RuneSelf && bertASCII[out[0]] == asAlone):
		return folded{asAlone, string(out)}
	}
	return folded{asWord, string(out)}
}

// isChinese is BERT's idea of a Chinese character: the blocks of ideographs, without kana and Hangul.
func isChinese(r rune) bool {
	return 0x4E00 <= r && r <= 0x9FFF || 0x3400 <= r && r <= 0x4DBF || 0x20000 <= r && r <= 0x2A6DF || 0x2A700 <= r && r <= 0x2B73F ||
		0x2B740 <= r && r <= 0x2B81F || 0x2B920 <= r && r <= 0x2CEAF || 0xF900 <= r && r <= 0xFAFF || 0x2F800 <= r && r <= 0x2FA1F
}
