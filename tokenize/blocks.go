package tokenize

import (
	"math/bits"
	"unicode/utf8"
)

// blockBytes are classified at once: a bit a byte of one machine word.
const blockBytes = 64

// cutter finds where words start, 64 bytes of text at a time, by the rules of [WordEnd]. A loop over words that looks for the end of each would be
// wrong about its length for every other word, which costs the processor as much as all the rest; here the same few operations serve all bytes.
// It carries what one block has to know of the one before.
type cutter struct {
	// The last character of the block before, 1 for the class it has and the others 0.
	letter, number, symbol, space, blank uint64
	over                                 int    // bytes of this block that belong to a character begun in the one before,
	overClass                            uint8  // whose class this is
	set, clear                           uint64 // starts of words in this block that the one before has settled
}

// Lanes of asciiLanes: byte j of an entry is 1 where the byte of text is in class j.
const (
	laneLetter = 8 * iota
	laneNumber
	laneSpace
	laneBlank // U+0020, a space too
	laneQuote // ', which may begin a contraction
	laneOther // not ASCII: a byte alone does not tell
)

// asciiLanes spreads the class of a byte over lanes, so that the classes of eight bytes are gathered by shifting and adding.
var asciiLanes = func() (t [256]uint64) {
	for c := range t {
		switch asciiClass[c] {
		case classLetter:
			t[c] = 1 << laneLetter
		case classNumber:
			t[c] = 1 << laneNumber
		case classSpace:
			t[c] = 1 << laneSpace
		case classNonASCII:
			t[c] = 1 << laneOther
		}
	}
	t[' '] |= 1 << laneBlank
	t['\''] |= 1 << laneQuote
	return t
}()

// starts returns the bytes of text[at:at+64] that start a word. Bits beyond the end of the text are zero. Blocks must be asked for in order.
func (c *cutter) starts(text []byte, at int) uint64 {
	if at+blockBytes <= len(text) {
		return c.block((*[blockBytes]byte)(text[at:]), text, at)
	}
	// Blanks behind the end make what the pattern says of it come out right: white space before it is one word.
	var last [blockBytes]byte
	for i := copy(last[:], text[at:]); i < blockBytes; i++ {
		last[i] = ' '
	}
	return c.block(&last, text, at) & (1<<(len(text)-at) - 1)
}

// block is starts for 64 bytes in memory, which are those of text at at.
func (c *cutter) block(b *[blockBytes]byte, text []byte, at int) uint64 {
	// Byte j of row k has the bits of lane j for bytes 8k to 8k+7. Written out, so that places are constants and rows registers.
	r0, r1 := lanes((*[4]byte)(b[0:]))|lanes((*[4]byte)(b[4:]))<<4, lanes((*[4]byte)(b[8:]))|lanes((*[4]byte)(b[12:]))<<4
	r2, r3 := lanes((*[4]byte)(b[16:]))|lanes((*[4]byte)(b[20:]))<<4, lanes((*[4]byte)(b[24:]))|lanes((*[4]byte)(b[28:]))<<4
	r4, r5 := lanes((*[4]byte)(b[32:]))|lanes((*[4]byte)(b[36:]))<<4, lanes((*[4]byte)(b[40:]))|lanes((*[4]byte)(b[44:]))<<4
	r6, r7 := lanes((*[4]byte)(b[48:]))|lanes((*[4]byte)(b[52:]))<<4, lanes((*[4]byte)(b[56:]))|lanes((*[4]byte)(b[60:]))<<4
	letter, number, space, blank := columns(r0, r1, r2, r3, r4, r5, r6, r7)
	var quote, wide uint64
	if rare := (r0 | r1 | r2 | r3 | r4 | r5 | r6 | r7) >> laneQuote; rare != 0 || c.over > 0 {
		var other uint64
		quote, other, _, _ = columns(r0>>laneQuote, r1>>laneQuote, r2>>laneQuote, r3>>laneQuote, r4>>laneQuote, r5>>laneQuote, r6>>laneQuote, r7>>laneQuote)
		if other != 0 || c.over > 0 {
			l, n, s, w := c.decode(text, at, other)
			letter, number, space, wide = letter|l, number|n, space|s, w
		}
	}
	symbol := ^(letter | number | space)
	// What follows decides whether a white space is the last one of several, which does not belong to those before it.
	next := space >> 1
	if c.over == 0 && at+blockBytes < len(text) {
		next |= isSpace(text, at+blockBytes) << 63
	} else if c.over == 0 || c.overClass == classSpace {
		next |= 1 << 63
	}
	starts := (letter&^(letter<<1|c.letter)|number&^(number<<1|c.number)|symbol&^(symbol<<1|c.symbol))&^(blank<<1|c.blank) |
		space&^(space<<1|c.space) | space&^next
	set, clear := c.set, c.clear
	c.set, c.clear = 0, 0
	if quote&starts|wide != 0 {
		starts = c.exceptions(text, at, starts, quote, wide)
	}
	c.letter, c.number, c.symbol, c.space, c.blank = letter>>63, number>>63, symbol>>63, space>>63, blank>>63
	return starts&^clear | set
}

// isSpace is 1 where the character at i is white space.
func isSpace(text []byte, i int) uint64 {
	if b := text[i]; b < utf8.RuneSelf {
		return asciiLanes[b] >> laneSpace & 1
	}
	if classAt(text, i) == classSpace {
		return 1
	}
	return 0
}

// lanes gathers the classes of four bytes: bit k of byte j is set where byte k is in lane j.
func lanes(b *[4]byte) uint64 {
	return ((asciiLanes[b[3]]<<1|asciiLanes[b[2]])<<1|asciiLanes[b[1]])<<1 | asciiLanes[b[0]]
}

// columns turns the first four lanes of eight rows by a quarter: bit i of a result is byte i of the text.
func columns(r0, r1, r2, r3, r4, r5, r6, r7 uint64) (lane0, lane1, lane2, lane3 uint64) {
	const low16, low8 = 0x0000FFFF0000FFFF, 0x00FF00FF00FF00FF
	// Rows k and k+4 side by side, then k and k+2, then k and k+1: each step halves the width of what moves.
	a0, a1 := uint64(uint32(r0))|r4<<32, uint64(uint32(r1))|r5<<32
	a2, a3 := uint64(uint32(r2))|r6<<32, uint64(uint32(r3))|r7<<32
	b0, b1 := a0&low16|a2<<16&^low16, a1&low16|a3<<16&^low16
	b2, b3 := a0>>16&low16|a2&^low16, a1>>16&low16|a3&^low16
	return b0&low8 | b1<<8&^low8, b0>>8&low8 | b1&^low8, b2&low8 | b3<<8&^low8, b2>>8&low8 | b3&^low8
}

// decode classifies the characters that are not ASCII; other has their bytes. wide has the first byte of white space.
func (c *cutter) decode(text []byte, at int, other uint64) (letter, number, space, wide uint64) {
	mark := func(mask uint64, class uint8) {
		switch class {
		case classLetter:
			letter |= mask
		case classNumber:
			number |= mask
		case classSpace:
			space |= mask
		}
	}
	if c.over > 0 {
		mask := uint64(1)<<c.over - 1
		mark(mask, c.overClass)
		other &^= mask
		c.over = 0
	}
	classes := classTable()
	for other != 0 {
		i := bits.TrailingZeros64(other)
		r, n := decodeWide(text, at+i)
		mask := (uint64(1)<<n - 1) << i
		class := classSymbol
		if r < classLimit {
			class = classes[r]
		}
		mark(mask, class)
		if class == classSpace {
			wide |= 1 << i
		}
		if i+n > blockBytes {
			c.over, c.overClass = i+n-blockBytes, class
		}
		other &^= mask
	}
	return letter, number, space, wide
}

// exceptions puts the starts right where the classes of bytes do not tell them: at contractions, and at white space of several bytes.
func (c *cutter) exceptions(text []byte, at int, starts, quote, wide uint64) uint64 {
	for quote &= starts; quote != 0; quote &= quote - 1 {
		i := bits.TrailingZeros64(quote)
		if n := contraction(text[at+i:]); n > 0 {
			// The letter behind the ' belongs to it; whatever is behind the contraction starts a word.
			starts &^= 1 << (i + 1)
			c.clear |= 1 << i >> 63
			starts |= 1 << (i + n)
			c.set |= 1 << i >> (64 - n)
		}
	}
	for ; wide != 0; wide &= wide - 1 {
		i := bits.TrailingZeros64(wide)
		_, n := utf8.DecodeRune(text[at+i:])
		rest := uint64(1)<<(n-1) - 1 // its bytes but the first
		starts &^= rest << (i + 1)
		c.clear |= rest >> (63 - i)
		if end := at + i + n; end < len(text) && classAt(text, end) != classSpace {
			starts |= 1 << i
		}
	}
	return starts
}
