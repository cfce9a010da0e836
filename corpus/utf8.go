package corpus

import (
	"encoding/binary"
	"unicode/utf8"
)

// firstInvalid returns the index of the first byte of b that is not part of valid UTF-8, or -1. It is utf8.Valid with an
// answer, and takes up its eight-byte stride again after each letter beyond ASCII, which utf8.Valid does not.
func firstInvalid(b []byte) int {
	i := 0
	for {
		for len(b)-i >= 16 {
			if (binary.LittleEndian.Uint64(b[i:])|binary.LittleEndian.Uint64(b[i+8:]))&0x8080808080808080 != 0 {
				break
			}
			i += 16
		}
		for i < len(b) && b[i] < utf8.RuneSelf {
			i++
		}
		if i == len(b) {
			return -1
		}
		for i < len(b) && b[i] >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				return i
			}
			i += n
		}
	}
}

// repairUTF8 appends b to dst with U+FFFD for what is not UTF-8 and returns how many bytes that was. As browsers and
// Python do (Unicode 3.9, "substitution of maximal subparts"), the start of a cut sequence becomes one U+FFFD.
func repairUTF8(dst, b []byte) (text []byte, bad int64) {
	for {
		i := firstInvalid(b)
		if i < 0 {
			return append(dst, b...), bad
		}
		n := maximalSubpart(b[i:])
		dst = append(append(dst, b[:i]...), "\uFFFD"...)
		bad += int64(n)
		b = b[i+n:]
	}
}

// maximalSubpart returns the length of the longest start of b that could have begun a valid sequence, at least 1. The
// sequence itself is known to be invalid.
func maximalSubpart(b []byte) int {
	low, high, need := byte(0x80), byte(0xBF), 0
	switch c := b[0]; {
	case c >= 0xC2 && c <= 0xDF:
		need = 1
	case c >= 0xE0 && c <= 0xEF:
		need = 2
		if c == 0xE0 {
			low = 0xA0
		} else if c == 0xED {
			high = 0x9F
		}
	case c >= 0xF0 && c <= 0xF4:
		need = 3
		if c == 0xF0 {
			low = 0x90
		} else if c == 0xF4 {
			high = 0x8F
		}
	}
	n := 1
	for n <= need && n < len(b) && b[n] >= low && b[n] <= high {
		low, high = 0x80, 0xBF
		n++
	}
	return n
}

// blank reports whether b holds nothing but white space in Unicode's sense.
func blank(b []byte) bool {
	for i := 0; i < len(b); {
		c := b[i]
		if c > ' ' && c < utf8.RuneSelf {
			return false
		}
		if c < utf8.RuneSelf {
			if c != ' ' && (c < '\t' || c > '\r') {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if !whiteSpace(r) {
			return false
		}
		i += n
	}
	return true
}

// whiteSpace is Unicode's White_Space beyond ASCII, written out because it is called for each line.
func whiteSpace(r rune) bool {
	switch r {
	case 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}
