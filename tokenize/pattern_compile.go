package tokenize

import (
	"errors"
	"fmt"
)

// maxProgram bounds the instructions of a pattern.
const maxProgram = 20_000

// newPattern compiles a pattern.
func newPattern(source string) (finder, error) {
	if f := knownPattern(source); f != nil {
		return f, nil
	}
	return compilePattern(source)
}

// compilePattern compiles a pattern, well-known or not.
func compilePattern(source string) (*pattern, error) {
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
	p := &pattern{source: source, code: c.code}
	p.first = p.firstClass()
	return p, nil
}

// patternCompiler lays the instructions of a tree out one after the other, as Thompson's construction does; unlike there, the order of a split's two ways
// matters, since the first one that matches is the match.
type patternCompiler struct{ code []instr }

func (c *patternCompiler) emit(i instr) int32 {
	c.code = append(c.code, i)
	return int32(len(c.code) - 1)
}

func (c *patternCompiler) here() int32 { return int32(len(c.code)) }

// node appends the instructions of a node; what they match, the instruction behind them goes on with.
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
		// split first, next; first; jump end; next: ...
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
		// A possessive run of one class, \p{L}++: never given back, so that one loop takes it.
		if r := n.subs[0]; n.op == nodeAtomic && r.op == nodeRepeat && r.subs[0].op == nodeClass && !r.lazy {
			c.emit(instr{op: opRun, class: r.subs[0].class, lo: int32(r.min), hi: int32(r.max)})
			return nil
		}
		lo, hi := n.subs[0].width()
		op := map[nodeOp]opcode{nodeAtomic: opAtomic, nodeAhead: opAhead, nodeBehind: opBehind}[n.op]
		at := c.emit(instr{op: op, neg: n.negative, lo: int32(min(lo, longestBehind)), hi: int32(min(hi, longestBehind))})
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

// repeat writes a node as often as it must match, then as often as it may, each time behind a split that leaves. Copies instead of counters keep what an
// instruction does independent of how it was reached, which the book of failed tries needs.
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
	if n.max < 0 { // again and again: the last copy jumps back to its split
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

// width returns how many characters a node takes at least and at most; longestBehind stands for all that are longer.
func (n *patternNode) width() (lo, hi int) {
	switch n.op {
	case nodeClass:
		return 1, 1
	case nodeSeq, nodeAtomic:
		for _, s := range n.subs {
			a, b := s.width()
			lo, hi = min(lo+a, longestBehind), min(hi+b, longestBehind)
		}
	case nodeAlt:
		lo = longestBehind
		for _, s := range n.subs {
			a, b := s.width()
			lo, hi = min(lo, a), max(hi, b)
		}
	case nodeRepeat:
		a, b := n.subs[0].width()
		lo, hi = min(a*n.min, longestBehind), min(b*n.max, longestBehind)
		if n.max < 0 {
			hi = min(b, 1) * longestBehind
		}
	}
	return lo, hi
}
