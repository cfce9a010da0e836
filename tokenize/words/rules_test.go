package words

import "unicode/utf8"

// rules cuts a text by the rules of the annex as they are written, one boundary at a time. It looks far back and ahead at each, so
// it is slow, and it shares nothing with the package but the table of classes.
func rules(text []byte) (ends []int) {
	t := table()
	var c []class
	var at []int
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		cl := t.of(r)
		if r == '\r' {
			cl = classes // CR, which only WB3 tells from the others
		} else if r == '\n' {
			cl = classes + 1
		}
		c, at = append(c, cl), append(at, i)
		i += n
	}
	for i := 1; i < len(c); i++ {
		if breaks(c, i) {
			ends = append(ends, at[i])
		}
	}
	if len(text) > 0 {
		ends = append(ends, len(text))
	}
	return ends
}

func ignored(c class) bool { return c == extend || c == format || c == zwj }
func isLine(c class) bool  { return c == newline || c >= classes }
func letterLike(c class) bool {
	return c == letter || c == letterPictograph || c == hebrew
}

// breaks says whether a word ends before character i.
func breaks(c []class, i int) bool {
	a, b := c[i-1], c[i]
	switch {
	case a == classes && b == classes+1: // WB3
		return false
	case isLine(a) || isLine(b): // WB3a, WB3b
		return true
	case a == zwj && (b == pictograph || b == letterPictograph): // WB3c
		return false
	case a == blank && b == blank: // WB3d
		return false
	case ignored(b): // WB4
		return false
	}
	back := func(k int) (int, class) { // the character before k that is not ignored
		for k--; k >= 0; k-- {
			if !ignored(c[k]) {
				if isLine(c[k]) {
					return k, other
				}
				return k, c[k]
			}
		}
		return -1, other
	}
	ahead := func(k int) class {
		for k++; k < len(c); k++ {
			if !ignored(c[k]) {
				return c[k]
			}
		}
		return other
	}
	ia, a := back(i)
	ibb, bb := back(ia)
	next := ahead(i)
	midLetters := func(x class) bool { return x == midLetter || x == midNumLet || x == singleQuote }
	midNums := func(x class) bool { return x == midNum || x == midNumLet || x == singleQuote }
	switch {
	case letterLike(a) && letterLike(b), // WB5
		letterLike(a) && midLetters(b) && letterLike(next), // WB6
		letterLike(bb) && midLetters(a) && letterLike(b),   // WB7
		a == hebrew && b == singleQuote,                    // WB7a
		a == hebrew && b == doubleQuote && next == hebrew,  // WB7b
		bb == hebrew && a == doubleQuote && b == hebrew,    // WB7c
		a == numeric && b == numeric,                       // WB8
		letterLike(a) && b == numeric,                      // WB9
		a == numeric && letterLike(b),                      // WB10
		bb == numeric && midNums(a) && b == numeric,        // WB11
		a == numeric && midNums(b) && next == numeric,      // WB12
		a == katakana && b == katakana,                     // WB13
		joins13(a) && b == joiner,                          // WB13a
		a == joiner && b != joiner && joins13(b):           // WB13b
		return false
	case a == regional && b == regional: // WB15, WB16
		n := 1
		for k := ibb; k >= 0 && bb == regional; k, bb = back(k) {
			n++
		}
		return n%2 == 0
	}
	return true
}

func joins13(c class) bool {
	return letterLike(c) || c == numeric || c == katakana || c == joiner
}
