package train

import (
	"sync"
	"unicode"
)

// Scripts of characters, as pieces are kept from mixing them: a number for each script of Unicode, and
const (
	scriptCommon    uint8 = iota // digits, punctuation, symbols
	scriptInherited              // marks: the script of what stands before
	scriptHan                    // with kana, which Japanese mixes with it
	scriptOther                  // the first of the others
)

// scripts gives the script of each code point, in pages of 256; equal pages lie there once.
type scripts struct {
	index [unicode.MaxRune>>8 + 1]uint8
	pages [][256]uint8
}

var scriptTable = sync.OnceValue(func() *scripts {
	all := make([]uint8, unicode.MaxRune+1)
	fill := func(t *unicode.RangeTable, script uint8) {
		for _, r := range t.R16 {
			for x := int(r.Lo); x <= int(r.Hi); x += int(r.Stride) {
				all[x] = script
			}
		}
		for _, r := range t.R32 {
			for x := int(r.Lo); x <= int(r.Hi); x += int(r.Stride) {
				all[x] = script
			}
		}
	}
	number := scriptOther
	for _, name := range sortedKeys(unicode.Scripts) {
		switch name {
		case "Common":
		case "Inherited":
			fill(unicode.Scripts[name], scriptInherited)
		case "Han", "Hiragana", "Katakana":
			fill(unicode.Scripts[name], scriptHan)
		default:
			fill(unicode.Scripts[name], number)
			number++
		}
	}
	all[0x30FC] = scriptHan // the mark of long vowels is Common to Unicode
	t, seen := &scripts{}, map[[256]uint8]uint8{}
	for i := range t.index {
		page := [256]uint8(all[i<<8:])
		n, ok := seen[page]
		if !ok {
			n = uint8(len(t.pages))
			seen[page] = n
			t.pages = append(t.pages, page)
		}
		t.index[i] = n
	}
	return t
})

func (s *scripts) of(r rune) uint8 { return s.pages[s.index[r>>8]][r&0xFF] }
