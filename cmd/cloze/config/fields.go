package config

import (
	"encoding"
	"reflect"
	"strings"
	"unicode"
)

// field is one key of a struct.
type field struct {
	key   string
	value reflect.Value
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// fields lists the keys of the struct v in declaration order; embedded structs without a tag lend theirs, and so does
// an embedded exported interface that holds a pointer to a struct: a section whose keys depend on what it holds.
func fields(v reflect.Value) []field {
	var out []field
	t := v.Type()
	for i := range t.NumField() {
		sf := t.Field(i)
		if !sf.IsExported() && !sf.Anonymous {
			continue
		}
		key, tagged := keyOf(sf)
		if sf.Anonymous && sf.IsExported() && sf.Type.Kind() == reflect.Interface {
			if held := v.Field(i).Elem(); held.Kind() == reflect.Pointer && held.Elem().Kind() == reflect.Struct {
				out = append(out, fields(held.Elem())...)
			}
			continue
		}
		if key == "-" || !holdsText(sf.Type) {
			continue
		}
		if sf.Anonymous && !tagged && sf.Type.Kind() == reflect.Struct {
			out = append(out, fields(v.Field(i))...)
			continue
		}
		if sf.IsExported() {
			out = append(out, field{key, v.Field(i)})
		}
	}
	return out
}

// keyOf gives a field's key and whether a tag says so.
func keyOf(sf reflect.StructField) (string, bool) {
	for _, name := range []string{"yaml", "json"} {
		if tag, ok := sf.Tag.Lookup(name); ok {
			if key, _, _ := strings.Cut(tag, ","); key != "" {
				return key, true
			}
		}
	}
	return snake(sf.Name), false
}

// holdsText reports whether a YAML file can hold values of the type.
func holdsText(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return true
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.Interface, reflect.Map, reflect.UnsafePointer, reflect.Array, reflect.Complex64, reflect.Complex128:
		return false
	case reflect.Pointer, reflect.Slice:
		return t.Elem().Kind() != reflect.Struct && holdsText(t.Elem())
	}
	return true
}

// snake turns a Go name into a key: MinLearningRate to min_learning_rate, IDField to id_field, AdamBeta1 to adam_beta1.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// isSection reports whether the field holds keys of its own.
func isSection(v reflect.Value) bool {
	return v.Kind() == reflect.Struct && !v.Addr().Type().Implements(textUnmarshaler)
}

// Keys lists every key of the struct that dst points to, sections as prefixes: "train.steps".
func Keys(dst any) []string { return keys(reflect.ValueOf(dst).Elem(), "") }

func keys(v reflect.Value, prefix string) []string {
	var out []string
	for _, f := range fields(v) {
		if isSection(f.value) {
			out = append(out, keys(f.value, prefix+f.key+".")...)
		} else {
			out = append(out, prefix+f.key)
		}
	}
	return out
}
