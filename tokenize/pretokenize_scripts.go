package tokenize

import (
	"sort"
	"unicode/utf8"
)

// noScript is the script of code points that go with any other.
const noScript = 0xFF

// scriptOf returns a number for the script of a code point, by the reference's table: kana count as Han.
func scriptOf(r rune) uint8 {
	s := unicodeData().scripts
	i := sort.Search(len(s), func(i int) bool { return s[i].end > r })
	if i < len(s) && s[i].start <= r {
		return s[i].script
	}
	return noScript
}

// scriptSplit cuts where the script changes. Characters of no script at the start of a piece are lost, as in the reference.
type scriptSplit struct{}

func (scriptSplit) apply(p *pieces) {
	p.next = p.next[:0]
	for _, c := range p.cuts {
		start, last := int32(-1), uint8(noScript)
		for i := c.start; i < c.end; {
			r, size := utf8.DecodeRune(p.b[i:c.end])
			if s := scriptOf(r); s != noScript {
				if s != last {
					if start >= 0 {
						p.part(c, start, i)
					}
					start = i
				}
				last = s
			}
			i += int32(size)
		}
		if start >= 0 {
			p.part(c, start, c.end)
		}
	}
	p.done()
}
