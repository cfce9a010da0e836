package words

import (
	"sync"
	"unicode"
)

// class is the word break property of a code point, finer where the kind of a word depends on it.
type class uint8

const (
	other   class = iota
	complex       // letters of scripts that need a dictionary: the property has no class for them
	han
	hiragana
	letter
	letterPictograph // such as U+2139 and U+24C2
	pictograph
	hebrew
	numeric
	katakana
	joiner // ExtendNumLet
	extend
	format
	zwj
	regional
	midLetter
	midNum
	midNumLet
	singleQuote
	doubleQuote
	newline
	blank
	classes
)

// pages is the class of every code point in two steps: a page of 256 code points, then the code point. Equal pages lie there once.
type pages struct {
	index [unicode.MaxRune>>8 + 1]uint8
	class [][256]class
}

var table = sync.OnceValue(func() *pages {
	all := make([]class, unicode.MaxRune+1)
	fill := func(t *unicode.RangeTable, c class) {
		for _, r := range t.R16 {
			for x := int(r.Lo); x <= int(r.Hi); x += int(r.Stride) {
				all[x] = c
			}
		}
		for _, r := range t.R32 {
			for x := int(r.Lo); x <= int(r.Hi); x += int(r.Stride) {
				all[x] = c
			}
		}
	}
	// The annex has no class for these; one that is in ranges as well (U+3005 is a letter) gets its class from there.
	fill(unicode.Letter, complex)
	fill(unicode.Han, han)
	fill(unicode.Hiragana, hiragana)
	// Half of the code points have no class at all, and pages of one class are many: 149 different ones remain of 4,352.
	for x := range 0x80 {
		all[x] = asciiToClass(byte(x))
	}
	for _, r := range ranges {
		for x := r.lo; x <= r.hi; x++ {
			all[x] = r.class
		}
	}
	p, seen := &pages{}, map[[256]class]uint8{}
	for i := range p.index {
		page := [256]class(all[i<<8:])
		n, ok := seen[page]
		if !ok {
			n = uint8(len(p.class))
			seen[page] = n
			p.class = append(p.class, page)
		}
		p.index[i] = n
	}
	return p
})

func (p *pages) of(r rune) class { return p.class[p.index[r>>8]][r&0xFF] }

func asciiToClass(c byte) class {
	switch b := ascii[c]; {
	case b == isLetter:
		return letter
	case b == isDigit:
		return numeric
	case b == isJoiner:
		return joiner
	case b == isBlank:
		return blank
	case b == isNewline:
		return newline
	case c == '\'':
		return singleQuote
	case c == '"':
		return doubleQuote
	case c == '.':
		return midNumLet
	case b == isMidLetter:
		return midLetter
	case b == isMidNum:
		return midNum
	}
	return other
}

// standIn gives, for each class and number of bytes in UTF-8 (from 2 on), a code point that segment treats as the rules want that class
// to be treated; "" where the class has no code point of that length. Where the rules for a class have changed, or segment gets them wrong
// (the quotes of Hebrew), it is shown a class without them, and joins in stretch.go adds what is missing.
var standIn = [classes][5]string{
	other:            {2: "§", 3: "←", 4: "𝄀"},
	complex:          {2: "§", 3: "←", 4: "𝄀"},
	pictograph:       {2: "§", 3: "←", 4: "𝄀"},
	blank:            {2: "§", 3: "←"},
	han:              {3: "一", 4: "𠀀"},
	hiragana:         {3: "あ", 4: "\U0001B001"},
	katakana:         {3: "ア", 4: "\U0001B000"},
	letter:           {2: "é", 3: "ḁ", 4: "𐐀"},
	letterPictograph: {3: "ḁ", 4: "𐐀"},
	hebrew:           {2: "é", 3: "ḁ"},
	numeric:          {2: "٠", 3: "०", 4: "𐒠"},
	joiner:           {3: "‿"},
	extend:           {2: "\U00000300", 3: "\U000020D0", 4: "\U000E0100"},
	format:           {2: "\U000000AD", 3: "\U00002060", 4: "\U000E0001"},
	zwj:              {3: "\U000020D0"},
	regional:         {4: "\U0001F1E6"},
	midLetter:        {2: "·", 3: "‧"},
	midNum:           {2: "\U0000037E", 3: "\U0000FE10"},
	midNumLet:        {3: "․"},
	newline:          {2: "\U00000085", 3: "\U00002028"},
}
