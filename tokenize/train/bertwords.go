package train

import (
	"strings"
	"unicode/utf8"

	"github.com/go-cloze/cloze/tokenize"
)

// bertWords cuts as BertNormalizer and BertPreTokenizer do: control characters vanish, blanks and Chinese characters part words,
// punctuation stands alone; with lower, letters are lower-cased and accents taken off. ASCII is done here; what becomes of another character
// is asked of the tokenizer's own steps once, since neither looks at more than one character.
type bertWords struct {
	steps tokenize.Parts
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

func newBertWords(steps tokenize.Parts, lower bool) *bertWords {
	return &bertWords{steps: steps, lower: lower, seen: map[rune]folded{}}
}

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

// foldNew looks at what a character between two letters becomes.
func (b *bertWords) foldNew(r rune) folded {
	if r == utf8.RuneError {
		return folded{as: asNothing} // as BERT has it; bytes that are no UTF-8 with it
	}
	as, text := between(b.steps, r)
	return folded{as, text}
}

// between says what a character between two letters does to words, and as what text.
func between(steps tokenize.Parts, r rune) (as byte, text string) {
	words := steps.Split(steps.Normalize("a" + string(r) + "b").Text)
	all := ""
	for _, w := range words {
		all += w.Text
	}
	text = strings.TrimSuffix(strings.TrimPrefix(all, "a"), "b")
	switch n := len(words); {
	case n == 1 && text == "":
		return asNothing, ""
	case n == 1:
		return asWord, text
	case text == "":
		return asBlank, ""
	}
	return asAlone, text
}
