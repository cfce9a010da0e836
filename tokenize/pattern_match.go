package tokenize

import (
	"sync"
	"unicode/utf8"
)

// pattern is a compiled pattern. Matching backtracks, in the order that the pattern says, but never tries the same instruction at the same place twice: its
// time is bounded by the length of pattern times text.
type pattern struct {
	source string
	code   []instr
	first  *charClass // what a match may start with; nil: anything
	state  sync.Pool
}

type instr struct {
	op    opcode
	class *charClass
	x, y  int32 // where to go on; of a split, first x, then y
	neg   bool
	// Of a look-behind, how many characters it may take; of opRun, the least and the most.
	lo, hi int32
}

type opcode uint8

const (
	opClass opcode = iota
	opSplit
	opJump
	opMatch
	opAhead  // look-ahead: the instructions from x to an opMatch; on with y
	opBehind // look-behind: the same, for each start in front that could end here
	opAtomic // the same, and takes what they match
	opRun    // as many characters of class as there are, and never fewer
	opAssert // of the node's kind in neg and x
)

// patternState is what matching writes to.
type patternState struct {
	stack   []patternPlace
	visited []uint64
	base    int // place of the first bit of visited
	steps   int
	budget  int // steps that conditions and atomic groups may still take in this text
	// The last run of opRun: its instruction, and the bytes that it covers.
	run        int32
	start, end int
}

type patternPlace struct{ pc, at int32 }

// quickSteps is how long a match is looked for without keeping book of what has been tried; ordinary patterns on ordinary text never get there.
const quickSteps = 4096

func (p *pattern) matches(dst []span, text []byte) []span {
	s, _ := p.state.Get().(*patternState)
	if s == nil {
		s = &patternState{}
	}
	s.visited, s.run = s.visited[:0], -1
	s.budget = innerSteps + 64*len(text)
	for at := 0; at <= len(text); {
		end := -1
		if p.first == nil || at < len(text) && p.first.has(runeAt(text, at)) {
			end = p.match(s, text, at)
		}
		if end >= 0 {
			dst = append(dst, span{int32(at), int32(end)})
			if end > at {
				at = end
				continue
			}
		}
		if at == len(text) {
			break
		}
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	if cap(s.visited) <= 1<<17 && cap(s.stack) <= 1<<16 {
		p.state.Put(s)
	}
	return dst
}

func runeAt(text []byte, at int) rune {
	r := rune(text[at])
	if r >= utf8.RuneSelf {
		r, _ = utf8.DecodeRune(text[at:])
	}
	return r
}

// match returns where the match at a place ends, -1 where there is none.
func (p *pattern) match(s *patternState, text []byte, at int) int {
	s.steps = 0
	if len(s.visited) == 0 {
		end, ok := p.exec(s, text, 0, at, len(s.stack), quickSteps)
		if ok {
			return end
		}
		// From here on every failed try is written down, for this and all later starts.
		s.stack = s.stack[:0]
		words := ((len(text)-at+1)*len(p.code) + 63) / 64
		if cap(s.visited) < words {
			s.visited = make([]uint64, words)
		}
		s.visited = s.visited[:words]
		clear(s.visited)
		s.base = at
	}
	end, _ := p.exec(s, text, 0, at, len(s.stack), 0)
	s.stack = s.stack[:0]
	if end >= 0 { // the way of a match has not failed: what it tried at its end may be tried again from there
		first := (end - s.base) * len(p.code)
		for i := first; i < first+len(p.code); i++ {
			s.visited[i/64] &^= 1 << (i % 64)
		}
	}
	return end
}

// untried says whether an instruction is new at a place, and writes down that it no longer is.
func (s *patternState) untried(size int, pc int32, at int) bool {
	bit := (at-s.base)*size + int(pc)
	if s.visited[bit/64]>>(bit%64)&1 != 0 {
		return false
	}
	s.visited[bit/64] |= 1 << (bit % 64)
	return true
}

// exec goes from an instruction at a place until it matches (the end), or all ways are tried (-1). With a limit it gives up (false) after so many steps;
// without one it keeps the book.
func (p *pattern) exec(s *patternState, text []byte, pc int32, at, bottom, limit int) (int, bool) {
	for {
		if s.steps++; limit > 0 && s.steps > limit {
			return -1, false
		}
		ok := limit > 0 || s.untried(len(p.code), pc, at)
		if ok {
			i := &p.code[pc]
			switch i.op {
			case opMatch:
				s.stack = s.stack[:bottom]
				return at, true
			case opJump:
				pc = i.x
			case opSplit:
				s.stack = append(s.stack, patternPlace{i.y, int32(at)})
				pc = i.x
			case opClass:
				if ok = at < len(text); ok {
					r, size := rune(text[at]), 1
					if r >= utf8.RuneSelf {
						r, size = utf8.DecodeRune(text[at:])
					}
					if ok = i.class.has(r); ok {
						at += size
						pc++
					}
				}
			case opRun:
				at, ok = p.runEnd(s, i, pc, text, at)
				pc++
			case opAssert:
				ok = p.holds(nodeOp(i.x), text, at)
				pc++
			default:
				to := p.inner(s, i, text, at)
				if ok = (to >= 0) != i.neg; ok {
					if i.op == opAtomic {
						at = to
					}
					pc = i.y
				}
			}
		}
		if !ok {
			if len(s.stack) == bottom {
				return -1, true
			}
			top := s.stack[len(s.stack)-1]
			s.stack = s.stack[:len(s.stack)-1]
			pc, at = top.pc, int(top.at)
		}
	}
}

// runEnd returns where the run of a class ends. A later start within the same run need not look again.
func (p *pattern) runEnd(s *patternState, i *instr, pc int32, text []byte, at int) (int, bool) {
	if s.run == pc && s.start <= at && at < s.end && i.hi < 0 && i.lo <= 1 {
		return s.end, true
	}
	end, n := at, int32(0)
	for end < len(text) && n != i.hi {
		r, size := rune(text[end]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[end:])
		}
		if !i.class.has(r) {
			break
		}
		end += size
		n++
	}
	s.run, s.start, s.end = pc, at, end
	return end, n >= i.lo
}

// innerSteps is what the conditions and atomic groups of a pattern may cost in a short text; in a long one 64 steps a byte come on top. When they are used
// up no more of them match, so that a hostile pattern ends in time.
const innerSteps = 1 << 20

// longestBehind is how many characters a look-behind looks at.
const longestBehind = 64

// inner runs the instructions of a look-around or an atomic group and returns where their match ends, -1 where there is none. It keeps no book: the same
// ones may have to succeed from several places.
func (p *pattern) inner(s *patternState, i *instr, text []byte, at int) int {
	before, bottom := s.steps, len(s.stack)
	s.steps = 0
	end, from := -1, at
	if i.op == opBehind {
		for n := int32(0); n <= i.hi; n++ {
			if n >= i.lo {
				if to, ok := p.exec(s, text[:at], i.x, from, bottom, max(s.budget, 1)); ok && to == at {
					end = at
					break
				}
				s.stack = s.stack[:bottom]
			}
			if from == 0 {
				break
			}
			_, size := utf8.DecodeLastRune(text[:from])
			from -= size
		}
	} else if to, ok := p.exec(s, text, i.x, at, bottom, max(s.budget, 1)); ok {
		end = to
	}
	s.budget -= s.steps
	s.steps, s.stack = before+1, s.stack[:bottom]
	return end
}

// holds says whether a condition without text of its own is met.
func (p *pattern) holds(op nodeOp, text []byte, at int) bool {
	switch op {
	case nodeLineStart:
		return at == 0 || text[at-1] == '\n' && at < len(text)
	case nodeLineEnd:
		return at == len(text) || text[at] == '\n'
	case nodeTextStart:
		return at == 0
	case nodeTextEnd:
		return at == len(text)
	case nodeTextEndLine:
		return at == len(text) || at == len(text)-1 && text[at] == '\n'
	}
	before, behind := false, false
	if at > 0 {
		r, _ := utf8.DecodeLastRune(text[:at])
		before = runeProps(r)&isPatternWord != 0
	}
	if at < len(text) {
		behind = runeProps(runeAt(text, at))&isPatternWord != 0
	}
	return (before != behind) == (op == nodeWordEdge)
}
