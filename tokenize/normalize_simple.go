package tokenize

import (
	"bytes"
	"unicode/utf8"
)

// sequence runs normalisers one after the other.
type sequence []normalizer

func (s sequence) normalize(n *normal) {
	for _, m := range s {
		m.normalize(n)
	}
}

// stripAccents removes the marks that a normal form has set free.
type stripAccents struct{}

func (stripAccents) normalize(n *normal) {
	if !ascii(n.b) {
		n.keep(func(r rune) bool { return r >= utf8.RuneSelf && runeProps(r)&isMark != 0 }, true)
	}
}

// stripSpace cuts white space at the ends.
type stripSpace struct{ left, right bool }

func (m stripSpace) normalize(n *normal) {
	start, end := 0, len(n.b)
	if m.left {
		start = end - len(bytes.TrimLeftFunc(n.b, isWhite))
	}
	if m.right {
		end = start + len(bytes.TrimRightFunc(n.b[start:], isWhite))
	}
	copy(n.b, n.b[start:end])
	n.b = n.b[:end-start]
	if n.track {
		copy(n.at, n.at[start:end])
		n.at = n.at[:end-start]
	}
}

// prependText puts a text in front of whatever is not empty.
type prependText string

func (m prependText) normalize(n *normal) { n.prepend(string(m)) }

// nmt is the cleaning of SentencePiece's nmt_nfkc: control characters go, odd white space becomes blanks.
type nmt struct{}

func (nmt) normalize(n *normal) {
	n.keep(func(r rune) bool {
		return 1 <= r && r <= 8 || r == 0xB || 0xE <= r && r <= 0x1F || r == 0x7F || r == 0x8F || r == 0x9F
	}, false)
	n.rewrite(func(r rune) rune {
		switch r {
		case 9, 0xA, 0xC, 0xD, 0x1680, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, utf8.RuneError:
			return ' '
		}
		return r
	})
}

// bytesToRunes is the byte-level alphabet as a normaliser (and the second half of the ByteLevel pre-tokenizer).
type bytesToRunes struct{}

func (bytesToRunes) normalize(n *normal) {
	n.begin(0)
	for i := 0; i < len(n.b); {
		_, size := utf8.DecodeRune(n.b[i:])
		for j := range size {
			n.put(byteRune[n.b[i+j]], min(j, 1), false)
		}
		i += size
	}
	n.end()
}

// replaceText puts content in the place of each match.
type replaceText struct {
	find    finder
	content string
}

func (m replaceText) normalize(n *normal) {
	n.found = m.find.matches(n.found[:0], n.b)
	if len(n.found) == 0 {
		return
	}
	n.out, n.outAt = n.out[:0], n.outAt[:0]
	done := int32(0)
	for _, f := range n.found {
		n.out = append(append(n.out, n.b[done:f[0]]...), m.content...)
		if n.track {
			n.outAt = append(n.outAt, n.at[done:f[0]]...)
			place := span{n.base, n.base}
			if f[1] > 0 { // the reference has the last character's place alone
				place = n.at[f[1]-1]
				if f[0] < f[1] {
					place[0] = n.at[f[0]][0]
				}
			}
			for range len(m.content) {
				n.outAt = append(n.outAt, place)
			}
		}
		done = f[1]
	}
	n.out = append(n.out, n.b[done:]...)
	if n.track {
		n.outAt = append(n.outAt, n.at[done:]...)
	}
	n.end()
}
