package tokenize

import "unicode/utf8"

// bertNormalizer cleans, sets ideographs apart, strips accents and lowers, as BERT's BasicTokenizer does.
type bertNormalizer struct{ clean, chinese, strip, lower bool }

// bertASCII is what clean_text makes of ASCII: 0 where it is removed.
var bertASCII = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		switch {
		case c == '\t' || c == '\n' || c == '\r':
			t[c] = ' '
		case c >= ' ' && c < 0x7F:
			t[c] = byte(c)
		}
	}
	return t
}()

func (m bertNormalizer) normalize(n *normal) {
	if !n.track && ascii(n.b) {
		m.normalizeASCII(n)
		return
	}
	// The order is the reference's: what cleaning makes blanks is not ideograph, and marks are free only once characters are taken apart.
	if m.clean {
		n.keep(func(r rune) bool {
			return r == 0 || r == utf8.RuneError || r != '\t' && r != '\n' && r != '\r' && runeProps(r)&isOther != 0
		}, false)
		n.rewrite(func(r rune) rune {
			if isWhite(r) {
				return ' '
			}
			return r
		})
	}
	if m.chinese {
		m.spread(n)
	}
	if m.strip {
		form{}.normalize(n)
		n.keep(func(r rune) bool { return r >= utf8.RuneSelf && runeProps(r)&isNonspacing != 0 }, true)
	}
	if m.lower {
		lowercase{}.normalize(n)
	}
}

// normalizeASCII is all of it for ASCII, which has neither ideographs nor accents.
func (m bertNormalizer) normalizeASCII(n *normal) {
	if m.clean {
		kept := n.b[:0]
		for _, c := range n.b {
			if c = bertASCII[c]; c != 0 {
				kept = append(kept, c)
			}
		}
		n.b = kept
	}
	if m.lower {
		lowerASCII(n.b)
	}
}

// spread puts blanks around ideographs.
func (m bertNormalizer) spread(n *normal) {
	// Written aside and kept only if there was an ideograph.
	n.begin(0)
	found := false
	for i := 0; i < len(n.b); {
		r, size := utf8.DecodeRune(n.b[i:])
		i += size
		if r >= 0x3400 && isIdeograph(r) {
			found = true
			n.put(' ', 0, false)
			n.put(r, 1, false)
			n.put(' ', 1, false)
		} else {
			n.put(r, 0, false)
		}
	}
	if found {
		n.end()
	}
}

// isIdeograph is the reference's list of blocks; it leaves out extension E's first half (from U+2B820), as BERT does not.
func isIdeograph(r rune) bool {
	return 0x4E00 <= r && r <= 0x9FFF || 0x3400 <= r && r <= 0x4DBF || 0x20000 <= r && r <= 0x2A6DF || 0x2A700 <= r && r <= 0x2B73F ||
		0x2B740 <= r && r <= 0x2B81F || 0x2B920 <= r && r <= 0x2CEAF || 0xF900 <= r && r <= 0xFAFF || 0x2F800 <= r && r <= 0x2FA1F
}

// lowercase lowers each character by itself; one may become two (İ).
type lowercase struct{}

func (lowercase) normalize(n *normal) {
	if ascii(n.b) {
		lowerASCII(n.b)
		return
	}
	n.begin(0)
	for i := 0; i < len(n.b); {
		if c := n.b[i]; c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			n.put(rune(c), 0, false)
			i++
			continue
		}
		r, size := utf8.DecodeRune(n.b[i:])
		i += size
		if runeProps(r)&hasLower == 0 {
			n.put(r, 0, false)
			continue
		}
		for j, l := range unicodeData().lower[r] {
			n.put(l, min(j, 1), false)
		}
	}
	n.end()
}

// lowerASCII lowers in place.
func lowerASCII(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + ('a' - 'A')
		}
	}
}
