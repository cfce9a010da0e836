package models

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strings"
)

// gptRefused are the settings of Hugging Face's GPT-2 that change what the network computes and that this one
// cannot do: the only value it accepts, and why.
var gptRefused = map[string]struct{ accepted, reason string }{
	"scale_attn_weights":              {"true", "attention here always divides by the root of the head width"},
	"scale_attn_by_inverse_layer_idx": {"false", "attention here is not scaled by the layer's number"},
	"add_cross_attention":             {"false", "there is no cross attention here"},
	"is_encoder_decoder":              {"false", "it is not a decoder alone"},
	"quantization_config":             {"null", "quantised weights are not read; save the model in float32"},
	"pruned_heads":                    {"{}", "heads cannot be pruned here"},
}

// gptWritten are the keys that ConfigJSON states itself; those read are not carried over.
var gptWritten = []string{"model_type", "architectures", "torch_dtype", "dtype", "transformers_version", "_name_or_path"}

// ReadGPTConfig reads a Hugging Face config.json. A key left out has Hugging Face's default. A setting that
// this network cannot compute is an error that names it; keys that change nothing are kept in Extra.
func ReadGPTConfig(path string) (GPTConfig, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return GPTConfig{}, err
	}
	config, err := ParseGPTConfig(data)
	if err != nil {
		return GPTConfig{}, fmt.Errorf("%s: %w", path, err)
	}
	return config, nil
}

// ParseGPTConfig is ReadGPTConfig for bytes in memory.
func ParseGPTConfig(data []byte) (GPTConfig, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return GPTConfig{}, fmt.Errorf("not a model's configuration: %w", jsonPlace(data, err))
	}
	var kind string
	if json.Unmarshal(keys["model_type"], &kind); kind != "gpt2" {
		return GPTConfig{}, fmt.Errorf("model_type is %q; this build reads gpt2", kind)
	}
	for key, rule := range gptRefused {
		if value, set := keys[key]; set && compactJSON(value) != rule.accepted && compactJSON(value) != "null" {
			return GPTConfig{}, fmt.Errorf("%s is %s, which is not supported: %s", key, compactJSON(value), rule.reason)
		}
	}

	config := DefaultGPT()
	config.EmbedDrop, config.ResidDrop, config.AttnDrop = 0.1, 0.1, 0.1 // Hugging Face's defaults
	fields := gptFields(&config)
	for key, value := range keys {
		field, ours := fields[key]
		if !ours {
			continue
		}
		if err := json.Unmarshal(value, field); err != nil {
			return GPTConfig{}, fmt.Errorf("%s is %s; want %s", key, compactJSON(value), strings.TrimLeft(reflect.TypeOf(field).String(), "*"))
		}
	}
	maps.DeleteFunc(keys, func(key string, _ json.RawMessage) bool { _, ours := fields[key]; return ours })
	for _, key := range gptWritten {
		delete(keys, key)
	}
	if len(keys) > 0 {
		config.Extra = keys
	}
	return config, config.Validate()
}

// gptFields maps the keys of GPTConfig to pointers to its fields.
func gptFields(config *GPTConfig) map[string]any {
	fields := map[string]any{}
	value := reflect.ValueOf(config).Elem()
	for i := range value.NumField() {
		if key := value.Type().Field(i).Tag.Get("json"); key != "-" {
			fields[key] = value.Field(i).Addr().Interface()
		}
	}
	return fields
}

// ConfigJSON returns the configuration as a Hugging Face config.json, keys sorted as Hugging Face does. The key
// bias appears only where there are none.
func (c GPTConfig) ConfigJSON() ([]byte, error) {
	keys := map[string]any{
		"model_type": "gpt2", "architectures": []string{"GPT2LMHeadModel"}, "torch_dtype": "float32",
	}
	for key, value := range c.Extra {
		keys[key] = value
	}
	for key, field := range gptFields(&c) {
		keys[key] = field
	}
	if c.InnerDim == 0 {
		keys["n_inner"] = nil
	}
	if c.Bias {
		delete(keys, "bias")
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(keys)
	return out.Bytes(), err
}

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
