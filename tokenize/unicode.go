package tokenize

import (
	_ "embed"
	"encoding/binary"
	"sync"
)

// unicodeBlob is what the reference says of each code point, see testdata/gen/tokenize_unicode.py. It mixes versions of Unicode (9 in its normal
// forms, 8 in its categories, 16 elsewhere), so that no table of Go's gives its ids.
//
//go:embed unicode.bin
var unicodeBlob []byte

// What unicode.bin says of a code point, a bit each.
const (
	isOther       uint16 = 1 << iota // categories Cc, Cf, Cn, Co: what clean_text removes
	isPunctuation                    // also all printable ASCII that is neither letter nor digit
	isNonspacing                     // Mn: what strip_accents removes
	isMark                           // M: what StripAccents removes
	isNumeric                        // N
	isWordRune                       // \w of added tokens and of the Whitespace pre-tokenizer
	isExtend                         // goes on with the grapheme before it
	isPatternWord                    // \w in patterns
	isAlphabetic
	isSpaceRune // White_Space
	hasLower
	hasCanonical // decomposes canonically
	hasCompatible
	hasClass  // has a canonical combining class other than 0
	isSecond  // may compose with the character before it
	isNeverFC // decomposes and never comes back
)

// unicodeTables is unicode.bin unpacked.
type unicodeTables struct {
	pages             [0x110000 >> 8]*[256]uint16
	lower             map[rune][]rune
	canonical, compat map[rune][]rune // full decompositions; compat only where it differs
	class             map[rune]uint8
	pairs             map[[2]rune]rune // primary composites
	scripts           []scriptRange    // ascending
	categories        []scriptRange    // the general categories, see categoryNames
}

// scriptRange is a stretch of code points of one script; code points in none never cut.
type scriptRange struct {
	start, end rune
	script     uint8
}

var unicodeData = sync.OnceValue(loadUnicode)

// runeProps returns the bits of a code point.
func runeProps(r rune) uint16 {
	if uint32(r) >= 0x110000 {
		return 0
	}
	return unicodeData().pages[r>>8][r&255]
}

func isWhite(r rune) bool {
	if r < 0x80 {
		return asciiClass[r] == classSpace
	}
	return runeProps(r)&isSpaceRune != 0
}

func loadUnicode() *unicodeTables {
	t := &unicodeTables{}
	flat := make([]uint16, 0x110000)
	b := blobReader{unicodeBlob}
	for _, bit := range []uint16{isOther, isPunctuation, isNonspacing, isMark, isNumeric, isWordRune, isExtend, isPatternWord, isAlphabetic} {
		at := 0
		for range b.next() {
			at += b.next()
			for n := b.next(); n > 0; n-- {
				flat[at] |= bit
				at++
			}
		}
	}
	for _, r := range []rune{9, 10, 11, 12, 13, ' ', 0x85, 0xA0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
		0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000} {
		flat[r] |= isSpaceRune
	}
	t.lower = b.mapping(flat, hasLower)
	t.canonical = b.mapping(flat, hasCanonical)
	t.compat = b.mapping(flat, hasCompatible)
	t.class = map[rune]uint8{}
	for r, v := range b.mapping(flat, hasClass) {
		t.class[r] = uint8(v[0])
	}
	t.pairs = map[[2]rune]rune{}
	for r := range t.canonical {
		flat[r] |= isNeverFC
	}
	for r, v := range b.mapping(flat, 0) {
		t.pairs[[2]rune{v[0], v[1]}] = r
		flat[v[1]] |= isSecond
		flat[r] &^= isNeverFC
	}
	for r := vowelBase; r < trailBase+trailCount; r++ {
		flat[r] |= isSecond
	}
	t.scripts, t.categories = b.ranges(), b.ranges()
	shared := map[[256]uint16]*[256]uint16{}
	for i := range t.pages {
		page := (*[256]uint16)(flat[i<<8:])
		if shared[*page] == nil {
			own := *page
			shared[own] = &own
		}
		t.pages[i] = shared[*page]
	}
	return t
}

// blobReader reads the numbers of unicode.bin; the file is part of the program, so that a mistake in it is a bug.
type blobReader struct{ b []byte }

func (b *blobReader) next() int {
	n, size := binary.Uvarint(b.b)
	b.b = b.b[size:]
	return int(n)
}

func (b *blobReader) ranges() []scriptRange {
	list, at := make([]scriptRange, b.next()), 0
	for i := range list {
		start := at + b.next()
		at = start + b.next()
		list[i] = scriptRange{rune(start), rune(at), uint8(b.next())}
	}
	return list
}

func (b *blobReader) mapping(flat []uint16, bit uint16) map[rune][]rune {
	n := b.next()
	m := make(map[rune][]rune, n)
	at := 0
	for range n {
		at += b.next()
		to := make([]rune, b.next())
		for i := range to {
			to[i] = rune(b.next())
		}
		m[rune(at)] = to
		flat[at] |= bit
	}
	return m
}
