package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// separated reads csv and tsv: RFC 4180 with quoting on (a quote counts at the start of a cell only; elsewhere it is a
// letter), lines split at each separator with quoting off. The first row names the columns.
type separated struct {
	s       *Source
	comma   byte
	columns []int // of the text, the id if asked for, the meta fields; nil until the header is read
	count   int   // columns in the header

	// The row at hand. Cell i is cells[ends[i-1]:ends[i]]; cells is a piece of the scanner's window or buf.
	cells []byte
	ends  []int
	buf   []byte

	// Where quoted stands, counted from the start of the row: the byte at hand, the end of its line, the next line; and how
	// many lines the row has so far.
	at, end, after int
	lines          int64
}

// newCSV reads the open file with comma between the cells.
func newCSV(s *Source, comma byte) format { return &separated{s: s, comma: comma} }

// next reads the header before the first row.
func (c *separated) next(d *Document) error {
	for {
		if c.columns == nil {
			if err := c.header(); err != nil {
				return err
			}
		}
		if ok, err := c.document(d); ok || err != nil {
			return err
		}
	}
}

// header finds the columns. A file without the column for the text is over.
func (c *separated) header() error {
	var pos Position
	for ok := false; !ok; {
		var err error
		if ok, err = c.row(&pos); err != nil {
			// Without a header no row can be read, so even Lenient gives the file up.
			if e, isError := err.(*Error); isError {
				e.endsFile = true
			}
			return err
		}
	}
	names := make([]string, len(c.ends))
	for i := range names {
		names[i] = strings.TrimSpace(string(c.cell(i)))
	}
	for _, field := range c.s.fields() {
		at := -1
		for i, name := range names {
			if name == field {
				at = i
			}
		}
		if at < 0 {
			return c.s.fileFault(MissingColumn, pos.Record,
				fmt.Errorf("no column %q; the columns are %q; name one of these as the field, or add a header line", field, names))
		}
		c.columns = append(c.columns, at)
	}
	c.count = len(names)
	return nil
}

// document makes a document of the next row.
func (c *separated) document(d *Document) (bool, error) {
	s := c.s
	if ok, err := c.row(&d.Source); !ok || err != nil {
		return false, err
	}
	s.report.Records++
	// The usual cause is a separator inside an unquoted text, whose rest would be lost without a word. A short row is fine:
	// many writers leave empty cells at the end out.
	if len(c.ends) > c.count {
		return false, s.fault(BrokenRecord, d.Source.Record, d.Source.Offset,
			fmt.Errorf("%d cells in a row of %d columns; quote the cell that holds the separator", len(c.ends), c.count))
	}
	if ok, err := c.text(d); !ok {
		return false, err
	}
	d.ID, d.Meta = "", nil
	rest := c.columns[1:]
	if s.opt.IDField != "" {
		d.ID = c.value(rest[0])
		rest = rest[1:]
	}
	if len(rest) > 0 {
		d.Meta = make(map[string]string, len(rest))
		for i, column := range rest {
			if column < len(c.ends) {
				d.Meta[s.opt.MetaFields[i]] = c.value(column)
			}
		}
	}
	return true, nil
}

// text takes the document's text from the row at hand; false when the row gives no document.
func (c *separated) text(d *Document) (ok bool, err error) {
	s := c.s
	d.Text = nil
	if c.columns[0] >= len(c.ends) {
		return s.without(MissingField, d.Source, "no cell for column %q in the row", s.opt.TextField)
	}
	if d.Text, err = s.clean(c.cell(c.columns[0]), d.Source); err != nil {
		return false, err
	}
	if blank(d.Text) {
		return s.without(EmptyText, d.Source, "column %q is empty", s.opt.TextField)
	}
	return true, nil
}

// cell is cell i of the row at hand.
func (c *separated) cell(i int) []byte {
	if i == 0 {
		return c.cells[:c.ends[0]]
	}
	start := c.ends[i-1]
	if len(c.buf) == 0 { // a piece of the window, where the separators lie between the cells
		start++
	}
	return c.cells[start:c.ends[i]]
}

// value is a cell as Document.ID and Meta show it: empty where the row is short.
func (c *separated) value(i int) string {
	if i >= len(c.ends) {
		return ""
	}
	return strings.ToValidUTF8(string(c.cell(i)), "\uFFFD")
}

// row takes the next row apart; false when the line was blank.
func (c *separated) row(pos *Position) (bool, error) {
	s := c.s
	end, next, err := s.scan.lineAt(0)
	if err != nil {
		return false, s.lineFault(err)
	}
	line := s.scan.held()[:end]
	*pos = Position{Record: s.scan.line, Offset: s.scan.offset}
	// Separators may be white space too: a row of tabs has cells, and they are empty.
	if blank(line) && bytes.IndexByte(line, c.comma) < 0 {
		s.report.Counts[BlankLine]++
		s.scan.drop(next, 1)
		return false, nil
	}
	if !s.opt.NoQuote && bytes.IndexByte(line, '"') >= 0 {
		return c.quoted(end, next)
	}
	if s.opt.Policy == Strict {
		if _, err := s.clean(line, *pos); err != nil {
			return false, err
		}
	}
	// The common case: no quote, so the cells are pieces of the line and nothing is copied.
	c.cells, c.ends, c.buf = line, c.ends[:0], c.buf[:0]
	for i := 0; ; i++ {
		n := bytes.IndexByte(line[i:], c.comma)
		if n < 0 {
			break
		}
		i += n
		c.ends = append(c.ends, i)
	}
	c.ends = append(c.ends, len(line))
	s.scan.drop(next, 1)
	return true, nil
}

// quoted takes a row apart that has quotes in its first line, which ends at end; the following line starts at next. The
// cells are gathered in buf. After an error the scanner stands at the following line, so that one lone quote costs a line
// and not the rest of the file.
func (c *separated) quoted(end, next int) (bool, error) {
	c.buf, c.ends = c.buf[:0], c.ends[:0]
	c.at, c.end, c.after, c.lines = 0, end, next, 1
	for {
		var err error
		if c.at == c.end || c.s.scan.held()[c.at] != '"' {
			line := c.s.scan.held()[c.at:c.end]
			if n := bytes.IndexByte(line, c.comma); n >= 0 {
				line = line[:n]
			}
			c.buf = append(c.buf, line...)
			c.at += len(line)
		} else if err = c.quotedCell(); err != nil {
			if e, ok := err.(*Error); ok && e.Reason == BrokenRecord {
				c.s.report.Records++
				c.s.scan.drop(next, 1)
			}
			return false, err
		}
		c.ends = append(c.ends, len(c.buf))
		if c.at == c.end {
			break
		}
		c.at++
	}
	if c.s.opt.Policy == Strict { // here the exact byte is known
		if _, err := c.s.clean(c.s.scan.held()[:c.after], Position{Record: c.s.scan.line, Offset: c.s.scan.offset}); err != nil {
			return false, err
		}
	}
	// cell tells the two layouts apart by buf being empty; a row of empty cells in quotes gets a byte more.
	c.buf = append(c.buf, 0)
	c.cells = c.buf
	c.s.scan.drop(c.after, c.lines)
	return true, nil
}

// quotedCell takes the cell whose quote is at c.at, with as many lines as it spans, and stops behind its closing quote.
func (c *separated) quotedCell() error {
	s := c.s
	open, openLine := c.at, s.scan.line+c.lines-1
	for c.at++; ; {
		line := s.scan.held()[:c.end]
		n := bytes.IndexByte(line[c.at:], '"')
		if n < 0 { // the cell goes on in the next line
			c.buf = append(append(c.buf, line[c.at:]...), '\n')
			var err error
			c.at = c.after
			if c.end, c.after, err = s.scan.lineAt(c.after); err != nil {
				return c.openQuote(err, open, openLine)
			}
			c.lines++
			continue
		}
		c.buf = append(c.buf, line[c.at:c.at+n]...)
		c.at += n + 1
		switch {
		// A quote closes the cell before a separator or the line's end; two make one; anything else is damage.
		case c.at == c.end || line[c.at] == c.comma:
			return nil
		case line[c.at] == '"':
			c.buf = append(c.buf, '"')
			c.at++
		default:
			return s.fault(BrokenRecord, openLine, s.scan.offset+int64(open), fmt.Errorf("the quote that opens here closes before %q; "+
				"double the quotes inside the cell, or read the file without quoting", firstRune(line[c.at:])))
		}
	}
}

// openQuote words the end of the file, of the bound or of the stream inside quotes.
func (c *separated) openQuote(err error, open int, openLine int64) error {
	s := c.s
	what := "the quote that opens here is never closed; close it, or read the file without quoting"
	switch err {
	case io.EOF:
	case errTooLong:
		what = fmt.Sprintf("the quote that opens here is not closed within %s bytes; close it, read the file without quoting, or raise max_document_bytes",
			group(s.opt.MaxDocumentBytes))
	default:
		return s.lineFault(err)
	}
	return s.fault(BrokenRecord, openLine, s.scan.offset+int64(open), errors.New(what))
}
