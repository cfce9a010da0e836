package corpus

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// code passes over one token of code, or one byte of it. What matters is to find where strings end, so that no comment is
// seen in them; a quote that never closes is taken for a letter, so that one does not hide the rest of the file.
func (c *comments) code(b byte) {
	switch b {
	// Whether the byte opens a string at all is for the language to say.
	case '"', '\'', '`':
		c.quote(b)
		return
	case '(', '[', '{':
		c.depth++
	case ')', ']', '}':
		c.depth = max(0, c.depth-1)
	case '\\':
		if c.lang.line == "#" && c.peek(1) != 0 && c.peek(1) != '\n' {
			c.at++ // \# and \' are letters
		}
	case '/':
		if c.lang.regexps && c.regexpStart() && c.regexp() {
			return
		}
	case 'r':
		if c.lang.raw == rawHashes && !identByte(c.peek(-1)) && c.rustRaw() {
			return
		}
	case '<':
		if c.lang.heredoc && c.has("<<") && c.peek(2) != '<' && c.peek(-1) != '<' {
			c.openHeredoc()
		}
	}
	c.at++
}

// identByte reports whether b can be part of a name.
func identByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z' || b >= utf8.RuneSelf
}

// quote passes over the string that opens here.
func (c *comments) quote(q byte) {
	l := c.lang
	triple := strings.Repeat(string(rune(q)), 3)
	end := -1
	switch {
	case q == '`' && l.raw == rawBacktick:
		end = c.closing("`", false)
	case q == '`' && l.raw == rawTemplate:
		end = c.template(c.at, 0)
	case q == '`':
	case q == '"' && l.raw == rawDelimited && c.peek(-1) == 'R' && (!identByte(c.peek(-2)) || strings.IndexByte("LuU8", c.peek(-2)) >= 0):
		end = c.cppRaw()
	// Tripled quotes come before single ones, which would see an empty string and then an open one.
	case l.tripled && c.has(triple) && (q == '"' || l.docString):
		if end = c.closing(triple, true); end > 0 && l.docString {
			c.docString(end)
		}
	case q == '"' && l.longText:
		end = c.closing(`"`, true)
	case q == '\'' && l.charLong:
		end = c.closing("'", c.peek(-1) == '$')
	case q == '\'' && l == langRust:
		end = c.rustChar()
	case q == '\'' && l == langC && c.digitSeparator():
	case q == '"' || l.chars:
		end = c.shortString(q)
	}
	if end < 0 {
		end = c.at + 1
	}
	c.at = end
}

// closing finds the end of a string that may span lines and ends with quote; -1 when it never closes.
func (c *comments) closing(quote string, escapes bool) int {
	if c.hopeless[quote[0]] {
		return -1
	}
	for i := c.at + len(quote); i < len(c.src); i++ {
		switch {
		case escapes && c.src[i] == '\\':
			i++
		case c.src[i] == quote[0] && bytes.HasPrefix(c.src[i:], []byte(quote)):
			return i + len(quote)
		}
	}
	c.hopeless[quote[0]] = true // or each such quote would search to the end again
	return -1
}

// shortString finds the end of a string that ends with its line at the latest.
func (c *comments) shortString(q byte) int {
	// A newline ends it whether or not it was closed: an apostrophe in #error or a macro must not hide the next line.
	for i := c.at + 1; i < len(c.src); i++ {
		switch c.src[i] {
		case '\\':
			i++
		case '\n':
			return i
		case q:
			return i + 1
		}
	}
	return len(c.src)
}

// template finds the end of JavaScript's `…${…}…`, whose expressions may hold strings and templates.
func (c *comments) template(from, nesting int) int {
	if nesting > 50 { // nobody writes that; to look on would cost that much for each of them
		c.hopeless['`'] = true
	}
	if c.hopeless['`'] {
		return -1
	}
	for i := from + 1; i < len(c.src); i++ {
		switch {
		case c.src[i] == '\\':
			i++
		case c.src[i] == '`':
			return i + 1
		case c.src[i] == '$' && i+1 < len(c.src) && c.src[i+1] == '{':
			if i = c.expression(i+2, nesting); i < 0 {
				return -1
			}
		}
	}
	c.hopeless['`'] = true
	return -1
}

// expression finds the } that closes ${ in a template.
func (c *comments) expression(i, nesting int) int {
	for depth := 1; i < len(c.src); i++ {
		switch b := c.src[i]; b {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		case '`':
			end := c.template(i, nesting+1)
			if end < 0 {
				return -1
			}
			i = end - 1
		case '"', '\'':
			at := c.at
			c.at = i
			i = c.shortString(b) - 1
			c.at = at
		}
	}
	c.hopeless['`'] = true
	return -1
}

// cppRaw finds the end of C++'s R"x(…)x".
func (c *comments) cppRaw() int {
	open := bytes.IndexByte(c.src[c.at:min(len(c.src), c.at+18)], '(')
	if open < 0 {
		return -1
	}
	mark := ")" + string(c.src[c.at+1:c.at+open]) + `"`
	if n := bytes.Index(c.src[c.at+open:], []byte(mark)); n >= 0 {
		return c.at + open + n + len(mark)
	}
	return -1
}

// digitSeparator reports whether the ' here stands in a number such as 1'000 of C++.
func (c *comments) digitSeparator() bool {
	i := c.at - 1
	for i >= 0 && c.at-i < 100 && (identByte(c.src[i]) || c.src[i] == '\'') {
		i--
	}
	return i+1 < c.at && c.src[i+1] >= '0' && c.src[i+1] <= '9'
}

// rustRaw passes over r"…" and r#"…"#; false when there is none here.
func (c *comments) rustRaw() bool {
	i := c.at + 1
	for i < len(c.src) && c.src[i] == '#' {
		i++
	}
	if i == len(c.src) || c.src[i] != '"' || i-c.at > 256 {
		return false
	}
	n := bytes.Index(c.src[i+1:], append([]byte{'"'}, c.src[c.at+1:i]...))
	if n < 0 {
		return false
	}
	c.at = i + 1 + n + i - c.at
	return true
}

// rustChar finds the end of 'x' and '\n'; a lifetime ('a) is no string.
func (c *comments) rustChar() int {
	// '\'' and '\u{1F600}' have no fixed length; any other literal is one letter between two quotes.
	if c.peek(1) == '\\' {
		return c.shortString('\'')
	}
	_, n := utf8.DecodeRune(c.src[c.at+1:])
	if c.peek(1+n) == '\'' && n > 0 {
		return c.at + n + 2
	}
	return -1
}

// regexpStart reports whether a / here starts a regular expression of JavaScript: it does where no value can have ended.
func (c *comments) regexpStart() bool {
	// After an operator, an opening bracket or certain words a value must follow, so / cannot divide.
	if c.lastCode == 0 || strings.IndexByte("(,=:[!&|?{};+-*%<>~^", c.lastCode) >= 0 {
		return true
	}
	end := c.lastAt + 1
	start := end
	for start > 0 && end-start < 12 && identByte(c.src[start-1]) {
		start--
	}
	switch string(c.src[start:end]) {
	case "return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "yield", "await":
		return true
	}
	return false
}

// regexp passes over /…/; false when it does not close in its line, so that it is a division.
func (c *comments) regexp() bool {
	class := false
	for i := c.at + 1; i < len(c.src) && c.src[i] != '\n'; i++ {
		switch b := c.src[i]; {
		case b == '\\':
			i++
		case b == '[':
			class = true
		case b == ']':
			class = false
		case b == '/' && !class:
			c.at = i + 1
			return true
		}
	}
	return false
}

// maxIndentBytes bounds how far left of a string its line's start is looked for, so that a long line costs no more.
const maxIndentBytes = 1000

// docString takes the string from c.at to end when it is a statement of its own: alone on its lines, outside brackets.
func (c *comments) docString(end int) {
	before := c.src[max(0, c.at-maxIndentBytes):c.at]
	for n := 0; n < 2 && len(before) > 0 && strings.IndexByte("rRuU", before[len(before)-1]) >= 0; n++ {
		before = before[:len(before)-1]
	}
	line := bytes.LastIndexByte(before, '\n') + 1
	if line == 0 && c.at > maxIndentBytes {
		return
	}
	rest := bytes.TrimLeft(c.src[end:], " \t\r;")
	joined := bytes.HasSuffix(bytes.TrimRight(before[:max(0, line-1)], "\r"), []byte{'\\'})
	if c.depth > 0 || joined || !blank(before[line:]) || len(rest) > 0 && rest[0] != '#' && rest[0] != '\n' {
		return
	}
	c.lastEnd = -1
	c.begin(int64(c.at), c.lineOf(c.at))
	c.addBlock(c.src[c.at+3 : end-3])
}

// openHeredoc notes a here-document: << or <<- and a word, which may be quoted.
func (c *comments) openHeredoc() {
	i := c.at + 2
	doc := heredoc{}
	if i < len(c.src) && c.src[i] == '-' {
		doc.tabs = true
		i++
	}
	for i < len(c.src) && (c.src[i] == ' ' || c.src[i] == '\t') {
		i++
	}
	if i < len(c.src) && (c.src[i] == '\'' || c.src[i] == '"') { // a quoted word may hold blanks
		n := bytes.IndexByte(c.src[i+1:c.lineEnd(i)], c.src[i])
		if n <= 0 {
			return
		}
		doc.word = string(c.src[i+1 : i+1+n])
		c.at = i + 1 + n
	} else {
		start := i
		for i < len(c.src) && (identByte(c.src[i]) || i == start && c.src[i] == '\\') {
			i++
		}
		doc.word = strings.TrimPrefix(string(c.src[start:i]), "\\")
		if doc.word == "" || doc.word[0] >= '0' && doc.word[0] <= '9' { // 1<<2 is a shift
			return
		}
		c.at = i - 1
	}
	c.heredocs = append(c.heredocs, doc)
}

// skipHeredocs passes over the here-documents that start at this line. One without an end is none: it may have been a
// shift.
func (c *comments) skipHeredocs() {
	for _, doc := range c.heredocs {
		if c.lostDocs > 20 {
			break
		}
		found := false
		for i := c.at; i < len(c.src) && !found; {
			line, next := cutLine(c.src, i)
			line = bytes.TrimRight(line, "\r")
			if doc.tabs {
				line = bytes.TrimLeft(line, "\t")
			}
			if found = string(line) == doc.word; found {
				c.at = next
			}
			i = next
		}
		if !found {
			c.lostDocs++
		}
	}
	c.heredocs = c.heredocs[:0]
}
