package models

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
)

// refusal is a setting that changes what a network computes and that this one cannot do: the only value it
// accepts, and why.
type refusal struct{ accepted, reason string }

// refusedByAll holds for every family.
var refusedByAll = map[string]refusal{
	"add_cross_attention": {"false", "there is no cross attention here"},
	"is_encoder_decoder":  {"false", "it is not a decoder alone"},
	"quantization_config": {"null", "quantised weights are not read; save the model in float32"},
	"pruned_heads":        {"{}", "heads cannot be pruned here"},
}

// writtenKeys are those that ConfigJSON states itself; the ones read are not carried over.
var writtenKeys = []string{"model_type", "architectures", "torch_dtype", "dtype", "transformers_version", "_name_or_path"}

// configKeys splits a config.json into its keys and says whose it is.
func configKeys(data []byte) (keys map[string]json.RawMessage, modelType string, err error) {
	if err := json.Unmarshal(data, &keys); err != nil {
		return nil, "", fmt.Errorf("not a model's configuration: %w", jsonPlace(data, err))
	}
	_ = json.Unmarshal(keys["model_type"], &modelType) // another type of value is no name either
	return keys, modelType, nil
}

// fillConfig sets config's fields from keys and returns the keys that are left: they change nothing here. A setting
// that the network cannot compute is an error that names it.
func fillConfig(keys map[string]json.RawMessage, config any, refused map[string]refusal) (extra map[string]json.RawMessage, err error) {
	for _, rules := range []map[string]refusal{refusedByAll, refused} {
		for key, rule := range rules {
			if value, set := keys[key]; set && compactJSON(value) != rule.accepted && compactJSON(value) != "null" {
				return nil, fmt.Errorf("%s is %s, which is not supported: %s", key, compactJSON(value), rule.reason)
			}
		}
	}
	fields := configFields(config)
	for key, value := range keys {
		field, ours := fields[key]
		if !ours {
			continue
		}
		if err := json.Unmarshal(value, field); err != nil {
			return nil, fmt.Errorf("%s is %s; want %s", key, compactJSON(value), strings.TrimLeft(reflect.TypeOf(field).String(), "*"))
		}
	}
	maps.DeleteFunc(keys, func(key string, _ json.RawMessage) bool { _, ours := fields[key]; return ours })
	for _, key := range writtenKeys {
		delete(keys, key)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return keys, nil
}

// configFields maps the keys of the struct that config points to to pointers to its fields.
func configFields(config any) map[string]any {
	fields := map[string]any{}
	value := reflect.ValueOf(config).Elem()
	for i := range value.NumField() {
		if key := value.Type().Field(i).Tag.Get("json"); key != "-" {
			fields[key] = value.Field(i).Addr().Interface()
		}
	}
	return fields
}

// configJSON writes a config.json, keys sorted as Hugging Face does: extra, then config's fields, then changed, in
// which a key with the value absent is left out.
func configJSON(modelType, architecture string, config any, extra map[string]json.RawMessage, changed map[string]any) ([]byte, error) {
	keys := map[string]any{"model_type": modelType, "architectures": []string{architecture}, "torch_dtype": "float32"}
	for key, value := range extra {
		keys[key] = value
	}
	maps.Copy(keys, configFields(config))
	maps.Copy(keys, changed)
	maps.DeleteFunc(keys, func(_ string, value any) bool { return value == absent{} })
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(keys)
	return out.Bytes(), err
}

// absent marks a key that is not written.
type absent struct{}

// compactJSON is the value without blanks.
func compactJSON(value json.RawMessage) string {
	var out bytes.Buffer
	if json.Compact(&out, value) != nil {
		return string(value)
	}
	return out.String()
}

// jsonPlace adds the line to a syntax error.
func jsonPlace(data []byte, err error) error {
	if syntax, ok := err.(*json.SyntaxError); ok {
		return fmt.Errorf("line %d: %w", 1+bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n")), err)
	}
	return err
}
