package tokenize

import (
	"errors"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// A pattern is parsed into nodes. The syntax is Oniguruma's (that of Ruby), in which the patterns of a tokenizer.json are written; back references, \X and calls
// of groups are refused.
type patternNode struct {
	op       nodeOp
	class    *charClass
	subs     []*patternNode
	min, max int // of repeat; max -1: no limit
	lazy     bool
	negative bool // of look
}

type nodeOp uint8

const (
	nodeEmpty nodeOp = iota
	nodeClass
	nodeSeq
	nodeAlt
	nodeRepeat
	nodeAtomic
	nodeAhead
	nodeBehind
	nodeLineStart
	nodeLineEnd
	nodeTextStart
	nodeTextEnd
	nodeTextEndLine
	nodeWordEdge
	nodeNoWordEdge
)

// Limits of a pattern: longer ones would make loading slow or the program large.
const (
	maxPattern     = 1 << 16
	maxPatternNest = 200
	maxRepeat      = 1000
)

// patternFlags are what (?imx) switches.
type patternFlags struct{ fold, dotAll, extended bool }

type patternParser struct {
	s     string
	at    int
	flags patternFlags
	depth int
}

func parsePattern(source string) (*patternNode, error) {
	if len(source) > maxPattern {
		return nil, fmt.Errorf("pattern has %d bytes; %d is the limit", len(source), maxPattern)
	}
	p := &patternParser{s: source}
	n, err := p.alternatives()
	if err == nil && p.at < len(p.s) {
		err = errors.New("unmatched )")
	}
	if err != nil {
		return nil, fmt.Errorf("pattern %s at byte %d: %w", shown(source), p.at, err)
	}
	return n, nil
}

func (p *patternParser) more() bool { return p.at < len(p.s) }

// accept steps over a text where it is next.
func (p *patternParser) accept(text string) bool {
	if len(p.s)-p.at >= len(text) && p.s[p.at:p.at+len(text)] == text {
		p.at += len(text)
		return true
	}
	return false
}

// alternatives reads a|b|c. Flags switched inside last to its end.
func (p *patternParser) alternatives() (*patternNode, error) {
	if p.depth++; p.depth > maxPatternNest {
		return nil, fmt.Errorf("groups nest deeper than %d levels", maxPatternNest)
	}
	flags := p.flags
	defer func() { p.flags = flags; p.depth-- }()
	alt := &patternNode{op: nodeAlt}
	for {
		n, err := p.sequence()
		if err != nil {
			return nil, err
		}
		alt.subs = append(alt.subs, n)
		if !p.accept("|") {
			break
		}
	}
	if len(alt.subs) == 1 {
		return alt.subs[0], nil
	}
	return alt, nil
}

// sequence reads what stands one behind the other, up to | or ).
func (p *patternParser) sequence() (*patternNode, error) {
	seq := &patternNode{op: nodeSeq}
	for p.more() && p.s[p.at] != '|' && p.s[p.at] != ')' {
		if p.flags.extended && p.skipExtended() {
			continue
		}
		n, err := p.atom()
		if err != nil {
			return nil, err
		}
		if n == nil { // flags, a comment
			continue
		}
		if n, err = p.repeats(n); err != nil {
			return nil, err
		}
		seq.subs = append(seq.subs, n)
	}
	return seq, nil
}

// skipExtended steps over white space and comments of (?x).
func (p *patternParser) skipExtended() bool {
	switch p.s[p.at] {
	case ' ', '\t', '\n', '\r', '\f', '\v':
		p.at++
		return true
	case '#':
		for p.more() && p.s[p.at] != '\n' {
			p.at++
		}
		return true
	}
	return false
}

// repeats reads the quantifiers behind an atom. X+ behind a quantifier is possessive, but behind {n,m} it repeats again, as in Ruby.
func (p *patternParser) repeats(n *patternNode) (*patternNode, error) {
	for p.more() {
		lo, hi, interval := 0, -1, false
		switch p.s[p.at] {
		case '*':
			p.at++
		case '+':
			lo = 1
			p.at++
		case '?':
			hi = 1
			p.at++
		case '{':
			var ok bool
			if lo, hi, ok = p.interval(); !ok {
				return n, nil
			}
			interval = true
		default:
			return n, nil
		}
		if lo > maxRepeat || hi > maxRepeat || hi >= 0 && lo > hi {
			return nil, fmt.Errorf("repetition {%d,%d} is out of range (limit %d)", lo, hi, maxRepeat)
		}
		n = &patternNode{op: nodeRepeat, subs: []*patternNode{n}, min: lo, max: hi}
		if p.accept("?") {
			n.lazy = true
		} else if !interval && p.accept("+") {
			n = &patternNode{op: nodeAtomic, subs: []*patternNode{n}}
		}
	}
	return n, nil
}

// interval reads {2}, {2,}, {,3} or {2,3}; anything else is text.
func (p *patternParser) interval() (lo, hi int, ok bool) {
	i := p.at + 1
	number := func() (int, bool) {
		start := i
		for i < len(p.s) && '0' <= p.s[i] && p.s[i] <= '9' && i-start < 6 {
			i++
		}
		n, err := strconv.Atoi(p.s[start:i])
		return n, err == nil
	}
	lo, hasLo := number()
	hi, hasHi := lo, hasLo
	if i < len(p.s) && p.s[i] == ',' {
		i++
		if hi, hasHi = number(); !hasHi {
			hi = -1
		}
	}
	if i >= len(p.s) || p.s[i] != '}' || !hasLo && !hasHi {
		return 0, 0, false
	}
	p.at = i + 1
	return lo, hi, true
}

func classNode(c *charClass) *patternNode { return &patternNode{op: nodeClass, class: c} }

// char is a node for one character, in all its cases where the flag is set.
func (p *patternParser) char(r rune) *patternNode {
	c := newClass([]runeRange{{r, r}})
	if p.flags.fold {
		c = c.fold()
	}
	return classNode(c)
}

// atom reads what a quantifier may stand behind: a character, a class, a group, a condition.
func (p *patternParser) atom() (*patternNode, error) {
	switch c := p.s[p.at]; c {
	case '(':
		p.at++
		return p.group()
	case '[':
		p.at++
		c, err := p.class()
		if err != nil {
			return nil, err
		}
		return classNode(c), nil
	case '.':
		p.at++
		if p.flags.dotAll {
			return classNode(newClass([]runeRange{{0, unicode.MaxRune}})), nil
		}
		return classNode(newClass([]runeRange{{'\n', '\n'}}).not()), nil
	case '^':
		p.at++
		return &patternNode{op: nodeLineStart}, nil
	case '$':
		p.at++
		return &patternNode{op: nodeLineEnd}, nil
	case '*', '+', '?':
		return nil, fmt.Errorf("nothing for %c to repeat", c)
	case '\\':
		p.at++
		return p.escape()
	}
	r, n := utf8.DecodeRuneInString(p.s[p.at:])
	p.at += n
	return p.char(r), nil
}

// group reads what is behind an opening parenthesis.
func (p *patternParser) group() (*patternNode, error) {
	op, negative := nodeSeq, false
	switch {
	case p.accept("?:"):
	case p.accept("?="):
		op = nodeAhead
	case p.accept("?!"):
		op, negative = nodeAhead, true
	case p.accept("?<="):
		op = nodeBehind
	case p.accept("?<!"):
		op, negative = nodeBehind, true
	case p.accept("?>"):
		op = nodeAtomic
	case p.accept("?#"):
		for p.more() && p.s[p.at] != ')' {
			p.at++
		}
		if !p.accept(")") {
			return nil, errors.New("comment without an end")
		}
		return nil, nil
	case p.accept("?<"), p.accept("?'"): // a name
		for p.more() && p.s[p.at] != '>' && p.s[p.at] != '\'' {
			p.at++
		}
		p.at++
	case p.accept("?"):
		return p.switches()
	}
	if p.at > len(p.s) {
		return nil, errors.New("group without an end")
	}
	n, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if !p.accept(")") {
		return nil, errors.New("group without an end")
	}
	return &patternNode{op: op, subs: []*patternNode{n}, negative: negative}, nil
}

// switches reads (?i) and (?i-m:...).
func (p *patternParser) switches() (*patternNode, error) {
	flags, on := p.flags, true
	for p.more() {
		c := p.s[p.at]
		p.at++
		switch c {
		case '-':
			on = false
		case 'i':
			flags.fold = on
		case 'm':
			flags.dotAll = on
		case 'x':
			flags.extended = on
		case ')', ':':
			before := p.flags
			p.flags = flags
			// (?i) holds to the end of the group, alternatives included.
			n, err := p.alternatives()
			if err != nil {
				return nil, err
			}
			if c == ':' {
				p.flags = before
				if !p.accept(")") {
					return nil, errors.New("group without an end")
				}
			}
			return n, nil
		default:
			return nil, fmt.Errorf("group option %c is not known", c)
		}
	}
	return nil, errors.New("group without an end")
}

// escape reads what is behind a backslash, outside of a class.
func (p *patternParser) escape() (*patternNode, error) {
	if !p.more() {
		return nil, errors.New("nothing behind the last backslash")
	}
	switch p.s[p.at] {
	case 'A':
		p.at++
		return &patternNode{op: nodeTextStart}, nil
	case 'z':
		p.at++
		return &patternNode{op: nodeTextEnd}, nil
	case 'Z':
		p.at++
		return &patternNode{op: nodeTextEndLine}, nil
	case 'b':
		p.at++
		return &patternNode{op: nodeWordEdge}, nil
	case 'B':
		p.at++
		return &patternNode{op: nodeNoWordEdge}, nil
	case 'R':
		p.at++
		pair := &patternNode{op: nodeSeq, subs: []*patternNode{classNode(newClass([]runeRange{{'\r', '\r'}})), classNode(newClass([]runeRange{{'\n', '\n'}}))}}
		// Line ends: CR LF as one, or any single one.
		one := classNode(newClass([]runeRange{{'\n', '\r'}, {0x85, 0x85}, {0x2028, 0x2029}}))
		return &patternNode{op: nodeAtomic, subs: []*patternNode{{op: nodeAlt, subs: []*patternNode{pair, one}}}}, nil
	case '1', '2', '3', '4', '5', '6', '7', '8', '9', 'k', 'g', 'G', 'K', 'X', 'y', 'Y', 'N', 'O':
		return nil, fmt.Errorf(`\%c is not supported`, p.s[p.at])
	}
	if c := p.s[p.at]; c == 'w' || c == 'W' {
		p.at++
		word := propsClass(isPatternWord)
		if c == 'W' {
			word = word.not()
		}
		return classNode(word), nil
	}
	c, err := p.classEscape()
	if err != nil {
		return nil, err
	}
	if p.flags.fold {
		c = c.fold()
	}
	return classNode(c), nil
}
