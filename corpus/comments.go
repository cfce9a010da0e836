package corpus

import (
	"bytes"
	"io"
)

// comments makes documents of the comments of a source file: one of all of them, with a blank line between comment blocks,
// or with Unit paragraph one a block, with Unit line one a line. Line comments that follow each other without code or a
// blank line between are one block. Markers, rulers of ---- and directives (//go:build, #!) are left out.
type comments struct {
	pieces
	lang *language
	src  []byte
	at   int

	lineNumber int64 // of lineFrom
	lineFrom   int
	lastEnd    int       // where the last line comment ended, -1 when the last comment was none
	depth      int       // of brackets, for Python
	lastCode   byte      // last byte of code that is no blank, for JavaScript's regular expressions
	lastAt     int       // its index
	hopeless   [256]bool // quotes that are known not to close before the end of the file
	heredocs   []heredoc
	lostDocs   int // here-documents whose end was not found
}

// heredoc is a here-document that starts with the next line.
type heredoc struct {
	word string
	tabs bool // leading tabs of the last line do not count
}

// newComments reads the open file as source of the language.
func newComments(s *Source, lang *language) format {
	return &comments{pieces: pieces{s: s}, lang: lang}
}

// next scans the whole file at the first call and then hands out the pieces.
func (c *comments) next(d *Document) error {
	if c.src == nil {
		src, pos, err := c.s.rawFile()
		if err != nil {
			return err
		}
		if c.s.opt.Policy == Strict { // here the exact byte is known
			if _, err := c.s.clean(src, pos); err != nil {
				return err
			}
		}
		c.src, c.lineNumber, c.lastEnd, c.origin = src, pos.Record, -1, pos
		c.scan()
		if c.empty() {
			c.s.report.Counts[NoComments]++
			return io.EOF
		}
	}
	return c.pieces.next(d)
}

// lineOf is the line number of byte i; i never goes back.
func (c *comments) lineOf(i int) int64 {
	c.lineNumber += int64(bytes.Count(c.src[c.lineFrom:i], []byte{'\n'}))
	c.lineFrom = i
	return c.lineNumber
}

// scan walks through the file once.
func (c *comments) scan() {
	for c.at < len(c.src) {
		b := c.src[c.at]
		switch {
		case b == '\n':
			c.at++
			c.skipHeredocs()
		// White space is passed over here so that lastCode is a byte of code.
		case b == ' ' || b == '\t' || b == '\r':
			c.at++
		case c.has(c.lang.line) && (!c.lang.wordStart || c.wordStart()):
			c.lineComment()
		case c.lang.block && c.has("/*"):
			c.blockComment()
		default:
			from := c.at
			c.code(b)
			c.lastCode, c.lastAt = c.src[c.at-1], c.at-1
			if c.at == from { // cannot be; but a scanner must not hang
				c.at++
			}
		}
	}
}

// has reports whether the source goes on with s.
func (c *comments) has(s string) bool {
	return s != "" && len(c.src)-c.at >= len(s) && string(c.src[c.at:c.at+len(s)]) == s
}

// peek is the byte at distance n, 0 outside the file.
func (c *comments) peek(n int) byte {
	if i := c.at + n; i >= 0 && i < len(c.src) {
		return c.src[i]
	}
	return 0
}

// wordStart reports whether a # here would start a comment of the shell.
func (c *comments) wordStart() bool {
	switch c.peek(-1) {
	case 0, ' ', '\t', '\r', '\n', ';', '&', '|', '(', ')':
		return true
	}
	return false
}

// lineComment takes a comment up to the end of the line.
func (c *comments) lineComment() {
	start := c.at
	end := c.lineEnd(start)
	// CR may stand between the backslash and LF: source keeps its line ends, or offsets would not be those of the file.
	for c.lang.joined && end < len(c.src) && bytes.HasSuffix(bytes.TrimRight(c.src[start:end], "\r"), []byte{'\\'}) {
		end = c.lineEnd(end + 1)
	}
	c.at = end
	text := c.src[start+len(c.lang.line) : end]
	if directive(c.lang, start, text) {
		return
	}
	if !c.adjoins(start) {
		c.begin(int64(start), c.lineOf(start))
	}
	c.lastEnd = end
	for line := range bytes.SplitSeq(text, []byte{'\n'}) { // more than one where a backslash joins them
		if c.lang.joined {
			line = bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimRight(line, "\r"), []byte{'\\'}))
		}
		c.addLine(plainLine(bytes.TrimLeft(line, "/!#")))
	}
}

// lineEnd is the index of the next LF at or after i, or the end of the file.
func (c *comments) lineEnd(i int) int {
	if n := bytes.IndexByte(c.src[min(i, len(c.src)):], '\n'); n >= 0 {
		return i + n
	}
	return len(c.src)
}

// adjoins reports whether there is but one line end and white space between the last line comment and i.
func (c *comments) adjoins(i int) bool {
	if c.lastEnd < 0 {
		return false
	}
	between := c.src[c.lastEnd:i]
	return bytes.Count(between, []byte{'\n'}) == 1 && blank(between)
}

// directive reports whether a line comment speaks to a tool and not to a reader.
func directive(lang *language, start int, text []byte) bool {
	if lang.line == "#" {
		return start == 0 && bytes.HasPrefix(text, []byte("!")) || bytes.HasPrefix(text, []byte(" -*-"))
	}
	// Directives of other languages look like prose too often to be told from it.
	if lang != langGo {
		return false
	}
	for _, prefix := range []string{" +build ", "line ", "export ", "extern "} {
		if bytes.HasPrefix(text, []byte(prefix)) {
			return true
		}
	}
	n := 0 // //[a-z0-9]+:[a-z0-9], as go/ast has it
	for n < len(text) && (text[n] >= 'a' && text[n] <= 'z' || text[n] >= '0' && text[n] <= '9') {
		n++
	}
	return n > 0 && n+1 < len(text) && text[n] == ':' && (text[n+1] >= 'a' && text[n+1] <= 'z' || text[n+1] >= '0' && text[n+1] <= '9')
}

// plainLine takes one blank off the left, all off the right, and empties a ruler. A tab stays: Go's examples start with it.
func plainLine(line []byte) []byte {
	line = bytes.TrimRight(line, " \t\r")
	if len(line) > 2 && len(bytes.TrimLeft(line, " \t-=*#/~_+")) == 0 {
		return nil
	}
	return bytes.TrimPrefix(line, []byte{' '})
}

// blockComment takes /* … */; one without an end reaches to the end of the file.
func (c *comments) blockComment() {
	start, i, depth := c.at, c.at+2, 1
	end := len(c.src)
	for depth > 0 {
		n := bytes.IndexByte(c.src[i:], '/')
		if n < 0 {
			i = len(c.src)
			break
		}
		i += n
		switch {
		case i > start+2 && c.src[i-1] == '*':
			depth--
			end = i - 1
			i++
		// The slash of /*/ does not close, in any of the languages; that is why a close needs i > start+2.
		case c.lang.nested && i+1 < len(c.src) && c.src[i+1] == '*':
			depth++
			i += 2
		default:
			i++
		}
	}
	if depth > 0 {
		end = len(c.src)
	}
	c.at, c.lastEnd = i, -1
	c.begin(int64(start), c.lineOf(start))
	c.addBlock(bytes.TrimLeft(c.src[min(start+2, end):end], "*!"))
}

// addBlock adds the text of a block comment or doc string: stars down the left side, or else the common indentation, are
// taken off.
func (c *comments) addBlock(text []byte) {
	// Two passes: what all lines but the first have in common is known only after the last.
	// The first line follows the marker, so its indentation says nothing.
	stars, indent := true, -1
	for n := 0; n < len(text); {
		line, next := cutLine(text, n)
		bare := bytes.TrimLeft(line, " \t")
		if n > 0 && len(bytes.TrimRight(bare, "\r")) > 0 {
			stars = stars && bare[0] == '*'
			if width := len(line) - len(bare); indent < 0 || width < indent {
				indent = width
			}
		}
		n = next
	}
	for n := 0; n < len(text); {
		line, next := cutLine(text, n)
		switch bare := bytes.TrimLeft(line, " \t"); {
		case n == 0:
			line = bare
		case stars && len(bare) > 0:
			line = bytes.TrimLeft(bare, "*")
		default:
			line = line[min(max(indent, 0), len(line)-len(bare)):]
			line = append([]byte{' '}, line...) // plainLine takes a blank that belongs to the marker
		}
		c.addLine(plainLine(line))
		n = next
	}
}

// cutLine returns the line that starts at n, and where the next one does.
func cutLine(b []byte, n int) (line []byte, next int) {
	if i := bytes.IndexByte(b[n:], '\n'); i >= 0 {
		return b[n : n+i], n + i + 1
	}
	return b[n:], len(b)
}
