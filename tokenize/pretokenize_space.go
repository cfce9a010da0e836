package tokenize

import (
	"bytes"
	"unicode/utf8"
)

// steps runs pre-tokenizers one after the other.
type steps []preTokenizer

func (s steps) apply(p *pieces) {
	for _, step := range s {
		step.apply(p)
	}
}

// isPunct is what the reference calls punctuation: its table's, and all symbols of ASCII.
func isPunct(r rune) bool {
	if r < utf8.RuneSelf {
		return asciiClass[r] == classSymbol && r > ' ' && r != 0x7F
	}
	return runeProps(r)&isPunctuation != 0
}

func isDigit(r rune) bool {
	if r < utf8.RuneSelf {
		return asciiClass[r] == classNumber
	}
	return runeProps(r)&isNumeric != 0
}

// wordsAndSymbols is the pattern \w+|[^\w\s]+ of the Whitespace pre-tokenizer: what lies between is removed.
type wordsAndSymbols struct{}

func (wordsAndSymbols) apply(p *pieces) {
	kind := func(r rune) uint16 {
		if r < utf8.RuneSelf {
			if r == '_' {
				return isWordRune
			}
			return [...]uint16{classSymbol: 0, classLetter: isWordRune, classNumber: isWordRune, classSpace: isSpaceRune}[asciiClass[r]]
		}
		return runeProps(r) & (isWordRune | isSpaceRune)
	}
	p.next = p.next[:0]
	for _, c := range p.cuts {
		// A piece ends where the kind of characters changes; white space is dropped.
		start, last := c.start, uint16(isSpaceRune)
		for i := c.start; i < c.end; {
			r, size := utf8.DecodeRune(p.b[i:c.end])
			if k := kind(r); k != last {
				if last != isSpaceRune {
					p.part(c, start, i)
				}
				start, last = i, k
			}
			i += int32(size)
		}
		if last != isSpaceRune {
			p.part(c, start, c.end)
		}
	}
	p.done()
}

// fixedLength cuts into so many characters.
type fixedLength int

func (n fixedLength) apply(p *pieces) {
	p.next = p.next[:0]
	for _, c := range p.cuts {
		start, count := c.start, 0
		for i := c.start; i < c.end; {
			_, size := utf8.DecodeRune(p.b[i:c.end])
			i += int32(size)
			if count++; count == int(n) || i == c.end {
				p.part(c, start, i)
				start, count = i, 0
			}
		}
	}
	p.done()
}

// scheme says when Metaspace puts its character in front.
type scheme uint8

const (
	always scheme = iota
	never
	onlyFirst
)

// metaspace makes blanks visible, so that words keep theirs.
type metaspace struct {
	mark   string // one character, ▁
	prefix scheme
	split  bool
}

func (m metaspace) apply(p *pieces) {
	p.rewrite()
	for _, c := range p.cuts {
		// A text that starts with a blank, or with the mark itself, has one in front already.
		start := int32(len(p.out))
		text := p.b[c.start:c.end]
		if !bytes.HasPrefix(text, []byte(m.mark)) && text[0] != ' ' && (m.prefix == always || m.prefix == onlyFirst && c.first) {
			p.write(m.mark, c.start)
			p.leadPlace(c)
		}
		for i := c.start; i < c.end; {
			n := int32(bytes.IndexByte(p.b[i:c.end], ' '))
			if n < 0 {
				p.copy(i, c.end)
				break
			}
			p.copy(i, i+n)
			p.write(m.mark, i+n)
			i += n + 1
		}
		p.next = append(p.next, piece{start, int32(len(p.out)), c.first})
	}
	p.rewritten()
	if m.split {
		mark, _ := utf8.DecodeRuneInString(m.mark)
		runeSplit{func(r rune) bool { return r == mark }, mergedWithNext}.apply(p)
	}
}

// leadPlace gives the first character of a piece one place, that of its last byte, as the reference does when it puts something in front.
func (p *pieces) leadPlace(c piece) {
	if p.track {
		_, size := utf8.DecodeRune(p.b[c.start:c.end])
		for i := range int32(size) {
			p.at[c.start+i] = p.at[c.start+int32(size)-1]
		}
	}
}

// byteLevelSplit is ByteLevel among other pre-tokenizers: it may put a blank in front, cuts by GPT-2's pattern and writes bytes as characters.
type byteLevelSplit struct{ prefix, regex bool }

func (s byteLevelSplit) apply(p *pieces) {
	if s.prefix {
		p.rewrite()
		for _, c := range p.cuts {
			start := int32(len(p.out))
			if p.b[c.start] != ' ' {
				p.write(" ", c.start)
				p.leadPlace(c)
			}
			p.copy(c.start, c.end)
			p.next = append(p.next, piece{start, int32(len(p.out)), c.first})
		}
		p.rewritten()
	}
	// A word never depends on what lies before it, so that each piece is scanned by itself.
	if s.regex {
		p.next = p.next[:0]
		for _, c := range p.cuts {
			text := p.b[:c.end]
			for i := int(c.start); i < len(text); {
				end := WordEnd(text, i)
				p.part(c, int32(i), int32(end))
				i = end
			}
		}
		p.done()
	}
	// Every byte has the place of its character.
	p.rewrite()
	for _, c := range p.cuts {
		start := int32(len(p.out))
		for i := c.start; i < c.end; i++ {
			p.out = utf8.AppendRune(p.out, byteRune[p.b[i]])
			if p.track {
				for len(p.outAt) < len(p.out) {
					p.outAt = append(p.outAt, p.at[i])
				}
			}
		}
		p.next = append(p.next, piece{start, int32(len(p.out)), c.first})
	}
	p.rewritten()
}

// whiteSplit cuts at white space and removes it.
type whiteSplit struct{}

func (whiteSplit) apply(p *pieces) { runeSplit{isWhite, removed}.apply(p) }

// bertSplit cuts at white space and sets punctuation apart.
type bertSplit struct{}

func (bertSplit) apply(p *pieces) {
	whiteSplit{}.apply(p)
	runeSplit{isPunct, isolated}.apply(p)
}
