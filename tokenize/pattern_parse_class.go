package tokenize

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// class reads a bracket expression behind its [.
func (p *patternParser) class() (*charClass, error) {
	if p.depth++; p.depth > maxPatternNest {
		return nil, fmt.Errorf("classes nest deeper than %d levels", maxPatternNest)
	}
	defer func() { p.depth-- }()
	negative := p.accept("^")
	var ranges []runeRange
	var left *charClass // of &&
	for first := true; ; first = false {
		switch {
		case !p.more():
			return nil, errors.New("class without an end")
		// A ] that comes first is a character, if another one follows to end the class.
		case p.s[p.at] == ']' && !(first && strings.IndexByte(p.s[p.at+1:], ']') >= 0):
			p.at++
			c := newClass(ranges)
			if left != nil {
				c = left.and(c)
			}
			if p.flags.fold {
				c = c.fold()
			}
			if negative {
				c = c.not()
			}
			return c, nil
		case p.accept("&&"):
			c := newClass(ranges)
			if left != nil {
				c = left.and(c)
			}
			left, ranges = c, nil
		default:
			more, err := p.classItem()
			if err != nil {
				return nil, err
			}
			ranges = append(ranges, more...)
		}
	}
}

// classItem reads a character, a range, an escape, a POSIX bracket or a class within the class.
func (p *patternParser) classItem() ([]runeRange, error) {
	if strings.HasPrefix(p.s[p.at:], "[:") {
		if c, ok, err := p.posix(); ok || err != nil {
			return c, err
		}
	}
	if p.accept("[") {
		c, err := p.class()
		if err != nil {
			return nil, err
		}
		return c.ranges, nil
	}
	c, err := p.classChar()
	if err != nil {
		return nil, err
	}
	// A - that stands last, or before a class within the class, is a character.
	low, single := c.single()
	if !single || p.at+1 >= len(p.s) || p.s[p.at] != '-' || p.s[p.at+1] == ']' {
		return c.ranges, nil
	}
	if strings.HasPrefix(p.s[p.at+1:], "[") || strings.HasPrefix(p.s[p.at+1:], "&&") {
		return c.ranges, nil
	}
	p.at++
	if c, err = p.classChar(); err != nil {
		return nil, err
	}
	high, single := c.single()
	if !single || high < low {
		return nil, errors.New("range in a class does not run from a character to a later one")
	}
	return []runeRange{{low, high}}, nil
}

// single returns the only code point of a class.
func (c *charClass) single() (rune, bool) {
	if len(c.ranges) != 1 || c.ranges[0][0] != c.ranges[0][1] {
		return 0, false
	}
	return c.ranges[0][0], true
}

// classChar reads one character of a class, or an escape that stands for several.
func (p *patternParser) classChar() (*charClass, error) {
	if !p.more() {
		return nil, errors.New("class without an end")
	}
	if p.accept(`\`) {
		if p.accept("b") {
			return newClass([]runeRange{{'\b', '\b'}}), nil
		}
		return p.classEscape()
	}
	r, n := utf8.DecodeRuneInString(p.s[p.at:])
	p.at += n
	return newClass([]runeRange{{r, r}}), nil
}

// posix reads [:alpha:] and [:^alpha:]. A bracket with another name is an ordinary class, as in the engine.
func (p *patternParser) posix() ([]runeRange, bool, error) {
	name, _, ok := strings.Cut(p.s[p.at+2:], ":]")
	if !ok || len(name) > 12 {
		return nil, false, nil
	}
	bare := strings.TrimPrefix(name, "^")
	var c *charClass
	switch bare {
	case "punct": // symbols count here
		c = categoryClass("P", "S")
	case "graph":
		c = newClass(append(spaceClass().ranges, categoryClass("Cc").ranges...)).not()
	case "print":
		c = categoryClass("Cc").not()
	case "alpha", "digit", "alnum", "upper", "lower", "space", "cntrl", "xdigit", "word", "blank", "ascii":
		c = propertyClass(bare)
	default:
		return nil, false, nil
	}
	if name != bare {
		c = c.not()
	}
	p.at += 2 + len(name) + 2
	return c.ranges, true, nil
}

// classEscape reads what is behind a backslash and stands for characters.
func (p *patternParser) classEscape() (*charClass, error) {
	r, n := utf8.DecodeRuneInString(p.s[p.at:])
	if n == 0 {
		return nil, errors.New("nothing behind the last backslash")
	}
	p.at += n
	one := func(r rune) (*charClass, error) { return newClass([]runeRange{{r, r}}), nil }
	switch r {
	case 'd':
		return categoryClass("Nd"), nil
	case 'D':
		return categoryClass("Nd").not(), nil
	case 's':
		return spaceClass(), nil
	case 'S':
		return spaceClass().not(), nil
	case 'w':
		return propertyClass("word"), nil
	case 'W':
		return propertyClass("word").not(), nil
	case 'h':
		return propertyClass("xdigit"), nil
	case 'H':
		return propertyClass("xdigit").not(), nil
	case 'p', 'P':
		return p.property(r == 'P')
	case 't':
		return one('\t')
	case 'n':
		return one('\n')
	case 'r':
		return one('\r')
	case 'f':
		return one('\f')
	case 'v':
		return one('\v')
	case 'a':
		return one('\a')
	case 'e':
		return one(0x1B)
	case '0':
		return one(0)
	case 'x':
		if p.accept("{") {
			digits, _, ok := strings.Cut(p.s[p.at:], "}")
			p.at += len(digits) + 1
			return p.hex(digits, ok)
		}
		return p.hexDigits(2)
	case 'u':
		return p.hexDigits(4)
	}
	// Other letters stand for themselves; these would change what the pattern means.
	if strings.ContainsRune("cCMkgXRGK123456789", r) {
		return nil, fmt.Errorf(`\%c is not supported here`, r)
	}
	return one(r)
}

// hexDigits reads up to so many digits.
func (p *patternParser) hexDigits(most int) (*charClass, error) {
	n := 0
	for n < most && p.at+n < len(p.s) && strings.IndexByte("0123456789abcdefABCDEF", p.s[p.at+n]) >= 0 {
		n++
	}
	digits := p.s[p.at : p.at+n]
	p.at += n
	return p.hex(digits, n > 0)
}

// hex returns the class of the one character that has this number.
func (p *patternParser) hex(digits string, ok bool) (*charClass, error) {
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || !ok || n > unicode.MaxRune {
		return nil, fmt.Errorf("%s is not the number of a character", shown(digits))
	}
	return newClass([]runeRange{{rune(n), rune(n)}}), nil
}

// property reads {L}, {^L} or a single letter.
func (p *patternParser) property(negative bool) (*charClass, error) {
	name := ""
	if p.accept("{") {
		var ok bool
		if name, _, ok = strings.Cut(p.s[p.at:], "}"); !ok {
			return nil, errors.New("property without an end")
		}
		p.at += len(name) + 1
		if bare := strings.TrimPrefix(name, "^"); bare != name {
			name, negative = bare, !negative
		}
	} else {
		return nil, errors.New(`\p without {}`)
	}
	c := propertyClass(name)
	if c == nil {
		return nil, fmt.Errorf("property %s is not known", shown(name))
	}
	if negative {
		c = c.not()
	}
	return c, nil
}
