package tokenize

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxDepth is how deep a file may nest: the limit of the reference's reader.
const maxDepth = 128

// checkJSON says where a file stops being one JSON object in UTF-8 that scanner can walk without further checks.
func checkJSON(data []byte) error {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return errors.New("is empty; a tokenizer.json is a JSON object")
	case trimmed[0] != '{':
		return fmt.Errorf("is not JSON at byte %d; a tokenizer.json is a JSON object", len(data)-len(trimmed))
	}
	c := checker{data: data}
	valid := c.value(0) && c.end()
	if c.deep {
		return fmt.Errorf("nests deeper than %d levels at byte %d", maxDepth, c.at)
	}
	if !valid {
		var v json.RawMessage
		if err := json.Unmarshal(data, &v); err != nil { // says what is wrong
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) {
				return fmt.Errorf("is not JSON at byte %d: %w", syntax.Offset, err)
			}
			return fmt.Errorf("is not JSON: %w", err)
		}
	}
	if !utf8.Valid(data) {
		for i := 0; i < len(data); {
			r, n := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && n == 1 {
				return fmt.Errorf("is not UTF-8 at byte %d", i)
			}
			i += n
		}
	}
	return nil
}

// checker walks once over what may be JSON. It is there because json.Valid takes a fifth of the time of loading a vocabulary: that has a state for each
// byte, this has a loop for strings, of which a vocabulary consists.
type checker struct {
	data []byte
	at   int
	deep bool // it stopped at a value that lies too deep
}

// inString says of each byte whether it may stand in a string as it is.
var inString = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return t
}()

// next steps over white space and returns the byte behind it, 0 at the end.
func (c *checker) next() byte {
	for ; c.at < len(c.data); c.at++ {
		if b := c.data[c.at]; b > ' ' || b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			return b
		}
	}
	return 0
}

func (c *checker) end() bool { return c.next() == 0 && c.at == len(c.data) }

// value steps over a value that lies in so many others; false where there is none.
func (c *checker) value(depth int) bool {
	switch b := c.next(); b {
	case '"':
		return c.str()
	case '{', '[':
		if c.deep = depth == maxDepth; c.deep {
			return false
		}
		return c.list(b, depth+1)
	case 't':
		return c.word("true")
	case 'f':
		return c.word("false")
	case 'n':
		return c.word("null")
	}
	return c.number()
}

// list steps over an object or an array.
func (c *checker) list(open byte, depth int) bool {
	shut := open + 2 // { } and [ ] are two apart in ASCII
	c.at++
	if c.next() == shut {
		c.at++
		return true
	}
	for {
		if open == '{' {
			if c.next() != '"' || !c.str() || c.next() != ':' {
				return false
			}
			c.at++
		}
		if !c.value(depth) {
			return false
		}
		switch c.next() {
		case ',':
			c.at++
		case shut:
			c.at++
			return true
		default:
			return false
		}
	}
}

// str steps over the string that starts here.
func (c *checker) str() bool {
	i, data := c.at+1, c.data
	for i < len(data) {
		b := data[i]
		switch {
		case inString[b]:
			i++
		case b == '"':
			c.at = i + 1
			return true
		case b == '\\' && i+1 < len(data):
			if i += 2; data[i-1] == 'u' {
				for n := i + 4; i < n; i++ {
					if i == len(data) || !isHex(data[i]) {
						return false
					}
				}
			} else if bytes.IndexByte([]byte(`"\/bfnrt`), data[i-1]) < 0 {
				return false
			}
		default:
			return false
		}
	}
	return false
}

func isHex(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}

func (c *checker) word(w string) bool {
	ok := bytes.HasPrefix(c.data[c.at:], []byte(w))
	c.at += len(w)
	return ok
}

// number steps over a number.
func (c *checker) number() bool {
	if c.is('-') {
		c.at++
	}
	if c.is('0') {
		c.at++
	} else if !c.digits() {
		return false
	}
	if c.is('.') {
		if c.at++; !c.digits() {
			return false
		}
	}
	if c.is('e') || c.is('E') {
		if c.at++; c.is('+') || c.is('-') {
			c.at++
		}
		return c.digits()
	}
	return true
}

func (c *checker) is(b byte) bool { return c.at < len(c.data) && c.data[c.at] == b }

// digits steps over digits, of which there must be one.
func (c *checker) digits() bool {
	start := c.at
	for c.at < len(c.data) && c.data[c.at]-'0' < 10 {
		c.at++
	}
	return c.at > start
}
