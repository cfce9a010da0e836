package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a configuration file. A real one is a few kilobytes and four levels; what is beyond is a wrong or a
// hostile file, and the parser is never asked to build a tree for it.
const (
	maxBytes = 256 << 10
	maxDepth = 64
)

// Error is one problem in one place.
type Error struct {
	Where string // the file, or "--set KEY=VALUE"
	Line  int    // 1-based; 0 when the place has no lines
	Msg   string // cause and remedy
}

// Error gives the place and the cause in one line.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.Where, e.Line, e.Msg)
	}
	return e.Where + ": " + e.Msg
}

// Load lays the YAML file (none when file is "") and then each "a.b=c" of sets over *dst, a pointer to a struct
// that holds the defaults. On an error *dst may be partly changed. It returns the keys that were given, in order.
func Load(dst any, file string, sets []string) ([]string, error) {
	l := loader{root: reflect.ValueOf(dst).Elem()}
	if file != "" {
		data, err := readLimited(file)
		if err != nil {
			return nil, err
		}
		if err := l.file(file, data); err != nil {
			return nil, err
		}
	}
	for _, set := range sets {
		if err := l.set(set); err != nil {
			return nil, err
		}
	}
	return l.given, nil
}

func readLimited(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		if pe := (*os.PathError)(nil); errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, &Error{Where: file, Msg: fmt.Sprintf("cannot read the configuration: %v", err)}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, &Error{Where: file, Msg: fmt.Sprintf("cannot read the configuration: %v", err)}
	}
	if len(data) > maxBytes {
		return nil, &Error{Where: file, Msg: fmt.Sprintf("more than %d KiB; a configuration is a few kilobytes of YAML: is this the right file?", maxBytes>>10)}
	}
	return data, nil
}

type loader struct {
	root  reflect.Value
	where string
	given []string
}

func (l *loader) errorf(tk *token.Token, format string, args ...any) error {
	e := &Error{Where: l.where, Msg: fmt.Sprintf(format, args...)}
	if tk != nil && tk.Position != nil && !l.setting() {
		e.Line = tk.Position.Line
	}
	return e
}

// file lays a whole YAML file over the struct.
func (l *loader) file(name string, data []byte) error {
	l.where = name
	node, err := l.parse(data)
	if err != nil || node == nil {
		return err
	}
	return l.section(l.root, node, "")
}

// parse gives the root node of the only document, nil when the file holds nothing.
func (l *loader) parse(data []byte) (ast.Node, error) {
	if i := strings.IndexByte(string(data), 0); i >= 0 {
		return nil, l.errorf(nil, "byte %d is zero: this is not a text file, a configuration is YAML", i)
	}
	tokens := lexer.Tokenize(string(data))
	if tk := tooDeep(tokens); tk != nil {
		return nil, l.errorf(tk, "nested deeper than %d levels; a configuration has four", maxDepth)
	}
	f, err := parser.Parse(tokens, 0)
	if err != nil {
		var se *yaml.SyntaxError
		if errors.As(err, &se) {
			return nil, l.errorf(se.Token, "not YAML: %s", oneLine(se.Message))
		}
		return nil, l.errorf(nil, "not YAML: %s", oneLine(err.Error()))
	}
	var root ast.Node
	for _, doc := range f.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			return nil, l.errorf(doc.Body.GetToken(), "a second YAML document; keep one")
		}
		root = doc.Body
	}
	switch root.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return nil, nil
	}
	return root, nil
}

// tooDeep returns the first token nested beyond maxDepth: by brackets, or by block indentation, where each level
// moves its dash or colon at least one column to the right.
func tooDeep(tokens token.Tokens) *token.Token {
	brackets := 0
	for _, tk := range tokens {
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType:
			if tk.Position.Column > 2*maxDepth {
				return tk
			}
		case token.MappingValueType:
			if tk.Prev != nil && brackets == 0 && tk.Prev.Position.Column > 4*maxDepth {
				return tk
			}
		}
		if brackets > maxDepth {
			return tk
		}
	}
	return nil
}

// section fills the struct v from a mapping.
func (l *loader) section(v reflect.Value, node ast.Node, prefix string) error {
	m, ok := node.(ast.MapNode)
	if !ok {
		if _, null := node.(*ast.NullNode); null {
			return nil
		}
		if prefix == "" {
			return l.errorf(node.GetToken(), "want key: value lines, found %s", describe(node))
		}
		return l.errorf(node.GetToken(), "%s is a section: want its keys below it, found %s", strings.TrimSuffix(prefix, "."), describe(node))
	}
	for it := m.MapRange(); it.Next(); {
		key, ok := scalarText(it.Key())
		if !ok {
			return l.errorf(it.Key().GetToken(), "want a plain key, found %s", describe(it.Key()))
		}
		if err := l.assign(v, key, it.Value(), prefix); err != nil {
			return err
		}
	}
	return nil
}

// assign sets one key of v, which may itself name a path ("train.steps: 5").
func (l *loader) assign(v reflect.Value, key string, node ast.Node, prefix string) error {
	head, rest, dotted := strings.Cut(key, ".")
	var names []string
	for _, f := range fields(v) {
		names = append(names, f.key)
		if f.key != head {
			continue
		}
		switch {
		case dotted && isSection(f.value):
			return l.assign(f.value, rest, node, prefix+head+".")
		case dotted:
			return l.errorf(node.GetToken(), "%s%s is a value and has no key %q below it", prefix, head, rest)
		case isSection(f.value):
			return l.section(f.value, node, prefix+head+".")
		}
		l.given = append(l.given, prefix+head)
		return l.value(f.value, node, prefix+head)
	}
	return l.errorf(keyToken(node), "unknown key %q; %s", prefix+key, l.suggest(prefix, key, names))
}

// suggest looks for the nearest key in the section, then for the key's last part anywhere.
func (l *loader) suggest(prefix, key string, names []string) string {
	if near := Nearest(key, names); near != "" {
		return "did you mean " + prefix + near + "?"
	}
	all := keys(l.root, "")
	last := key[strings.LastIndexByte(key, '.')+1:]
	for _, k := range all {
		if strings.HasSuffix(k, "."+last) {
			return "did you mean " + k + "?"
		}
	}
	if near := Nearest(prefix+key, all); near != "" {
		return "did you mean " + near + "?"
	}
	return "here are " + strings.Join(names, ", ")
}

// keyToken finds the token of a value's key, for the line it stands on.
func keyToken(node ast.Node) *token.Token {
	tk := node.GetToken()
	for t := tk; t != nil; t = t.Prev {
		if t.Type == token.MappingValueType {
			return t
		}
	}
	return tk
}

// set lays one "a.b=c" over the struct; the value is read as YAML is.
func (l *loader) set(set string) error {
	l.where = "--set " + set
	key, text, ok := strings.Cut(set, "=")
	if !ok || key == "" {
		return l.errorf(nil, "want KEY=VALUE, for instance train.steps=100")
	}
	if len(text) > maxBytes {
		return l.errorf(nil, "value longer than %d KiB", maxBytes>>10)
	}
	node, err := l.parse([]byte(text))
	switch node.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.SequenceNode, ast.MapNode:
		if err != nil {
			return err
		}
	default:
		// What YAML takes for an alias (*.go), nothing (an empty value) or a fault is just text on a command line,
		// unless it begins as a list, a mapping or a quoted text.
		if err != nil && strings.ContainsAny(text[:1], "[{\"'") {
			return err
		}
		node = ast.String(token.String(text, text, &token.Position{Line: 1, Column: 1}))
	}
	return l.assign(l.root, key, node, "")
}

// oneLine joins the lines of a library's message.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
