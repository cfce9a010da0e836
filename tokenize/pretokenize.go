package tokenize

import "unicode/utf8"

// piece is a stretch of the text of pieces: a word in the making.
type piece struct {
	start, end int32
	first      bool // it starts where the input starts
}

// pieces is text on its way through the pre-tokenizers: cut ever finer, each piece ending as one word for the model.
type pieces struct {
	b     []byte
	at    []span // as in normal
	track bool
	cuts  []piece

	next    []piece // what the running step makes of cuts
	out     []byte  // and of b, for those that change the text
	outAt   []span
	found   []span // buffers of split
	matches []match
}

// match is a stretch that a pattern matches, or one between two that do.
type match struct {
	start, end int32
	is         bool
}

// set starts with one piece.
func (p *pieces) set(b []byte, at []span, track, first bool) {
	p.b = append(p.b[:0], b...)
	p.at, p.track = p.at[:0], track
	if track {
		p.at = append(p.at, at...)
	}
	p.cuts = p.cuts[:0]
	if len(b) > 0 {
		p.cuts = append(p.cuts, piece{0, int32(len(b)), first})
	}
}

// part adds a piece to what comes next; of is the piece that it is a part of. Empty ones disappear.
func (p *pieces) part(of piece, start, end int32) {
	if start == end {
		return
	}
	first := of.first && start == of.start
	if p.track {
		first = p.at[start][0] == 0
	}
	p.next = append(p.next, piece{start, end, first})
}

// done makes what comes next the pieces.
func (p *pieces) done() { p.cuts, p.next = p.next, p.cuts[:0] }

// behaviour says what becomes of the matches of a pattern that splits.
type behaviour uint8

const (
	isolated behaviour = iota
	removed
	mergedWithPrevious
	mergedWithNext
	contiguous
)

// behaviours are the names in a tokenizer.json.
var behaviours = map[string]behaviour{"Isolated": isolated, "Removed": removed, "MergedWithPrevious": mergedWithPrevious,
	"MergedWithNext": mergedWithNext, "Contiguous": contiguous}

// preTokenizer is one step.
type preTokenizer interface{ apply(p *pieces) }

// runeSplit splits at characters of a kind.
type runeSplit struct {
	is func(rune) bool
	as behaviour
}

func (s runeSplit) apply(p *pieces) {
	p.next = p.next[:0]
	for _, c := range p.cuts {
		p.matches = p.matches[:0]
		last := c.start
		for i := c.start; i < c.end; {
			r, size := rune(p.b[i]), 1
			if r >= utf8.RuneSelf {
				r, size = utf8.DecodeRune(p.b[i:c.end])
			}
			to := i + int32(size)
			if s.is(r) {
				if last < i {
					p.matches = append(p.matches, match{last, i, false})
				}
				p.matches = append(p.matches, match{i, to, true})
				last = to
			}
			i = to
		}
		if last < c.end {
			p.matches = append(p.matches, match{last, c.end, false})
		}
		p.split(c, s.as)
	}
	p.done()
}

// patternSplit splits at what a pattern finds, or with invert at what it leaves over.
type patternSplit struct {
	find   finder
	invert bool
	as     behaviour
}

func (s patternSplit) apply(p *pieces) {
	p.next = p.next[:0]
	for _, c := range p.cuts {
		p.matches = p.matches[:0]
		last := c.start
		p.found = s.find.matches(p.found[:0], p.b[c.start:c.end])
		for _, f := range p.found {
			start, end := c.start+f[0], c.start+f[1]
			if last < start {
				p.matches = append(p.matches, match{last, start, s.invert})
			}
			p.matches = append(p.matches, match{start, end, !s.invert})
			last = end
		}
		if last < c.end {
			p.matches = append(p.matches, match{last, c.end, s.invert})
		}
		p.split(c, s.as)
	}
	p.done()
}

// split turns the matches in a piece into pieces, by the rules of the reference.
func (p *pieces) split(c piece, as behaviour) {
	m := p.matches
	switch as {
	case isolated:
		for _, x := range m {
			p.part(c, x.start, x.end)
		}
	case removed:
		for _, x := range m {
			if !x.is {
				p.part(c, x.start, x.end)
			}
		}
	case contiguous:
		for i := 0; i < len(m); {
			j := i + 1
			for j < len(m) && m[j].is == m[i].is {
				j++
			}
			p.part(c, m[i].start, m[j-1].end)
			i = j
		}
	case mergedWithPrevious:
		for i := 0; i < len(m); {
			j := i + 1
			if !m[i].is && j < len(m) && m[j].is {
				j++
			}
			p.part(c, m[i].start, m[j-1].end)
			i = j
		}
	case mergedWithNext:
		for i := 0; i < len(m); {
			j := i + 1
			if m[i].is && j < len(m) && !m[j].is {
				j++
			}
			p.part(c, m[i].start, m[j-1].end)
			i = j
		}
	}
}

// rewrite starts a step that changes the text, and copies what is in front of a piece.
func (p *pieces) rewrite() {
	p.next, p.out, p.outAt = p.next[:0], p.out[:0], p.outAt[:0]
}

// write appends text that has the place of byte i.
func (p *pieces) write(text string, i int32) {
	p.out = append(p.out, text...)
	if p.track {
		for range len(text) {
			p.outAt = append(p.outAt, p.at[i])
		}
	}
}

// copy appends bytes as they are.
func (p *pieces) copy(start, end int32) {
	p.out = append(p.out, p.b[start:end]...)
	if p.track {
		p.outAt = append(p.outAt, p.at[start:end]...)
	}
}

// rewritten makes what was written the text; the pieces stand in next.
func (p *pieces) rewritten() {
	p.b, p.out = p.out, p.b
	p.at, p.outAt = p.outAt, p.at
	p.done()
}
