package tokenize

import (
	"slices"
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
	switch {
	case r < 0x80:
		return r < ' ' || r == 0x7F
	case 0xAE <= r && r < 0x600, 0x2070 <= r && r < 0xFEFF, 0xFFFC <= r && r < 0x110BD:
		return false // nearly all letters: the tables need a search
	}
	if r == 0x200D || r == 0x200C || isPrepended(r) || runeProps(r)&isExtend != 0 {
		return false
	}
	// What is not assigned but would be ignored by default counts too.
	return r >= 0xE0000 && r <= 0xE0FFF || r >= 0xFFF0 && r <= 0xFFF8 || r == 0x2065 || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
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

// pictures are the code points of three bytes that are Extended_Pictographic (Unicode 16, emoji-data.txt), as closed ranges.
var pictures = [][2]rune{{0x203C, 0x203C}, {0x2049, 0x2049}, {0x2122, 0x2122}, {0x2139, 0x2139}, {0x2194, 0x2199}, {0x21A9, 0x21AA}, {0x231A, 0x231B},
	{0x2328, 0x2328}, {0x2388, 0x2388}, {0x23CF, 0x23CF}, {0x23E9, 0x23F3}, {0x23F8, 0x23FA}, {0x24C2, 0x24C2}, {0x25AA, 0x25AB}, {0x25B6, 0x25B6},
	{0x25C0, 0x25C0}, {0x25FB, 0x25FE}, {0x2600, 0x2605}, {0x2607, 0x2612}, {0x2614, 0x2685}, {0x2690, 0x2705}, {0x2708, 0x2712}, {0x2714, 0x2714},
	{0x2716, 0x2716}, {0x271D, 0x271D}, {0x2721, 0x2721}, {0x2728, 0x2728}, {0x2733, 0x2734}, {0x2744, 0x2744}, {0x2747, 0x2747}, {0x274C, 0x274C},
	{0x274E, 0x274E}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2763, 0x2767}, {0x2795, 0x2797}, {0x27A1, 0x27A1}, {0x27B0, 0x27B0}, {0x27BF, 0x27BF},
	{0x2934, 0x2935}, {0x2B05, 0x2B07}, {0x2B1B, 0x2B1C}, {0x2B50, 0x2B50}, {0x2B55, 0x2B55}, {0x3030, 0x3030}, {0x303D, 0x303D}, {0x3297, 0x3297},
	{0x3299, 0x3299}}

// isPicture is Extended_Pictographic: those listed, and the blocks of emoji.
func isPicture(r rune) bool {
	if r < 0x10000 {
		return r == 0xA9 || r == 0xAE || r >= 0x203C && r <= 0x3299 && slices.ContainsFunc(pictures, func(p [2]rune) bool { return p[0] <= r && r <= p[1] })
	}
	return r >= 0x1F000 && r < 0x1FB00 && !isFlag(r) && (r < 0x1F3FB || r > 0x1F3FF)
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
