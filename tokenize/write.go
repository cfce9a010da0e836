package tokenize

import "fmt"

// writer lays JSON out as the reference does: two blanks a level, strings unescaped but for what JSON demands, empty lists and objects
// in one piece.
type writer struct {
	b     []byte
	depth int
	empty bool // nothing has been written since the last bracket was opened
}

func (w *writer) open(c byte) {
	w.b = append(w.b, c)
	w.depth++
	w.empty = true
}

func (w *writer) close(c byte) {
	w.depth--
	if !w.empty {
		w.line()
	}
	w.empty = false
	w.b = append(w.b, c)
}

func (w *writer) line() {
	w.b = append(w.b, '\n')
	for range w.depth {
		w.b = append(w.b, ' ', ' ')
	}
}

// item starts an element of a list.
func (w *writer) item() {
	if !w.empty {
		w.b = append(w.b, ',')
	}
	w.empty = false
	w.line()
}

// key starts a member of an object.
func (w *writer) key(name string) {
	w.item()
	w.str(name)
	w.b = append(w.b, ':', ' ')
}

func (w *writer) str(s string) { w.b = appendString(w.b, s) }

// raw writes a value as it was read, laid out anew.
func (w *writer) raw(value []byte) {
	s := scanner{data: value}
	w.value(&s)
}

func (w *writer) value(s *scanner) {
	switch c := s.peek(); c {
	case '{':
		s.at++
		w.open('{')
		for !s.accept('}') {
			key, _ := s.str() // checked when the file was read
			w.key(string(key))
			s.accept(':')
			w.value(s)
			s.accept(',')
		}
		w.close('}')
	case '[':
		s.at++
		w.open('[')
		for !s.accept(']') {
			w.item()
			w.value(s)
			s.accept(',')
		}
		w.close(']')
	case '"':
		text, _ := s.str()
		w.str(string(text))
	default:
		w.b = append(w.b, s.value()...)
	}
}

// appendString appends a quoted string as the reference's writer does.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = fmt.Appendf(dst, "\\u%04x", c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
