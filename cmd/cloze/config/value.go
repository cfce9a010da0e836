package config

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// value sets one plain field from a node and names what was wanted when it cannot.
func (l *loader) value(v reflect.Value, node ast.Node, key string) error {
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return l.errorf(node.GetToken(), "%s: anchors, aliases and tags are not used here; write the value itself", key)
	}
	if v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem())
		if err := l.value(p.Elem(), node, key); err != nil {
			return err
		}
		v.Set(p)
		return nil
	}
	if v.Kind() == reflect.Slice && !v.Addr().Type().Implements(textUnmarshaler) {
		return l.list(v, node, key)
	}
	text, ok := scalarText(node)
	if !ok {
		return l.errorf(node.GetToken(), "%s: want %s, found %s", key, want(v), describe(node))
	}
	if err := setScalar(v, node, text); err != nil {
		if err != errType && v.Addr().Type().Implements(textUnmarshaler) {
			return l.errorf(node.GetToken(), "%s: %v", key, err) // the type words its own errors best
		}
		return l.errorf(node.GetToken(), "%s: want %s, found %s", key, want(v), describe(node))
	}
	return nil
}

// list sets a slice from a YAML list; a lone value is a list of one.
func (l *loader) list(v reflect.Value, node ast.Node, key string) error {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		if text, plain := node.(*ast.StringNode); plain && l.setting() && strings.Contains(text.Value, ",") {
			return l.commaList(v, text.Value, key)
		}
		one := reflect.MakeSlice(v.Type(), 1, 1)
		if err := l.value(one.Index(0), node, key); err != nil {
			return err
		}
		v.Set(one)
		return nil
	}
	out := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, n := range seq.Values {
		if err := l.value(out.Index(i), n, fmt.Sprintf("%s[%d]", key, i)); err != nil {
			return err
		}
	}
	v.Set(out)
	return nil
}

// commaList sets a slice from the a,b,c of a command line.
func (l *loader) commaList(v reflect.Value, text, key string) error {
	parts := strings.Split(text, ",")
	out := reflect.MakeSlice(v.Type(), len(parts), len(parts))
	for i, part := range parts {
		part = strings.TrimSpace(part)
		node := ast.String(token.String(part, part, &token.Position{Line: 1, Column: 1}))
		if err := l.value(out.Index(i), node, fmt.Sprintf("%s[%d]", key, i)); err != nil {
			return err
		}
	}
	v.Set(out)
	return nil
}

// setting says whether a --set is being read, and not a file.
func (l *loader) setting() bool { return strings.HasPrefix(l.where, "--set") }

// setScalar converts; any error means "not that type", the caller words it.
func setScalar(v reflect.Value, node ast.Node, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(text)
		v.SetInt(int64(d))
		return err
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text) // "yes", 1 and 1.5 are texts too where a text is wanted
		return nil
	case reflect.Bool:
		b, ok := node.(*ast.BoolNode)
		if !ok {
			return errType
		}
		v.SetBool(b.Value)
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := wholeNumber(text)
		if err != nil || v.OverflowInt(n) {
			return errType
		}
		v.SetInt(n)
		return nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(strings.ReplaceAll(text, "_", ""), 10, 64)
		if err != nil || v.OverflowUint(n) {
			return errType
		}
		v.SetUint(n)
		return nil
	case reflect.Float32, reflect.Float64:
		// ParseFloat and not the YAML type: YAML 1.1 reads 1e-3 as text, which has bitten many a run.
		f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || v.OverflowFloat(f) {
			return errType
		}
		v.SetFloat(f)
		return nil
	}
	return errType
}

var errType = fmt.Errorf("wrong type")

// wholeNumber accepts 1000, 1_000 and a float that is whole (1e4), as people write step counts.
func wholeNumber(text string) (int64, error) {
	text = strings.ReplaceAll(text, "_", "")
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, errType
	}
	return int64(f), nil
}

// scalarText gives the text of a scalar as it was written (unquoted).
func scalarText(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// describe words a node for a message, shortened.
func describe(node ast.Node) string {
	switch node.(type) {
	case *ast.NullNode:
		return "nothing"
	case ast.MapNode:
		return "keys"
	case *ast.SequenceNode:
		return "a list"
	}
	text, ok := scalarText(node)
	if !ok {
		return strings.ToLower(node.Type().String())
	}
	if len(text) > 40 {
		text = text[:40] + "..."
	}
	return strconv.Quote(text)
}

// want words the type of a field.
func want(v reflect.Value) string {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		return "a duration such as 30s"
	}
	switch v.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number from 0"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	}
	return "a " + v.Type().String()
}
