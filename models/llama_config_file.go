package models

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// llamaRefused are the settings of Hugging Face's Llama that this network cannot compute.
var llamaRefused = map[string]refusal{
	"pretraining_tp":        {"1", "matrices are not cut for several devices; 1 computes the same"},
	"partial_rotary_factor": {"1.0", "whole heads are turned here"},
}

// TokenIDs are ids as config.json has them: none is null, one a number, several a list.
type TokenIDs []int

// MarshalJSON writes null, a number or a list.
func (ids TokenIDs) MarshalJSON() ([]byte, error) {
	switch len(ids) {
	case 0:
		return []byte("null"), nil
	case 1:
		return json.Marshal(ids[0])
	}
	return json.Marshal([]int(ids))
}

// UnmarshalJSON reads null, a number or a list.
func (ids *TokenIDs) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) || string(data) == "null" {
		return json.Unmarshal(data, (*[]int)(ids))
	}
	*ids = make(TokenIDs, 1)
	return json.Unmarshal(data, &(*ids)[0])
}

// ReadLlamaConfig reads a Hugging Face config.json. A key left out has Hugging Face's default. A setting that
// this network cannot compute is an error that names it; keys that change nothing are kept in Extra.
func ReadLlamaConfig(path string) (LlamaConfig, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return LlamaConfig{}, err
	}
	config, err := ParseLlamaConfig(data)
	if err != nil {
		return LlamaConfig{}, fmt.Errorf("%s: %w", path, err)
	}
	return config, nil
}

// ParseLlamaConfig is ReadLlamaConfig for bytes in memory.
func ParseLlamaConfig(data []byte) (LlamaConfig, error) {
	keys, kind, err := configKeys(data)
	if err != nil {
		return LlamaConfig{}, err
	}
	if kind != "llama" {
		return LlamaConfig{}, fmt.Errorf("model_type is %q, want llama", kind)
	}
	if err := ropeKeys(keys); err != nil {
		return LlamaConfig{}, err
	}
	config := DefaultLlama() // and Hugging Face's defaults where they differ
	config.NumKVHeads, config.NumContext, config.NormEpsilon, config.BOS, config.EOS = 0, 2048, 1e-6, TokenIDs{1}, TokenIDs{2}
	if config.Extra, err = fillConfig(keys, &config, llamaRefused); err != nil {
		return LlamaConfig{}, err
	}
	return config, config.Validate()
}

// ropeKeys brings the spellings of three ages into one: rope_theta beside rope_scaling with rope_type (from 4.43 on),
// its older key type, and rope_parameters, which holds both (from 5.0 on).
func ropeKeys(keys map[string]json.RawMessage) error {
	for _, key := range []string{"rope_parameters", "rope_scaling"} {
		raw, set := keys[key]
		if !set || compactJSON(raw) == "null" {
			continue
		}
		var rope map[string]json.RawMessage
		if err := json.Unmarshal(raw, &rope); err != nil {
			return fmt.Errorf("%s is %s; want keys and values", key, compactJSON(raw))
		}
		if theta, ok := rope["rope_theta"]; ok {
			keys["rope_theta"] = theta
		}
		if old, ok := rope["type"]; ok && rope["rope_type"] == nil {
			rope["rope_type"] = old
		}
		if part, ok := rope["partial_rotary_factor"]; ok {
			keys["partial_rotary_factor"] = part
		}
		one, err := json.Marshal(rope)
		if err != nil {
			return err
		}
		keys["rope_scaling"] = one
		break
	}
	delete(keys, "rope_parameters")
	return nil
}

// ConfigJSON returns the configuration as a Hugging Face config.json, keys sorted as Hugging Face does.
func (c LlamaConfig) ConfigJSON() ([]byte, error) {
	changed := map[string]any{"num_key_value_heads": c.numKVHeads(), "head_dim": c.headDim()}
	switch {
	case c.RopeScaling.none():
		changed["rope_scaling"] = nil
	case c.RopeScaling.Type == "linear":
		changed["rope_scaling"] = map[string]any{"rope_type": "linear", "factor": c.RopeScaling.Factor}
	}
	return configJSON("llama", "LlamaForCausalLM", &c, c.Extra, changed)
}
