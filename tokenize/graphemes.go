package tokenize

import (
	"unicode"
	"unicode/utf8"
)

// graphemeEnd returns where the grapheme (UAX #29) that starts at text[i] ends. Only what decides about clusters of at most [longestGrapheme] bytes
// is told apart: line ends, controls, what extends, Hangul, flags and emoji joined by U+200D.
func graphemeEnd(text []byte, i int) int {
	if c := text[i]; c < utf8.RuneSelf && (i+1 == len(text) || text[i+1] < utf8.RuneSelf) {
		if c == '\r' && i+1 < len(text) && text[i+1] == '\n' {
			return i + 2
		}
		return i + 1
	}
	r, size := utf8.DecodeRune(text[i:])
	end := i + size
	if isGraphemeControl(r) {
		return end
	}
	picture, flags := isPicture(r), 1
	for last := r; end < len(text); end += size {
		r, size = utf8.DecodeRune(text[end:])
		extends := runeProps(r)&isExtend != 0
		switch {
		case isGraphemeControl(r):
			return end
		case extends, isPrepended(last), joinsHangul(last, r), picture && last == 0x200D && isPicture(r):
		case flags == 1 && isFlag(last) && isFlag(r):
			flags++ // a third one starts anew
		default:
			return end
		}
		if !extends {
			picture = isPicture(r)
		}
		last = r
	}
	return end
}

func isGraphemeControl(r rune) bool {
	if r < 0x80 {
		return r < ' ' || r == 0x7F
	}
	if r == 0x200D || r == 0x200C || isPrepended(r) || runeProps(r)&isExtend != 0 {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func isPrepended(r rune) bool {
	switch {
	case r < 0x600:
		return false
	case r <= 0x605, r == 0x6DD, r == 0x70F, r == 0x890, r == 0x891, r == 0x8E2, r == 0xD4E, r == 0x110BD, r == 0x110CD, r == 0x111C2, r == 0x111C3,
		r == 0x113D1, r == 0x1193F, r == 0x11941, r == 0x11A3A, r >= 0x11A84 && r <= 0x11A89, r == 0x11D46, r == 0x11F02:
		return true
	}
	return false
}

func isFlag(r rune) bool { return 0x1F1E6 <= r && r <= 0x1F1FF }

// isPicture is Extended_Pictographic where it matters: the characters of three bytes and the blocks of emoji.
func isPicture(r rune) bool {
	return r >= 0x2190 && r < 0x3300 && unicode.Is(unicode.So, r) || r >= 0x1F000 && r < 0x1FB00 && !isFlag(r) && (r < 0x1F3FB || r > 0x1F3FF)
}

// joinsHangul says whether two letters are of one syllable.
func joinsHangul(a, b rune) bool {
	if a < leadBase || b < leadBase {
		return false
	}
	isLead := func(r rune) bool { return r <= 0x115F || 0xA960 <= r && r <= 0xA97C }
	isVowel := func(r rune) bool { return 0x1160 <= r && r <= 0x11A7 || 0xD7B0 <= r && r <= 0xD7C6 }
	isTrail := func(r rune) bool { return 0x11A8 <= r && r <= 0x11FF || 0xD7CB <= r && r <= 0xD7FB }
	isSyllable := func(r rune) bool { return syllableBase <= r && r < syllableBase+syllableCount }
	switch {
	case isLead(a):
		return isLead(b) || isVowel(b) || isSyllable(b)
	case isVowel(a) || isSyllable(a) && (a-syllableBase)%trailCount == 0:
		return isVowel(b) || isTrail(b)
	case isTrail(a) || isSyllable(a):
		return isTrail(b)
	}
	return false
}
