package tokenize

import (
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"
)

// pattern is a compiled pattern. Matching backtracks, in the order that the pattern says, but never tries the same instruction at the same place twice: its
// time is bounded by the length of pattern times text.
type pattern struct {
	code  []instr
	first *charClass // what a match may start with; nil: anything
	state sync.Pool
}

type instr struct {
	op    opcode
	class *charClass
	x, y  int32 // where to go on; of a split, first x, then y
	neg   bool
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
	opAssert // of the node's kind in neg and x
)

// maxProgram bounds the instructions of a pattern.
const maxProgram = 20_000

// newPattern compiles a pattern.
func newPattern(source string) (finder, error) {
	if f := knownPattern(source); f != nil {
		return f, nil
	}
	n, err := parsePattern(source)
	if err != nil {
		return nil, err
	}
	c := &patternCompiler{}
	if err = c.node(n); err == nil {
		c.emit(instr{op: opMatch})
	}
	if err != nil || len(c.code) > maxProgram {
		if err == nil {
			err = errors.New("is too large")
		}
		return nil, fmt.Errorf("pattern %s: %w", shown(source), err)
	}
	p := &pattern{code: c.code}
	p.first = p.firstClass()
	return p, nil
}

type patternCompiler struct{ code []instr }

func (c *patternCompiler) emit(i instr) int32 {
	c.code = append(c.code, i)
	return int32(len(c.code) - 1)
}

func (c *patternCompiler) here() int32 { return int32(len(c.code)) }

func (c *patternCompiler) node(n *patternNode) error {
	if len(c.code) > maxProgram {
		return fmt.Errorf("has more than %d instructions", maxProgram)
	}
	switch n.op {
	case nodeEmpty:
	case nodeClass:
		c.emit(instr{op: opClass, class: n.class})
	case nodeSeq:
		for _, s := range n.subs {
			if err := c.node(s); err != nil {
				return err
			}
		}
	case nodeAlt:
		var ends []int32
		for i, s := range n.subs {
			if i == len(n.subs)-1 {
				if err := c.node(s); err != nil {
					return err
				}
				break
			}
			split := c.emit(instr{op: opSplit})
			c.code[split].x = c.here()
			if err := c.node(s); err != nil {
				return err
			}
			ends = append(ends, c.emit(instr{op: opJump}))
			c.code[split].y = c.here()
		}
		for _, e := range ends {
			c.code[e].x = c.here()
		}
	case nodeRepeat:
		return c.repeat(n)
	case nodeAtomic, nodeAhead, nodeBehind:
		op := map[nodeOp]opcode{nodeAtomic: opAtomic, nodeAhead: opAhead, nodeBehind: opBehind}[n.op]
		at := c.emit(instr{op: op, neg: n.negative})
		c.code[at].x = c.here()
		if err := c.node(n.subs[0]); err != nil {
			return err
		}
		c.emit(instr{op: opMatch})
		c.code[at].y = c.here()
	default:
		c.emit(instr{op: opAssert, x: int32(n.op)})
	}
	return nil
}

func (c *patternCompiler) repeat(n *patternNode) error {
	for range n.min {
		if err := c.node(n.subs[0]); err != nil {
			return err
		}
	}
	fork := func() int32 {
		at := c.emit(instr{op: opSplit})
		if n.lazy {
			c.code[at].y = c.here()
		} else {
			c.code[at].x = c.here()
		}
		return at
	}
	leave := func(at int32) {
		if n.lazy {
			c.code[at].x = c.here()
		} else {
			c.code[at].y = c.here()
		}
	}
	if n.max < 0 {
		at := fork()
		if err := c.node(n.subs[0]); err != nil {
			return err
		}
		c.emit(instr{op: opJump, x: at})
		leave(at)
		return nil
	}
	var forks []int32
	for range n.max - n.min {
		forks = append(forks, fork())
		if err := c.node(n.subs[0]); err != nil {
			return err
		}
	}
	for _, at := range forks {
		leave(at)
	}
	return nil
}

// firstClass returns what a match can start with, nil where a match may be empty or start with a condition.
func (p *pattern) firstClass() *charClass {
	var ranges []runeRange
	seen := make([]bool, len(p.code))
	var walk func(pc int32) bool
	walk = func(pc int32) bool {
		if seen[pc] {
			return true
		}
		seen[pc] = true
		switch i := p.code[pc]; i.op {
		case opClass:
			ranges = append(ranges, i.class.ranges...)
			return true
		case opSplit:
			return walk(i.x) && walk(i.y)
		case opJump:
			return walk(i.x)
		}
		return false
	}
	if !walk(0) {
		return nil
	}
	return newClass(ranges)
}

// patternState is what matching writes to.
type patternState struct {
	stack   []patternPlace
	visited []uint64
	base    int // place of the first bit of visited
	steps   int
}

type patternPlace struct{ pc, at int32 }

// quickSteps is how long a match is looked for without keeping book of what has been tried; ordinary patterns on ordinary text never get there.
const quickSteps = 4096

func (p *pattern) matches(dst []span, text []byte) []span {
	s, _ := p.state.Get().(*patternState)
	if s == nil {
		s = &patternState{}
	}
	s.visited = s.visited[:0]
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
		end, ok := p.run(s, text, 0, at, len(s.stack), false)
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
	end, _ := p.run(s, text, 0, at, len(s.stack), true)
	s.stack = s.stack[:0]
	if end >= 0 { // the way of a match has not failed: what it tried at its end may be tried again from there
		first := (end - s.base) * len(p.code)
		for i := first; i < first+len(p.code); i++ {
			s.visited[i/64] &^= 1 << (i % 64)
		}
	}
	return end
}

// run goes from an instruction at a place until it matches (the end), or all ways are tried (-1). Without a book it gives up (false) after quickSteps.
func (p *pattern) run(s *patternState, text []byte, pc int32, at, bottom int, book bool) (int, bool) {
	for {
		if s.steps++; !book && s.steps > quickSteps {
			return -1, false
		}
		ok := true
		if book {
			bit := (at-s.base)*len(p.code) + int(pc)
			if s.visited[bit/64]>>(bit%64)&1 != 0 {
				ok = false
			} else {
				s.visited[bit/64] |= 1 << (bit % 64)
			}
		}
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
			case opAssert:
				ok = p.holds(nodeOp(i.x), text, at)
				pc++
			default:
				var to int
				if to, ok = p.inner(s, i, text, at); !ok {
					return -1, false
				}
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

// innerSteps bounds what one condition or atomic group may cost; one that costs more does not match.
const innerSteps = 1 << 16

// inner runs the instructions of a look-around or an atomic group. It keeps no book: the same ones may have to succeed from several places.
func (p *pattern) inner(s *patternState, i *instr, text []byte, at int) (int, bool) {
	before := s.steps
	attempt := func(from, limit int) (int, bool) {
		s.steps = quickSteps - limit
		end, ok := p.run(s, text, i.x, from, len(s.stack), false)
		if !ok {
			end = -1
		}
		return end, ok
	}
	if i.op == opBehind {
		s.steps = before
		return p.behind(s, i, text, at), true
	}
	bottom := len(s.stack)
	end, _ := attempt(at, innerSteps)
	s.stack = s.stack[:bottom]
	s.steps = before + 1
	return end, true
}

// longestBehind is how many characters a look-behind looks at.
const longestBehind = 64

func (p *pattern) behind(s *patternState, i *instr, text []byte, at int) int {
	before, bottom := s.steps, len(s.stack)
	defer func() { s.steps, s.stack = before+1, s.stack[:bottom] }()
	from := at
	for range longestBehind + 1 {
		s.steps = 0
		if end, ok := p.run(s, text[:at], i.x, from, bottom, false); ok && end == at {
			return at
		}
		s.stack = s.stack[:bottom]
		if from == 0 {
			break
		}
		_, size := utf8.DecodeLastRune(text[:from])
		from -= size
	}
	return -1
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
