package corpus

import (
	"bytes"
	"errors"
	"io"
)

// firstBufferBytes is small enough to stay in the second-level cache and large enough that reads and moves do not show.
const firstBufferBytes = 256 << 10

// errTooLong says that the held bytes have reached the bound.
var errTooLong = errors.New("over the length bound")

// scanner is the window on the decompressed stream. It holds the bytes of one record, from start on, wherever they lie;
// the window moves and grows as more is asked for, so slices of it are good until the next call only.
type scanner struct {
	r      io.Reader
	buf    []byte
	start  int   // the held record begins here
	end    int   // buf[start:end] is read and not consumed
	offset int64 // of buf[start] in the stream
	line   int64 // 1-based number of the line at start
	err    error // what the reader said last; sticky
	max    int   // bound on end-start
	bareCR bool

	lf, cr mark // with bareCR, so that the search for one is not repeated for each line that the other ends
}

// mark remembers a search: the byte was found at this index of buf, or there is none before it.
type mark struct {
	at    int
	found bool
}

// reset points the scanner at a new stream and keeps the buffer.
func (s *scanner) reset(r io.Reader) {
	if s.buf == nil || cap(s.buf) > 64*firstBufferBytes {
		s.buf = make([]byte, firstBufferBytes) // one giant record must not cost memory for ever
	}
	// Positions start anew with each file; the buffer does not.
	s.r, s.start, s.end, s.offset, s.line, s.err = r, 0, 0, 0, 1, nil
	s.lf, s.cr = mark{}, mark{}
}

// held returns what is read and not consumed.
func (s *scanner) held() []byte { return s.buf[s.start:s.end] }

// fill reads once and adds to the held bytes. It returns the sticky read error, or errTooLong.
func (s *scanner) fill() error {
	if s.err != nil {
		return s.err
	}
	if s.end-s.start > s.max {
		return errTooLong
	}
	// Move to the front when little room is left; grow when the record itself fills half of the buffer.
	if len(s.buf)-s.end < len(s.buf)/4 {
		to := s.buf
		if s.end-s.start > len(s.buf)/2 {
			to = make([]byte, min(2*len(s.buf), max(s.max+firstBufferBytes, len(s.buf)+firstBufferBytes)))
		}
		copy(to, s.buf[s.start:s.end])
		s.lf.at, s.cr.at = max(0, s.lf.at-s.start), max(0, s.cr.at-s.start)
		s.buf, s.start, s.end = to, 0, s.end-s.start
	}
	// A reader may return nothing and no error; io.Reader asks not to take that for the end, bufio gives up after 100 times.
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		s.err = err
		if n > 0 {
			return nil // an error that came with data is told at the next fill
		}
		if err != nil {
			return err
		}
	}
	s.err = io.ErrNoProgress
	return s.err
}

// drop consumes n held bytes that span the given number of line ends.
func (s *scanner) drop(n int, lines int64) {
	s.start += n
	s.offset += int64(n)
	s.line += lines
}

// lineAt finds the line that starts at from, counted from the start of the held bytes. It returns where its text ends and
// where the following line starts, both counted likewise. io.EOF means that there is no byte at from; any other error
// means that the stream failed, or the bound was passed, before the line's end was seen.
func (s *scanner) lineAt(from int) (textEnd, next int, err error) {
	seen := from // bytes already searched, so a long line is not searched again for each block
	for {
		ok := false
		if s.bareCR {
			textEnd, next, ok = s.anyLineEnd(from)
		} else if i := bytes.IndexByte(s.buf[s.start+seen:s.end], '\n'); i >= 0 {
			textEnd, next, ok = seen+i, seen+i+1, true
			if textEnd > from && s.buf[s.start+textEnd-1] == '\r' {
				textEnd--
			}
		}
		if ok && textEnd > s.max {
			return textEnd, next, errTooLong
		}
		if ok {
			return textEnd, next, nil
		}
		seen = s.end - s.start
		if err := s.fill(); err == nil {
			continue
		} else if n := s.end - s.start; err != io.EOF || n == from {
			return n, n, err
		} else if s.buf[s.end-1] == '\r' { // half a CRLF at the end of the file is no part of the text
			return n - 1, n, nil
		} else {
			return n, n, nil
		}
	}
}

// anyLineEnd is the search of lineAt when a lone CR ends a line too. A CR that is the last byte read may be half of a
// CRLF, so it is not an end yet.
func (s *scanner) anyLineEnd(from int) (textEnd, next int, ok bool) {
	lf, cr := s.find(&s.lf, '\n', s.start+from), s.find(&s.cr, '\r', s.start+from)
	switch {
	case lf < cr:
		return lf - s.start, lf + 1 - s.start, true
	case cr < s.end-1 && s.buf[cr+1] == '\n':
		return cr - s.start, cr + 2 - s.start, true
	case cr < s.end-1:
		return cr - s.start, cr + 1 - s.start, true
	}
	return 0, 0, false
}

// find returns the index in buf of the first c at or after low, or s.end.
func (s *scanner) find(m *mark, c byte, low int) int {
	if m.found && m.at >= low {
		return m.at
	}
	if m.found || m.at < low {
		m.at = low
	}
	i := bytes.IndexByte(s.buf[m.at:s.end], c)
	if m.found = i >= 0; m.found {
		m.at += i
	} else {
		m.at = s.end
	}
	return m.at
}

// skipLine consumes the rest of the line in which the bound was passed, without holding it.
func (s *scanner) skipLine() error {
	for {
		if i := bytes.IndexByte(s.held(), '\n'); i >= 0 {
			s.drop(i+1, 1)
			return nil
		}
		s.drop(s.end-s.start, 0)
		if err := s.fill(); err != nil {
			return err
		}
	}
}
