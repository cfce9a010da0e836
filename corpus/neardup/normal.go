package neardup

import (
	"bytes"
	"html"
	"unicode"
	"unicode/utf8"
)

// Normal gives the words of a text as they are compared: letters, digits and marks in lower case, one blank between words, HTML entities undone; no
// links, no @mentions, none of the words that sets put in their place. Apostrophes and invisible characters within words go, all else parts words.
// Empty where no word is left.
func Normal(text string) string { return string(appendNormal(nil, []byte(text))) }

// appendNormal appends the normal form of text to dst, which must be empty.
func appendNormal(dst, text []byte) []byte {
	for field := range bytes.FieldsSeq(text) {
		if bytes.IndexByte(field, '&') >= 0 { // twice: sets of tweets hold &amp;amp;
			field = []byte(html.UnescapeString(html.UnescapeString(string(field))))
		}
		dst = appendWords(dst, unlinked(field))
	}
	return bytes.TrimSuffix(dst, []byte(" "))
}

// appendWords appends the words of a text without blanks, a blank behind each.
func appendWords(dst, field []byte) []byte {
	word, mention := len(dst), false // where the word begins; within a mention
	end := func() {
		switch string(dst[word:]) {
		case "user", "url", "http", "https", "rt", "amp": // stand for names, links and marks
			dst = dst[:word]
		case "":
		default:
			dst = append(dst, ' ')
		}
		word = len(dst)
	}
	for len(field) > 0 {
		c, size := utf8.DecodeRune(field)
		field = field[size:]
		letter := unicode.IsLetter(c) || unicode.IsNumber(c) || unicode.IsMark(c)
		switch {
		case mention && (letter || c == '_'):
		case letter:
			dst = utf8.AppendRune(dst, unicode.ToLower(c))
		case c == '\'' || c == '’' || unicode.Is(unicode.Cf, c):
		default:
			end()
			mention = c == '@'
		}
	}
	end()
	return dst
}

// unlinked is a text without blanks, up to the link in it.
func unlinked(field []byte) []byte {
	at := bytes.Index(field, []byte("://"))
	if at < 0 {
		return field
	}
	for at > 0 && field[at-1]|0x20 >= 'a' && field[at-1]|0x20 <= 'z' {
		at--
	}
	return field[:at]
}
