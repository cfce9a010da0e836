package corpus

import (
	"bytes"
	"io"
)

// markdown makes a document of what a reader of the rendered page would read: front matter, HTML tags and comments, link
// targets and the marks of headings, emphasis, quotations and tables are left out; lists keep their marks; code keeps
// every byte but the fences. With Unit paragraph each block is a document, with Unit line each line.
type markdown struct {
	pieces
	src    []byte
	at     int
	line   int64  // number of the line at src[at]
	para   []byte // the paragraph being gathered, each line ending in LF
	inline inline
	inList bool // indented lines belong to a list item and are no code
	noEnd  bool // there is no --> further on
}

// newMarkdown reads the open file.
func newMarkdown(s *Source) format { return &markdown{pieces: pieces{s: s}} }

// next takes the file apart at the first call and then hands out the pieces.
func (m *markdown) next(d *Document) error {
	if m.src == nil {
		src, pos, err := m.s.rawFile()
		if err != nil {
			return err
		}
		if m.s.opt.Policy == Strict { // here the exact byte is known
			if _, err := m.s.clean(src, pos); err != nil {
				return err
			}
		}
		m.src, m.line, m.origin = src, pos.Record, pos
		m.frontMatter()
		for m.at < len(m.src) {
			m.block()
		}
		m.endParagraph()
		if m.empty() {
			if !m.s.passes(EmptyText) {
				return m.s.fault(EmptyText, pos.Record, pos.Offset, errNoText)
			}
			return io.EOF
		}
	}
	return m.pieces.next(d)
}

// peekLine is the line at m.at without its line end, and where the next starts.
func (m *markdown) peekLine() (line []byte, next int) {
	line, next = cutLine(m.src, m.at)
	return bytes.TrimSuffix(line, []byte{'\r'}), next
}

// step goes on to the line that starts at next.
func (m *markdown) step(next int) {
	m.line += int64(bytes.Count(m.src[m.at:next], []byte{'\n'}))
	m.at = next
}

// frontMatter passes over the YAML or TOML between --- or +++ at the very top, if it closes.
func (m *markdown) frontMatter() {
	first, next := m.peekLine()
	mark := string(bytes.TrimRight(first, " \t"))
	if mark != "---" && mark != "+++" {
		return
	}
	for i := next; i < len(m.src); {
		line, after := cutLine(m.src, i)
		got := string(bytes.TrimRight(line, " \t\r"))
		if got == mark || mark == "---" && got == "..." {
			m.step(after)
			return
		}
		i = after
	}
}

// block takes the line at hand, or more where a construct spans lines.
func (m *markdown) block() {
	line, next := m.peekLine()
	bare := bytes.TrimLeft(line, " \t")
	indent := len(line) - len(bare)
	switch {
	case blank(line):
		m.endParagraph()
	// Indented code cannot interrupt a paragraph, and inside a list indentation belongs to the item.
	case len(m.para) == 0 && !m.inList && (indent >= 4 || line[0] == '\t'):
		m.indentedCode()
		return
	case fence(bare) > 0:
		m.endParagraph()
		m.fencedCode(bare, indent)
		return
	// Before anything else that could start with <: a comment may hold blank lines, fences and headings.
	case bytes.HasPrefix(bare, []byte("<!--")) && m.comment():
		return
	case bare[0] == '#' && headingMarks(bare) > 0:
		m.endParagraph()
		m.addText(heading(bare))
		m.endParagraph()
	case ruler(bare, len(m.para) > 0):
		m.endParagraph()
	case definition(bare) && len(m.para) == 0:
	case tableRuler(bare):
	default:
		m.textLine(line, bare, indent)
	}
	m.step(next)
}

// textLine adds a line to the paragraph.
func (m *markdown) textLine(line, bare []byte, indent int) {
	switch {
	case listMark(bare):
		m.inList = true
	case indent == 0 && len(m.para) == 0:
		m.inList = false
	}
	for len(bare) > 0 && bare[0] == '>' { // quotations, also nested
		bare = bytes.TrimLeft(bare[1:], " \t")
		line = bare
	}
	if len(bare) > 0 && bare[0] == '|' { // a table's row, without the bars at its sides
		line = bytes.Trim(bytes.TrimSpace(bare), "|")
		line = bytes.TrimSpace(line)
	}
	m.addText(line)
}

// addText gathers a line; the first one places the block.
func (m *markdown) addText(line []byte) {
	if len(m.para) == 0 {
		m.begin(int64(m.at), m.line)
	}
	m.para = append(append(m.para, bytes.TrimRight(line, " \t")...), '\n')
}

// endParagraph turns what was gathered into text.
func (m *markdown) endParagraph() {
	if len(m.para) == 0 {
		return
	}
	m.addLines(m.inline.plain(m.para))
	m.para = m.para[:0]
}

// addLines adds text of several lines to the block.
func (m *markdown) addLines(text []byte) {
	for n := 0; n < len(text); {
		var line []byte
		line, n = cutLine(text, n)
		m.addLine(bytes.TrimRight(line, " \t\r"))
	}
}

// indentedCode takes the lines indented by four or a tab, with the blank lines between them.
func (m *markdown) indentedCode() {
	m.begin(int64(m.at), m.line)
	for m.at < len(m.src) {
		line, next := m.peekLine()
		if !blank(line) && !bytes.HasPrefix(line, []byte("    ")) && line[0] != '\t' {
			return
		}
		m.addLine(bytes.TrimRight(line, " \t"))
		m.step(next)
	}
}

// fence is the length of the ``` or ~~~ that a line starts with, or 0.
func fence(bare []byte) int {
	n := len(bare) - len(bytes.TrimLeft(bare, string(bare[:1])))
	if n < 3 || bare[0] != '`' && bare[0] != '~' || bare[0] == '`' && bytes.IndexByte(bare[n:], '`') >= 0 {
		return 0
	}
	return n
}

// fencedCode takes the code up to the closing fence, or to the end of the file as CommonMark has it. The fence's own
// indentation is taken off the lines.
func (m *markdown) fencedCode(open []byte, indent int) {
	mark, width := open[0], fence(open)
	m.begin(int64(m.at), m.line)
	_, next := m.peekLine()
	m.step(next)
	for m.at < len(m.src) {
		line, next := m.peekLine()
		bare := bytes.TrimLeft(line, " \t")
		if len(bare) > 0 && bare[0] == mark && fence(bare) >= width && blank(bytes.TrimLeft(bare, string(mark))) {
			m.step(next)
			return
		}
		m.addLine(line[min(indent, len(line)-len(bare)):])
		m.step(next)
	}
}

// comment passes over an HTML comment that starts this line, and keeps what follows it; false when it never ends.
func (m *markdown) comment() bool {
	// To search to the end of the file once is enough to know that no later comment ends either.
	if m.noEnd {
		return false
	}
	n := bytes.Index(m.src[m.at:], []byte("-->"))
	if n < 0 {
		m.noEnd = true
		return false
	}
	m.step(m.at + n + len("-->"))
	line, next := m.peekLine()
	if blank(line) {
		m.step(next)
	} else {
		m.step(m.at + len(line) - len(bytes.TrimLeft(line, " \t")))
	}
	return true
}

// headingMarks is the number of # of a heading, or 0.
func headingMarks(bare []byte) int {
	n := len(bare) - len(bytes.TrimLeft(bare, "#"))
	if n > 6 || n < len(bare) && bare[n] != ' ' && bare[n] != '\t' {
		return 0
	}
	return n
}

// heading is the text of a heading.
func heading(bare []byte) []byte {
	text := bytes.TrimSpace(bare[headingMarks(bare):])
	if closed := bytes.TrimRight(text, "#"); len(closed) == 0 || closed[len(closed)-1] == ' ' {
		text = bytes.TrimSpace(closed)
	}
	return text
}

// ruler reports whether a line is a break (---, ***, ___), or below text the underline of a heading (---, ===).
func ruler(bare []byte, below bool) bool {
	c := bare[0]
	if c != '-' && c != '*' && c != '_' && c != '=' {
		return false
	}
	n := bytes.Count(bare, []byte{c})
	if len(bytes.Trim(bare, string(c)+" \t")) > 0 {
		return false
	}
	if below && (c == '=' || c == '-' && n > 1) {
		return true
	}
	return n >= 3 && c != '='
}

// definition reports whether a line is [name]: target.
func definition(bare []byte) bool {
	if bare[0] != '[' || bytes.HasPrefix(bare, []byte("[^")) {
		return false
	}
	n := bytes.Index(bare, []byte("]: "))
	return n > 1 && bytes.IndexByte(bare[1:n], ']') < 0
}

// tableRuler reports whether a line is the |---|:--:| below a table's head.
func tableRuler(bare []byte) bool {
	return len(bytes.Trim(bare, "|-: \t")) == 0 && bytes.IndexByte(bare, '|') >= 0 && bytes.IndexByte(bare, '-') >= 0
}

// listMark reports whether a line starts a list item.
func listMark(bare []byte) bool {
	n := 0
	for n < len(bare) && n < 9 && bare[n] >= '0' && bare[n] <= '9' {
		n++
	}
	switch {
	case n > 0 && n < len(bare) && (bare[n] == '.' || bare[n] == ')'):
	case n == 0 && (bare[0] == '-' || bare[0] == '*' || bare[0] == '+'):
	default:
		return false
	}
	return n+1 == len(bare) || bare[n+1] == ' ' || bare[n+1] == '\t'
}
