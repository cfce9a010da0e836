package corpus

import (
	"bytes"
	"html"
	"slices"
	"unicode"
	"unicode/utf8"
)

// inline takes the marks out of one paragraph of Markdown. It decides for each byte whether it stays; one pass, and each
// look ahead is bounded or made once, so the time is linear whatever the input.
type inline struct {
	text     []byte
	gone     []bool
	brackets []int // where each [ that may start a link stands
	runs     []run // emphasis marks that may still find a partner
	open     [256]int
	noTicks  [33]bool // no run of n backticks follows
}

// run is a run of *, _ or ~ at text[at:at+n].
type run struct {
	mark  byte
	at, n int
}

// maxLookAhead bounds link targets, tags and the like.
const maxLookAhead = 2000

// plain returns the text without the marks, in the memory of text.
func (p *inline) plain(text []byte) []byte {
	if !bytes.ContainsAny(text, "`[*_~<&\\") {
		return text
	}
	p.text, p.brackets, p.runs = text, p.brackets[:0], p.runs[:0]
	p.gone = append(p.gone[:0], make([]bool, len(text))...)
	clear(p.open[:])
	clear(p.noTicks[:])
	for i := 0; i < len(text); {
		i += p.mark(i)
	}
	kept := text[:0]
	for i, c := range text {
		if !p.gone[i] {
			kept = append(kept, c)
		}
	}
	return kept
}

// drop marks n bytes from i on as gone.
func (p *inline) drop(i, n int) {
	for j := i; j < i+n; j++ {
		p.gone[j] = true
	}
}

// mark looks at the byte at i and returns how many are dealt with.
func (p *inline) mark(i int) int {
	switch c := p.text[i]; c {
	case '\\':
		if i+1 < len(p.text) && asciiPunct(p.text[i+1]) {
			p.drop(i, 1)
			return 2
		}
	case '`':
		return p.codeSpan(i)
	case '[':
		p.brackets = append(p.brackets, i)
	case ']':
		return p.link(i)
	case '*', '_', '~':
		return p.emphasis(i, c)
	case '<':
		return p.tag(i)
	case '&':
		return p.entity(i)
	}
	return 1
}

// asciiPunct reports whether CommonMark lets a backslash escape c.
func asciiPunct(c byte) bool {
	return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z')
}

// runLen is the length of the run of the byte at i.
func (p *inline) runLen(i int) int {
	n := 1
	for i+n < len(p.text) && p.text[i+n] == p.text[i] {
		n++
	}
	return n
}

// codeSpan keeps what is between equal runs of backticks, and drops these.
func (p *inline) codeSpan(i int) int {
	n := p.runLen(i)
	if n >= len(p.noTicks) || p.noTicks[n] {
		return n
	}
	for j := i + n; j < len(p.text); {
		at := bytes.IndexByte(p.text[j:], '`')
		if at < 0 {
			break
		}
		j += at
		m := p.runLen(j)
		if m == n {
			p.drop(i, n)
			p.drop(j, n)
			return j + n - i
		}
		j += m
	}
	p.noTicks[n] = true
	return n
}

// link looks, at a ], whether it ends [text](target), [text][name] or an image, and drops all but the text.
func (p *inline) link(i int) int {
	// Brackets nest, so the innermost open one is the partner; each is taken off once, which keeps this linear.
	if len(p.brackets) == 0 {
		return 1
	}
	open := p.brackets[len(p.brackets)-1]
	p.brackets = p.brackets[:len(p.brackets)-1]
	n := p.target(i + 1)
	if n == 0 {
		return 1
	}
	p.drop(i, n+1)
	p.drop(open, 1)
	if open > 0 && p.text[open-1] == '!' {
		p.drop(open-1, 1)
	}
	return n + 1
}

// target is the length of the (target) or [name] at i, or 0.
func (p *inline) target(i int) int {
	if i >= len(p.text) || p.text[i] != '(' && p.text[i] != '[' {
		return 0
	}
	depth := 0
	for j := i; j < min(len(p.text), i+maxLookAhead); j++ {
		switch p.text[j] {
		case '\\':
			j++
		case '(':
			if p.text[i] == '(' {
				depth++
			}
		case ')':
			if p.text[i] == '(' {
				if depth--; depth == 0 {
					return j + 1 - i
				}
			}
		case ']':
			if p.text[i] == '[' {
				return j + 1 - i
			}
		}
	}
	return 0
}

// emphasis pairs a run of *, _ or ~ with an earlier one, by CommonMark's flanking rules without its rule of three.
func (p *inline) emphasis(i int, mark byte) int {
	n := p.runLen(i)
	before, _ := utf8.DecodeLastRune(p.text[:i])
	after, _ := utf8.DecodeRune(p.text[i+n:])
	if i == 0 {
		before = ' '
	}
	if i+n == len(p.text) {
		after = ' '
	}
	// A run opens when it leans on what follows, and closes when it leans on what precedes: 2 * 3 does neither.
	canOpen := !unicode.IsSpace(after) && (!punct(after) || unicode.IsSpace(before) || punct(before))
	canClose := !unicode.IsSpace(before) && (!punct(before) || unicode.IsSpace(after) || punct(after))
	if mark == '_' { // inside a word it is a letter
		canOpen, canClose = canOpen && (!canClose || punct(before)), canClose && (!canOpen || punct(after))
	}
	if mark == '~' && n != 2 {
		return n
	}
	at, left := i, n
	for canClose && left > 0 && p.open[mark] > 0 {
		last := p.runs[len(p.runs)-1]
		p.runs = p.runs[:len(p.runs)-1]
		p.open[last.mark]--
		if last.mark != mark { // *a _b* c_: what stands between a pair finds no partner
			continue
		}
		m := min(left, last.n)
		p.drop(last.at+last.n-m, m)
		p.drop(at, m)
		at, left = at+m, left-m
		if last.n -= m; last.n > 0 {
			p.runs = append(p.runs, last)
			p.open[mark]++
		}
	}
	if canOpen && left > 0 {
		p.runs = append(p.runs, run{mark, at, left})
		p.open[mark]++
	}
	return n
}

// punct reports whether r is punctuation in the sense of the flanking rules.
func punct(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

// tag drops an HTML tag or comment and the brackets of an autolink. Other words in < > stay: they are more often
// placeholders and type arguments than HTML.
func (p *inline) tag(i int) int {
	rest := p.text[i:min(len(p.text), i+maxLookAhead)]
	if bytes.HasPrefix(rest, []byte("<!--")) {
		if n := bytes.Index(rest, []byte("-->")); n >= 0 {
			p.drop(i, n+3)
			return n + 3
		}
		return 1
	}
	n := bytes.IndexByte(rest, '>')
	if n < 2 || bytes.IndexByte(rest[1:n], '<') >= 0 {
		return 1
	}
	name := bytes.TrimPrefix(rest[1:n], []byte{'/'})
	end := 0
	for end < len(name) && identByte(name[end]) {
		end++
	}
	_, isTag := slices.BinarySearch(htmlTags, string(bytes.ToLower(name[:end])))
	switch {
	case isTag && (end == len(name) || bytes.IndexByte([]byte(" \t\n/"), name[end]) >= 0):
		p.drop(i, n+1)
		return n + 1
	case end < len(name) && end > 1 && name[end] == ':' && !bytes.ContainsAny(name, " \t\n"):
		p.drop(i, 1)
		p.drop(i+n, 1)
		return n + 1
	}
	return 1
}

// htmlTags are the elements met in Markdown, sorted.
var htmlTags = []string{"a", "abbr", "b", "big", "blockquote", "br", "center", "cite", "code", "col", "colgroup", "dd", "del",
	"details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "iframe",
	"img", "input", "ins", "kbd", "li", "mark", "nobr", "ol", "p", "picture", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section",
	"small", "source", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt",
	"u", "ul", "var", "video", "wbr"}

// entity writes the letter that &name; stands for, where it fits in its place.
func (p *inline) entity(i int) int {
	rest := p.text[i:min(len(p.text), i+40)]
	n := bytes.IndexByte(rest, ';')
	if n < 2 {
		return 1
	}
	// The letter is written over the entity; the few that are longer than their names stay as they are.
	letter := html.UnescapeString(string(rest[:n+1]))
	if len(letter) > n || bytes.HasSuffix([]byte(letter), []byte{';'}) || letter == "\x00" {
		return 1
	}
	copy(p.text[i:], letter)
	p.drop(i+len(letter), n+1-len(letter))
	return n + 1
}
