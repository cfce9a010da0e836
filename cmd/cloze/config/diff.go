package config

import "reflect"

// Change is a key whose value differs between two configurations; "" stands for a key that one of them lacks.
type Change struct{ Key, From, To string }

// Changes lists the keys that differ between the structs that from and to point to, in declaration order, with their values as Format writes them.
func Changes(from, to any) []Change {
	before, after := flat(from), flat(to)
	values := map[string]string{}
	for _, kv := range after {
		values[kv[0]] = kv[1]
	}
	var changes []Change
	seen := map[string]bool{}
	for _, kv := range before {
		if seen[kv[0]] = true; values[kv[0]] != kv[1] {
			changes = append(changes, Change{kv[0], kv[1], values[kv[0]]})
		}
	}
	for _, kv := range after {
		if !seen[kv[0]] {
			changes = append(changes, Change{kv[0], "", kv[1]})
		}
	}
	return changes
}

// flat lists keys and their values.
func flat(src any) (out [][2]string) {
	var walk func(v reflect.Value, prefix string)
	walk = func(v reflect.Value, prefix string) {
		for _, f := range fields(v) {
			switch {
			case isSection(f.value):
				walk(f.value, prefix+f.key+".")
			case f.value.Kind() != reflect.Pointer || !f.value.IsNil():
				out = append(out, [2]string{prefix + f.key, scalar(f.value)})
			}
		}
	}
	walk(reflect.ValueOf(src).Elem(), "")
	return out
}
