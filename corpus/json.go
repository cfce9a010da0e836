package corpus

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of arrays and objects, as encoding/json does.
const maxDepth = 10000

// maxNamesShown bounds the fields named in a message.
const maxNamesShown = 20

// jsonKind is the type of a JSON value.
type jsonKind byte

const (
	jsonNone jsonKind = iota // the field is not there
	jsonNull
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// String names the kind for messages.
func (k jsonKind) String() string {
	return [...]string{"nothing", "null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// span is a value inside the record: data[start:end], for a string what lies between its quotes.
type span struct {
	start, end int
	kind       jsonKind
	escaped    bool // the string holds a backslash
}

// extractor checks one JSON object as RFC 8259 has it, strictly and whole, and notes where the values of the wanted fields
// lie; nothing else is decoded. Of a field that comes twice the last counts, as in encoding/json.
type extractor struct {
	data   []byte
	at     int
	values []span // of the fields asked for, in their order
	key    []byte // a key that had to be unescaped
	// collect, when not nil, gathers the keys of the outermost object, to say what there is when a field is not.
	collect *[]string
}

// jsonError says what is wrong at which byte of the record.
type jsonError struct {
	at   int
	what string
}

// Error gives the cause alone; the reader adds file, line and remedy.
func (e *jsonError) Error() string { return e.what }

// parse checks data, which must be valid UTF-8, and finds the fields. Its errors are *jsonError.
func (x *extractor) parse(data []byte, fields []string) error {
	x.data, x.at = data, 0
	if cap(x.values) < len(fields) {
		x.values = make([]span, len(fields))
	}
	x.values = x.values[:len(fields)]
	clear(x.values)
	switch x.space() {
	case '{':
	case 0:
		return x.fail("nothing where an object should start")
	default:
		v, err := x.value(1)
		if err != nil {
			return err
		}
		return &jsonError{v.start, "the record is " + v.kind.String()}
	}
	if err := x.object(1, fields); err != nil {
		return err
	}
	if x.space(); x.at < len(data) {
		return x.fail("more after the end of the object")
	}
	return nil
}

// fail is an error at the byte at hand.
func (x *extractor) fail(what string) error { return &jsonError{x.at, what} }

// space passes over white space and returns the byte that follows, 0 at the end.
func (x *extractor) space() byte {
	for x.at < len(x.data) {
		c := x.data[x.at]
		if c > ' ' || c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
		x.at++
	}
	return 0
}

// object reads the object at x.at; fields are nil but for the outermost.
func (x *extractor) object(depth int, fields []string) error {
	open := x.at
	if depth > maxDepth {
		return x.fail("nested deeper than 10000")
	}
	x.at++
	if x.space() == '}' {
		x.at++
		return nil
	}
	for {
		if x.space() != '"' {
			return x.unexpected(open, "object", "a key in quotes")
		}
		key, err := x.str()
		if err != nil {
			return err
		}
		if x.space() != ':' {
			return x.unexpected(open, "object", "a colon")
		}
		x.at++
		v, err := x.value(depth + 1)
		if err != nil {
			return err
		}
		// Only the outermost object has fields; a "text" deeper down is another one.
		if fields != nil {
			x.keep(key, v, fields)
		}
		switch x.space() {
		case ',':
			x.at++
		case '}':
			x.at++
			return nil
		default:
			return x.unexpected(open, "object", "a comma or }")
		}
	}
}

// array reads the array at x.at.
func (x *extractor) array(depth int) error {
	open := x.at
	if depth > maxDepth {
		return x.fail("nested deeper than 10000")
	}
	x.at++
	if x.space() == ']' {
		x.at++
		return nil
	}
	for {
		if _, err := x.value(depth + 1); err != nil {
			return err
		}
		switch x.space() {
		case ',':
			x.at++
		case ']':
			x.at++
			return nil
		default:
			return x.unexpected(open, "array", "a comma or ]")
		}
	}
}

// unexpected is the error where an object or array must go on or end. At the end of the record it points to the bracket
// that was left open: that is where to look.
func (x *extractor) unexpected(open int, what, want string) error {
	if x.at >= len(x.data) {
		return &jsonError{open, "the " + what + " that opens here has no end; a record must be whole on one line"}
	}
	return x.fail(fmt.Sprintf("%s expected, not %q", want, firstRune(x.data[x.at:])))
}

// firstRune is the first letter of b, for messages.
func firstRune(b []byte) string {
	_, n := utf8.DecodeRune(b)
	return string(b[:n])
}

// keep notes a value if its key is one of the fields.
func (x *extractor) keep(key, v span, fields []string) {
	name := x.data[key.start:key.end]
	if key.escaped {
		x.key, _ = unescape(x.key[:0], name)
		name = x.key
	}
	// Few fields are asked for, so a walk beats a map; the last value of a key overwrites the earlier ones.
	if x.collect != nil && len(*x.collect) < maxNamesShown {
		*x.collect = append(*x.collect, string(name))
	}
	for i, field := range fields {
		if string(name) == field {
			x.values[i] = v
		}
	}
}

// value reads any value; depth is that of an array or object met here.
func (x *extractor) value(depth int) (v span, err error) {
	c := x.space()
	v.start = x.at
	switch {
	case c == '"':
		return x.str()
	case c == '{':
		v.kind, err = jsonObject, x.object(depth, nil)
	case c == '[':
		v.kind, err = jsonArray, x.array(depth)
	case c == '-' || c >= '0' && c <= '9':
		v.kind, err = jsonNumber, x.number()
	case c == 't':
		v.kind, err = jsonBool, x.word("true")
	case c == 'f':
		v.kind, err = jsonBool, x.word("false")
	case c == 'n':
		v.kind, err = jsonNull, x.word("null")
	case x.at >= len(x.data):
		err = x.fail("the record ends where a value should be")
	default:
		err = x.fail(fmt.Sprintf("a value expected, not %q", firstRune(x.data[x.at:])))
	}
	v.end = x.at
	return v, err
}

// word reads true, false or null.
func (x *extractor) word(w string) error {
	if len(x.data)-x.at < len(w) || string(x.data[x.at:x.at+len(w)]) != w {
		return x.fail("a value expected; " + w + " is misspelt or cut")
	}
	x.at += len(w)
	return nil
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (x *extractor) number() error {
	if x.data[x.at] == '-' {
		x.at++
	}
	if x.at < len(x.data) && x.data[x.at] == '0' {
		x.at++
	} else if !x.digits() {
		return x.fail("a digit expected in the number")
	}
	if x.at < len(x.data) && x.data[x.at] == '.' {
		x.at++
		if !x.digits() {
			return x.fail("a digit expected after the decimal point")
		}
	}
	if x.at < len(x.data) && x.data[x.at]|0x20 == 'e' {
		x.at++
		if x.at < len(x.data) && (x.data[x.at] == '+' || x.data[x.at] == '-') {
			x.at++
		}
		if !x.digits() {
			return x.fail("a digit expected in the exponent")
		}
	}
	return nil
}

// digits passes over digits and reports whether there was one.
func (x *extractor) digits() bool {
	from := x.at
	for x.at < len(x.data) && x.data[x.at] >= '0' && x.data[x.at] <= '9' {
		x.at++
	}
	return x.at > from
}

// str reads the string whose opening quote is at x.at and checks its escapes.
func (x *extractor) str() (span, error) {
	v := span{start: x.at + 1, kind: jsonString}
	b, i := x.data, x.at+1
	for {
		// Between escapes the text is passed over in strides; bytes beyond ASCII were checked with the whole line before.
		i += plainRun(b[i:])
		if i >= len(b) {
			return v, x.fail("the string that opens here has no end; a record must be whole on one line")
		}
		switch c := b[i]; {
		case c == '"':
			v.end, x.at = i, i+1
			return v, nil
		case c < ' ':
			x.at = i
			return v, x.fail(fmt.Sprintf("control character 0x%02X inside a string; it must be escaped", c))
		}
		v.escaped = true
		n := escapeLen(b[i:])
		if n == 0 {
			x.at = i
			return v, x.fail(fmt.Sprintf("%q is no escape", b[i:min(i+6, len(b))]))
		}
		i += n
	}
}

// plainRun returns how many bytes b starts with that are neither quote, backslash nor control character. Eight at a time:
// in each byte the high bit is set where a comparison holds; carries can only set bits above the first true one, and only
// the first is used (H. S. Warren, Hacker's Delight, 6-1).
func plainRun(b []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		q, s := w^(ones*'"'), w^(ones*'\\')
		m := ((q - ones) &^ q) | ((s - ones) &^ s) | ((w - ones*' ') &^ w)
		if m &= highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// escapeLen returns the length of the escape that b starts with, 0 when it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b[2:]); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads four hexadecimal digits.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape appends the text of a checked string to dst; lone counts halves of surrogate pairs, which become U+FFFD.
func unescape(dst, raw []byte) (text []byte, lone int64) {
	for i := 0; i < len(raw); {
		n := plainRun(raw[i:])
		if n == 0 && raw[i] != '\\' { // only a quote or control character of an unchecked string
			n = 1
		}
		dst = append(dst, raw[i:i+n]...)
		if i += n; i >= len(raw) {
			break
		}
		if raw[i] != '\\' {
			continue
		}
		c := raw[i+1]
		i += 2
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, _ := hex4(raw[i:])
			i += 4
			// A pair is one letter. A half that is followed by an escape of another kind leaves that escape for the next turn.
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
					low, ok = hex4(raw[i+2:])
				}
				if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
					i += 6
				} else {
					r = utf8.RuneError
					lone++
				}
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
	return dst, lone
}
