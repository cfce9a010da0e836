package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Format writes the struct that src points to as YAML, every key with its value, in declaration order. [Load]
// reads it back to the same struct. Numbers are written so that YAML 1.1 readers see numbers too (1.0e-05).
func Format(src any) []byte {
	var b strings.Builder
	format(&b, reflect.ValueOf(src).Elem(), "")
	return []byte(b.String())
}

func format(b *strings.Builder, v reflect.Value, indent string) {
	for _, f := range fields(v) {
		if isSection(f.value) {
			fmt.Fprintf(b, "%s%s:\n", indent, f.key)
			format(b, f.value, indent+"  ")
			continue
		}
		if f.value.Kind() == reflect.Pointer && f.value.IsNil() {
			continue // not set and without a default: writing it would set it
		}
		fmt.Fprintf(b, "%s%s: %s\n", indent, f.key, scalar(f.value))
	}
}

func scalar(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		return scalar(v.Elem())
	}
	if v.CanAddr() {
		if m, ok := v.Addr().Interface().(encoding.TextMarshaler); ok {
			text, err := m.MarshalText()
			if err == nil {
				if _, err := strconv.Atoi(string(text)); err == nil {
					return string(text) // a number need not look like a text
				}
				return quote(string(text))
			}
		}
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return d.String()
	}
	switch v.Kind() {
	case reflect.String:
		return quote(v.String())
	case reflect.Float32:
		return number(v.Float(), 32)
	case reflect.Float64:
		return number(v.Float(), 64)
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = scalar(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v.Interface())
}

// number writes a float with a point before any exponent: PyYAML takes 1e-05 for a text.
func number(f float64, bits int) string {
	s := strconv.FormatFloat(f, 'g', -1, bits)
	if i := strings.IndexByte(s, 'e'); i >= 0 && !strings.Contains(s[:i], ".") {
		s = s[:i] + ".0" + s[i:]
	}
	return s
}

// quote leaves plain words plain and double-quotes the rest; Go's escapes are YAML's.
func quote(s string) string {
	plain := s != ""
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '-' || r == '.' || r == '/')) {
			plain = false
		}
	}
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan":
		plain = false
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}
