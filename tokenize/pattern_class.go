package tokenize

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// runeRange is a closed range of code points.
type runeRange [2]rune

// runeClass is a set of code points: a bit each of ASCII, and sorted ranges.
type charClass struct {
	ascii  [2]uint64
	ranges []runeRange
}

// has says whether the class has a code point.
func (c *charClass) has(r rune) bool {
	if r < utf8.RuneSelf {
		return c.ascii[r>>6]>>(r&63)&1 != 0
	}
	lo, hi := 0, len(c.ranges)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if c.ranges[mid][1] < r {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(c.ranges) && c.ranges[lo][0] <= r
}

// newClass sorts and joins ranges.
func newClass(ranges []runeRange) *charClass {
	slices.SortFunc(ranges, func(a, b runeRange) int { return int(a[0]) - int(b[0]) })
	c := &charClass{}
	for _, r := range ranges {
		if n := len(c.ranges); n > 0 && r[0] <= c.ranges[n-1][1]+1 {
			c.ranges[n-1][1] = max(c.ranges[n-1][1], r[1])
		} else {
			c.ranges = append(c.ranges, r)
		}
	}
	for r := rune(0); r < utf8.RuneSelf; r++ {
		for _, x := range c.ranges {
			if x[0] <= r && r <= x[1] {
				c.ascii[r>>6] |= 1 << (r & 63)
			}
		}
	}
	return c
}

// not returns all code points but those of c.
func (c *charClass) not() *charClass {
	var out []runeRange
	next := rune(0)
	for _, r := range c.ranges {
		if next < r[0] {
			out = append(out, runeRange{next, r[0] - 1})
		}
		next = r[1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, runeRange{next, unicode.MaxRune})
	}
	return newClass(out)
}

// and returns the code points of both.
func (c *charClass) and(d *charClass) *charClass {
	return newClass(append(c.not().ranges, d.not().ranges...)).not()
}

// fold adds the other cases of each code point.
func (c *charClass) fold() *charClass {
	out := slices.Clone(c.ranges)
	for _, r := range c.ranges {
		if r[1]-r[0] > 0x3000 { // large classes hold all cases of what they hold, but for a few that no pattern asks for
			continue
		}
		for x := r[0]; x <= r[1]; x++ {
			for y := unicode.SimpleFold(x); y != x; y = unicode.SimpleFold(y) {
				out = append(out, runeRange{y, y})
			}
		}
	}
	return newClass(out)
}

// categoryNames are the general categories in the order of unicode.bin.
var categoryNames = strings.Fields("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co")

// longNames are the names of groups of categories that patterns spell out.
var longNames = map[string]string{"letter": "L", "mark": "M", "number": "N", "punctuation": "P", "punct": "P", "symbol": "S", "separator": "Z",
	"other": "C", "uppercaseletter": "Lu", "lowercaseletter": "Ll", "titlecaseletter": "Lt", "modifierletter": "Lm", "otherletter": "Lo",
	"nonspacingmark": "Mn", "spacingmark": "Mc", "enclosingmark": "Me", "decimalnumber": "Nd", "letternumber": "Nl", "othernumber": "No",
	"digit": "Nd", "control": "Cc", "cntrl": "Cc", "format": "Cf"}

// propertyClass returns the class of \p{name}, nil where the name is not known.
func propertyClass(name string) *charClass {
	key := strings.ToLower(strings.NewReplacer("_", "", " ", "", "-", "").Replace(name))
	switch key {
	case "any":
		return newClass([]runeRange{{0, unicode.MaxRune}})
	case "space", "whitespace":
		return spaceClass()
	case "word":
		// The engine's \w alone has the superscripts and fractions of Latin-1, but not in a class.
		return propsClass(isPatternWord).and(newClass([]runeRange{{0xB2, 0xB3}, {0xB9, 0xB9}, {0xBC, 0xBE}}).not())
	case "alnum":
		return newClass(append(propsClass(isAlphabetic).ranges, categoryClass("Nd").ranges...))
	case "alpha", "alphabetic":
		return propsClass(isAlphabetic)
	case "upper", "uppercase":
		return newClass(append(tableRanges(unicode.Other_Uppercase), categoryClass("Lu").ranges...))
	case "lower", "lowercase":
		return newClass(append(tableRanges(unicode.Other_Lowercase), categoryClass("Ll").ranges...))
	case "ascii":
		return newClass([]runeRange{{0, 0x7F}})
	case "xdigit":
		return newClass([]runeRange{{'0', '9'}, {'a', 'f'}, {'A', 'F'}})
	case "blank":
		return newClass(append(categoryClass("Zs").ranges, runeRange{'\t', '\t'}))
	case "cn":
		return categoryClass("L", "M", "N", "P", "S", "Z", "C").not()
	}
	if long, ok := longNames[key]; ok {
		key = strings.ToLower(long)
	}
	for _, c := range categoryNames {
		if strings.EqualFold(c, key) || len(key) == 1 && strings.EqualFold(c[:1], key) {
			c := categoryClass(strings.ToUpper(key[:1]) + key[1:])
			if key == "c" { // unassigned code points count as Other
				return newClass(append(propertyClass("Cn").ranges, c.ranges...))
			}
			return c
		}
	}
	for n, t := range unicode.Scripts {
		if strings.EqualFold(strings.ReplaceAll(n, "_", ""), key) {
			ranges := tableRanges(t)
			if key == "han" {
				ranges = append(ranges, runeRange{0x2EBF0, 0x2EE5D}) // Unicode 15.1
			}
			return newClass(ranges)
		}
	}
	return nil
}

// propsClass returns the code points that have a bit of unicode.bin.
func propsClass(bit uint16) *charClass {
	var out []runeRange
	for i, page := range unicodeData().pages {
		for j, props := range page {
			if props&bit == 0 {
				continue
			}
			r := rune(i<<8 | j)
			if n := len(out); n > 0 && out[n-1][1] == r-1 {
				out[n-1][1] = r
			} else {
				out = append(out, runeRange{r, r})
			}
		}
	}
	return newClass(out)
}

// categoryClass returns the code points of general categories, by their names or the first letters of these.
func categoryClass(names ...string) *charClass {
	var out []runeRange
	for _, r := range unicodeData().categories {
		for _, n := range names {
			if strings.HasPrefix(categoryNames[r.script], n) {
				out = append(out, runeRange{r.start, r.end - 1})
			}
		}
	}
	return newClass(out)
}

func tableRanges(t *unicode.RangeTable) []runeRange {
	var out []runeRange
	for _, r := range t.R16 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			if r.Stride == 1 {
				out = append(out, runeRange{c, rune(r.Hi)})
				break
			}
			out = append(out, runeRange{c, c})
		}
	}
	for _, r := range t.R32 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			if r.Stride == 1 {
				out = append(out, runeRange{c, rune(r.Hi)})
				break
			}
			out = append(out, runeRange{c, c})
		}
	}
	return out
}

func spaceClass() *charClass { return newClass(tableRanges(unicode.White_Space)) }
