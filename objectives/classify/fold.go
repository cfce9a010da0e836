package classify

import (
	"strings"
	"unicode"
)

// Fold undoes spellings that hide a word from a classifier and not from a reader, word by word: invisible characters go, letters of other
// scripts that look like Latin ones become those in a word that has a Latin letter, digits and signs that stand for letters become those in a
// word of at least two letters for three of them, a letter three times or more in a row becomes one. Mentions and links stay as they are.
func Fold(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for len(text) > 0 {
		end := strings.IndexFunc(text, unicode.IsSpace)
		if end == 0 {
			end = strings.IndexFunc(text, func(c rune) bool { return !unicode.IsSpace(c) })
			if end < 0 {
				end = len(text)
			}
			b.WriteString(text[:end])
		} else {
			if end < 0 {
				end = len(text)
			}
			b.WriteString(foldWord(text[:end]))
		}
		text = text[end:]
	}
	return b.String()
}

// standsFor are signs read as letters. Each is a letter only among letters.
var standsFor = map[rune]rune{'4': 'a', '@': 'a', '3': 'e', '1': 'i', '!': 'i', '0': 'o', '5': 's', '$': 's', '7': 't'}

// looksLike are small letters of Cyrillic and Greek that look like Latin ones; capitals are found by their small ones where those look alike too.
var looksLike = map[rune]rune{'а': 'a', 'с': 'c', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'о': 'o', 'р': 'p', 'ѕ': 's', 'х': 'x', 'у': 'y', 'ԁ': 'd', 'ԛ': 'q',
	'ԝ': 'w', 'α': 'a', 'ο': 'o', 'ν': 'v', 'ι': 'i', 'А': 'A', 'В': 'B', 'С': 'C', 'Е': 'E', 'Н': 'H', 'І': 'I', 'Ј': 'J', 'К': 'K', 'М': 'M', 'О': 'O', 'Р': 'P',
	'Ѕ': 'S', 'Т': 'T', 'Х': 'X', 'У': 'Y', 'Α': 'A', 'Β': 'B', 'Ε': 'E', 'Ζ': 'Z', 'Η': 'H', 'Ι': 'I', 'Κ': 'K', 'Μ': 'M', 'Ν': 'N', 'Ο': 'O', 'Ρ': 'P', 'Τ': 'T', 'Χ': 'X', 'Υ': 'Y'}

func foldWord(word string) string {
	if word[0] == '@' || strings.Contains(word, "://") {
		return word
	}
	var letters, signs, foreign int
	latin := false
	runes := make([]rune, 0, len(word))
	for _, c := range word {
		if c == '\u00ad' || c >= '\u200b' && c <= '\u200f' || c >= '\u2060' && c <= '\u2064' || c == '\ufeff' { // seen by nobody
			continue
		}
		runes = append(runes, c)
		switch {
		case c < unicode.MaxASCII && unicode.IsLetter(c):
			latin = true
			letters++
		case looksLike[c] != 0:
			foreign++
			letters++
		case unicode.IsLetter(c):
			letters++
		case standsFor[c] != 0:
			signs++
		}
	}
	if latin && foreign > 0 {
		for i, c := range runes {
			if to := looksLike[c]; to != 0 {
				runes[i] = to
			}
		}
	}
	if latin && signs > 0 && 3*letters >= 2*signs {
		unsign(runes)
	}
	return string(single(runes))
}

// unsign makes letters of the signs that have a letter on one side and a letter or such a sign on the other, or begin or end the word beside
// one; a mark at the end, as in "so!", stays.
func unsign(runes []rune) {
	among := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || standsFor[runes[i]] != 0)
	}
	for i, c := range runes {
		to := standsFor[c]
		if to == 0 || !among(i-1) && !among(i+1) || c == '!' && !(i+1 < len(runes) && unicode.IsLetter(runes[i+1])) {
			continue
		}
		runes[i] = to
	}
}

// single keeps one of three or more equal letters in a row.
func single(runes []rune) []rune {
	out := runes[:0]
	for i := 0; i < len(runes); {
		j := i + 1
		for j < len(runes) && runes[j] == runes[i] {
			j++
		}
		if j-i >= 3 && unicode.IsLetter(runes[i]) {
			out = append(out, runes[i])
		} else {
			out = append(out, runes[i:j]...)
		}
		i = j
	}
	return out
}
