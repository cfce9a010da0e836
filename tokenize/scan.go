package tokenize

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// field is one member of a JSON object, in the order of the file.
type field struct {
	key string
	raw []byte
}

// scanner walks JSON that checkJSON has passed. The standard decoder needs several times as long for a vocabulary of 50,000 pieces,
// loses the order of members, and hides that one appears twice.
type scanner struct {
	data []byte
	at   int
	buf  []byte // the last string, unquoted, where it could not be used in place
}

func (s *scanner) peek() byte {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// accept steps over c where it is next.
func (s *scanner) accept(c byte) bool {
	if s.peek() == c {
		s.at++
		return true
	}
	return false
}

// value returns the value that is next, as it stands in the file.
func (s *scanner) value() []byte {
	c := s.peek()
	start, depth := s.at, 0
	if c != '{' && c != '[' && c != '"' {
		for s.at < len(s.data) && !endsScalar(s.data[s.at]) {
			s.at++
		}
		return s.data[start:s.at]
	}
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case '"':
			s.skipString()
			if depth == 0 {
				return s.data[start:s.at]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				s.at++
				return s.data[start:s.at]
			}
		}
		s.at++
	}
	return s.data[start:]
}

func endsScalar(c byte) bool { return c == ',' || c == ']' || c == '}' || c <= ' ' }

// skipString steps over the string that starts here and says whether it has escapes.
func (s *scanner) skipString() (escaped bool) {
	for s.at++; s.data[s.at] != '"'; s.at++ {
		if s.data[s.at] == '\\' {
			escaped = true
			s.at++
		}
	}
	s.at++
	return escaped
}

// str returns the string that is next; it is valid until the next call.
func (s *scanner) str() ([]byte, error) {
	if s.peek() != '"' {
		return nil, fmt.Errorf("byte %d: a string is wanted, not %s", s.at, shown(string(s.value())))
	}
	start := s.at
	if !s.skipString() {
		return s.data[start+1 : s.at-1], nil
	}
	var err error
	s.buf, err = unescape(s.buf[:0], s.data[start+1:s.at-1])
	return s.buf, err
}

// integer returns the whole number that is next.
func (s *scanner) integer() (int64, error) {
	raw := s.value()
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("a whole number is wanted, not %s", shown(string(raw)))
	}
	return n, nil
}

// unescape appends the text that the inside of a JSON string stands for. Half a surrogate pair is no text.
func unescape(dst, s []byte) ([]byte, error) {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			dst = append(dst, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hexRune(s[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				if i+6 >= len(s) || s[i+1] != '\\' || s[i+2] != 'u' {
					return dst, fmt.Errorf("string holds half a surrogate pair (\\u%04x)", r)
				}
				low := hexRune(s[i+3:])
				if utf16.DecodeRune(r, low) == utf8.RuneError {
					return dst, fmt.Errorf("string holds half a surrogate pair (\\u%04x)", r)
				}
				r = utf16.DecodeRune(r, low)
				i += 6
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, s[i])
		}
	}
	return dst, nil
}

func hexRune(s []byte) rune {
	n, _ := strconv.ParseUint(string(s[:4]), 16, 32) // checkJSON has seen four hexadecimal digits
	return rune(n)
}

// objectFields lists the members of an object in order.
func objectFields(raw []byte) ([]field, error) {
	s := scanner{data: raw}
	if !s.accept('{') {
		return nil, fmt.Errorf("an object is wanted, not %s", shown(string(raw)))
	}
	var fields []field
	for !s.accept('}') {
		key, err := s.str()
		if err != nil {
			return nil, err
		}
		name := string(key)
		s.accept(':')
		value := s.value()
		for _, f := range fields {
			if f.key == name && len(fields) < 1000 {
				return nil, fmt.Errorf("field %s appears twice", shown(name))
			}
		}
		fields = append(fields, field{name, value})
		s.accept(',')
	}
	return fields, nil
}

// fieldOf returns the value of a member, nil where it is missing or null.
func fieldOf(fields []field, key string) []byte {
	for _, f := range fields {
		if f.key == key && string(f.raw) != "null" {
			return f.raw
		}
	}
	return nil
}
