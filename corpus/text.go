package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// text reads plain text by lines, paragraphs or whole.
type text struct {
	s    *Source
	unit func(*text, *Document) (ok bool, err error)
}

// newText reads the open file by Options.Unit.
func newText(s *Source) format {
	t := &text{s: s, unit: (*text).line}
	switch s.opt.Unit {
	case UnitParagraph:
		t.unit = (*text).paragraph
	case UnitFile:
		t.unit = (*text).whole
	}
	return t
}

var errNoText = errors.New("no text in the file; policy strict wants some")

// next passes over what gives no document.
func (t *text) next(d *Document) error {
	for {
		if ok, err := t.unit(t, d); ok || err != nil {
			return err
		}
	}
}

// line takes one line; false when it was blank.
func (t *text) line(d *Document) (bool, error) {
	s := t.s
	end, next, err := s.scan.lineAt(0)
	if err != nil {
		return false, s.lineFault(err)
	}
	line := s.scan.held()[:end]
	d.Source = Position{Record: s.scan.line, Offset: s.scan.offset}
	s.scan.drop(next, 1)
	if blank(line) {
		s.report.Counts[BlankLine]++
		d.Text = nil
		return s.opt.KeepEmpty, nil
	}
	s.report.Records++
	d.Text, err = s.clean(line, d.Source)
	return err == nil, err
}

// paragraph takes the lines up to the next blank one.
func (t *text) paragraph(d *Document) (bool, error) {
	scan := &t.s.scan
	end, next, lines := 0, 0, int64(0)
	for {
		lineEnd, after, err := scan.lineAt(next)
		if err == io.EOF && lines > 0 {
			break
		}
		if err == errTooLong {
			return false, t.longParagraph(next, lines)
		}
		if err != nil {
			return false, t.s.lineFault(err)
		}
		if blank(scan.held()[next:lineEnd]) {
			t.s.report.Counts[BlankLine]++
			if lines == 0 {
				scan.drop(after, 1)
				return false, nil
			}
			break
		}
		end, next, lines = lineEnd, after, lines+1
	}
	para := scan.held()[:end]
	d.Source = Position{Record: scan.line, Offset: scan.offset}
	// Consumed here and not by the next call, which would count it again.
	if _, after, err := scan.lineAt(next); err == nil { // the blank line that ended it, already in the window
		next, lines = after, lines+1
	}
	scan.drop(next, lines)
	t.s.report.Records++
	para, err := t.s.clean(para, d.Source)
	d.Text = unixLines(para, scan.bareCR)
	return err == nil, err
}

// longParagraph reports a paragraph over the bound and passes over all of it. held is what of it was read, in whole lines.
func (t *text) longParagraph(held int, lines int64) error {
	s := t.s
	fault := s.tooLong(s.scan.line, s.scan.offset, "paragraph")
	if s.opt.Policy != Lenient {
		return fault
	}
	s.scan.drop(held, lines)
	for {
		end, next, err := s.scan.lineAt(0)
		switch {
		case err == errTooLong:
			err = s.scan.skipLine()
		case err == nil && blank(s.scan.held()[:end]):
			return fault
		case err == nil:
			s.scan.drop(next, 1)
		}
		if err != nil { // the end or a failure of the stream is met again by the next call
			return fault
		}
	}
}

// whole takes the file.
func (t *text) whole(d *Document) (bool, error) {
	all, pos, err := t.s.rawFile()
	if err != nil {
		return false, err
	}
	d.Source = pos
	if blank(all) {
		if !t.s.passes(EmptyText) {
			return false, t.s.fault(EmptyText, pos.Record, pos.Offset, errNoText)
		}
		return false, nil
	}
	if all[len(all)-1] == '\r' { // half a CRLF
		all = all[:len(all)-1]
	}
	all, err = t.s.clean(all, pos)
	d.Text = unixLines(all, t.s.scan.bareCR)
	return err == nil, err
}

// rawFile consumes the rest of the file, which is all of it, as one record, line ends as they are; io.EOF when nothing is
// left.
func (s *Source) rawFile() ([]byte, Position, error) {
	pos := Position{Record: s.scan.line, Offset: s.scan.offset}
	for {
		err := s.scan.fill()
		if err == io.EOF {
			break
		}
		if err == errTooLong {
			e := s.tooLong(0, pos.Offset, "file")
			e.endsFile = true
			return nil, pos, e
		}
		if err != nil {
			return nil, pos, s.lineFault(err)
		}
	}
	all := s.scan.held()
	if len(all) == 0 {
		return nil, pos, io.EOF
	}
	if len(all) > s.scan.max {
		e := s.tooLong(0, pos.Offset, "file")
		e.endsFile = true
		return nil, pos, e
	}
	s.scan.drop(len(all), 1)
	s.report.Records++
	return all, pos, nil
}

// unixLines turns CRLF, and a lone CR on request, into LF, in place.
func unixLines(b []byte, bareCR bool) []byte {
	at := bytes.IndexByte(b, '\r')
	if at < 0 {
		return b
	}
	to := at
	for i := at; i < len(b); {
		n := bytes.IndexByte(b[i:], '\r')
		if n < 0 {
			return b[:to+copy(b[to:], b[i:])]
		}
		to += copy(b[to:], b[i:i+n])
		i += n + 1
		switch {
		case i < len(b) && b[i] == '\n': // the LF follows with the next piece
		case bareCR:
			b[to] = '\n'
			to++
		default:
			b[to] = '\r'
			to++
		}
	}
	return b[:to]
}

// lineFault makes of an error of lineAt(0) what next returns: io.EOF as it is, a stream's failure as the end of the file,
// a record over the bound as one to pass over.
func (s *Source) lineFault(err error) error {
	switch err {
	case io.EOF:
		return err
	case errTooLong:
		e := s.tooLong(s.scan.line, s.scan.offset, "line")
		if s.opt.Policy == Lenient {
			if err := s.scan.skipLine(); err != nil && err != io.EOF {
				s.report.Counts[TooLong]++
				return s.fileFault(TruncatedStream, s.scan.line, streamCause(err, s.packed))
			}
		}
		return e
	}
	return s.fileFault(TruncatedStream, s.scan.line, streamCause(err, s.packed))
}

// tooLong is the fault of a record over the bound.
func (s *Source) tooLong(record, offset int64, what string) *Error {
	remedy := "raise max_document_bytes"
	if what != "line" && what != "row" {
		remedy += " or choose a smaller unit"
	}
	s.report.Records++
	return s.fault(TooLong, record, offset, fmt.Errorf("the %s is longer than %s bytes; %s", what, group(s.opt.MaxDocumentBytes), remedy))
}

// clean returns b with what is not UTF-8 replaced, and counts NUL bytes; under Strict either is an error at its line.
func (s *Source) clean(b []byte, pos Position) ([]byte, error) {
	if bytes.IndexByte(b, 0) >= 0 {
		if s.opt.Policy == Strict {
			return nil, s.faultInside(NULByte, b, bytes.IndexByte(b, 0), pos, "a NUL byte is no text; remove it")
		}
		s.report.Counts[NULByte] += int64(bytes.Count(b, []byte{0}))
	}
	i := firstInvalid(b)
	if i < 0 {
		return b, nil
	}
	if s.opt.Policy == Strict {
		return nil, s.faultInside(BadUTF8Bytes, b, i, pos, fmt.Sprintf("byte 0x%02X is not UTF-8; convert the file: iconv -f LATIN1 -t UTF-8", b[i]))
	}
	// The repaired text has its own memory: it may be longer than the window's.
	s.clear = s.clear[:0]
	for len(b) > 0 { // by lines, to count them
		n := bytes.IndexByte(b, '\n') + 1
		if n == 0 {
			n = len(b)
		}
		var bad int64
		if s.clear, bad = repairUTF8(s.clear, b[:n]); bad > 0 {
			s.report.Counts[BadUTF8Bytes] += bad
			s.report.Counts[BadUTF8Lines]++
		}
		b = b[n:]
	}
	return s.clear, nil
}

// faultInside is a fault at byte i of a record that may span lines.
func (s *Source) faultInside(r Reason, b []byte, i int, pos Position, cause string) *Error {
	lines := int64(bytes.Count(b[:i], []byte{'\n'}))
	return s.fault(r, pos.Record+lines, pos.Offset+int64(i), errors.New(cause))
}
