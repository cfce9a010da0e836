package tokenize

import (
	"slices"
	"unicode/utf8"
)

// The constants of Hangul (Unicode 16, section 3.12): syllables are composed by arithmetic.
const (
	syllableBase, syllableCount = 0xAC00, 11172
	leadBase, leadCount         = 0x1100, 19
	vowelBase, vowelCount       = 0x1161, 21
	trailBase, trailCount       = 0x11A7, 28
)

// form is one of Unicode's four normal forms (UAX #15) as the reference's tables have them.
type form struct{ compatible, compose bool }

// formRune is a character of a decomposition; change as in normal.put.
type formRune struct {
	r      rune
	class  uint8
	change int32
}

// settled says whether the form leaves a text with only such characters alone.
func (f form) settled(props uint16, r rune) bool {
	stop := hasClass | hasCanonical
	if f.compose {
		stop = hasClass | isSecond | isNeverFC
	}
	if f.compatible {
		stop |= hasCompatible
	}
	return props&stop == 0 && (f.compose || r < syllableBase || r >= syllableBase+syllableCount)
}

func (f form) normalize(n *normal) {
	at, stop := f.unsettled(n.b, 0)
	if stop == len(n.b) {
		return
	}
	n.begin(0)
	c := composer{n: n, compose: f.compose, t: unicodeData()}
	n.pending, n.held = n.pending[:0], n.held[:0]
	if n.track {
		f.compositions(&c, 0, len(n.b))
		n.end()
		return
	}
	// What is settled is copied as it is. The character before one that is not may compose with it, the settled one behind it does not.
	done := 0
	for stop < len(n.b) {
		n.out = append(n.out, n.b[done:at]...)
		done = f.compositions(&c, at, stop)
		at, stop = f.unsettled(n.b, done)
	}
	n.out = append(n.out, n.b[done:]...)
	n.end()
}

// unsettled returns where the first character from i on stands that the form may change, and where the one before it does; the end of the text twice
// where there is none.
func (f form) unsettled(b []byte, i int) (before, at int) {
	t := unicodeData()
	before = i
	for i < len(b) {
		if b[i] < utf8.RuneSelf {
			before = i
			i++
			continue
		}
		r, size := decodeWide(b, i)
		if !f.settled(t.pages[r>>8][r&255], r) {
			return before, i
		}
		before = i
		i += size
	}
	return len(b), len(b)
}

// compositions takes characters from i on apart and composes them, until behind stop a settled one follows; it returns where that is.
func (f form) compositions(c *composer, i, stop int) int {
	b := c.n.b
	for i < len(b) {
		r, size := utf8.DecodeRune(b[i:])
		if i > stop && (r < utf8.RuneSelf || f.settled(runeProps(r), r)) {
			break
		}
		f.decompose(c, r)
		i += size
	}
	c.flush()
	c.finish()
	return i
}

// decompose takes one character apart.
func (f form) decompose(c *composer, r rune) {
	props := runeProps(r)
	switch {
	case r >= syllableBase && r < syllableBase+syllableCount:
		s := r - syllableBase
		c.add(leadBase+s/(vowelCount*trailCount), 0)
		c.add(vowelBase+s%(vowelCount*trailCount)/trailCount, 1)
		if t := s % trailCount; t > 0 {
			c.add(trailBase+t, 1)
		}
	case f.compatible && props&hasCompatible != 0:
		for i, d := range c.t.compat[r] {
			c.add(d, min(i, 1))
		}
	case props&hasCanonical != 0:
		for i, d := range c.t.canonical[r] {
			c.add(d, min(i, 1))
		}
	default:
		c.add(r, 0)
	}
}

// composer orders the marks of each character, and composes where the form asks for it. Characters leave in the order and with the changes of the
// reference's iterators.
type composer struct {
	n       *normal
	t       *unicodeTables
	compose bool
	have    bool // a starter waits for what may compose with it
	starter formRune
	last    int // class of the last mark behind it, -1 where there is none
}

// add takes a character of the decomposition.
func (c *composer) add(r rune, change int) {
	class := uint8(0)
	if runeProps(r)&hasClass != 0 {
		class = c.t.class[r]
	}
	if class == 0 {
		c.flush()
	}
	c.n.pending = append(c.n.pending, formRune{r, class, int32(change)})
}

// flush orders what waits by class and hands it on.
func (c *composer) flush() {
	p := c.n.pending
	if len(p) > 2 || len(p) == 2 && p[0].class > p[1].class {
		slices.SortStableFunc(p, func(a, b formRune) int { return int(a.class) - int(b.class) })
	}
	for _, f := range p {
		if c.compose {
			c.take(f)
		} else {
			c.n.put(f.r, int(f.change), true)
		}
	}
	c.n.pending = p[:0]
}

// take composes a character with the starter where it can.
func (c *composer) take(f formRune) {
	if !c.have {
		if f.class != 0 {
			c.n.put(f.r, int(f.change), true)
			return
		}
		c.starter, c.have, c.last = f, true, -1
		return
	}
	if c.last < 0 || c.last < int(f.class) {
		if r, ok := c.pair(c.starter.r, f.r); ok {
			c.starter.r = r
			c.starter.change += f.change - 1
			return
		}
	}
	if f.class == 0 {
		c.finish()
		c.starter, c.have, c.last = f, true, -1
		return
	}
	c.n.held = append(c.n.held, f)
	c.last = int(f.class)
}

// finish writes the starter and the marks that did not compose with it.
func (c *composer) finish() {
	if c.have {
		c.n.put(c.starter.r, int(c.starter.change), true)
	}
	for _, f := range c.n.held {
		c.n.put(f.r, int(f.change), true)
	}
	c.n.held, c.have = c.n.held[:0], false
}

// pair returns what two characters compose to.
func (c *composer) pair(a, b rune) (rune, bool) {
	if runeProps(b)&isSecond == 0 {
		return 0, false
	}
	if a >= leadBase && a < leadBase+leadCount && b >= vowelBase && b < vowelBase+vowelCount {
		return syllableBase + ((a-leadBase)*vowelCount+b-vowelBase)*trailCount, true
	}
	if a >= syllableBase && a < syllableBase+syllableCount && (a-syllableBase)%trailCount == 0 && b > trailBase && b < trailBase+trailCount {
		return a + b - trailBase, true
	}
	r, ok := c.t.pairs[[2]rune{a, b}]
	return r, ok
}
