package models

import (
	"fmt"
	"os"
)

// gptRefused are the settings of Hugging Face's GPT-2 that this network cannot compute.
var gptRefused = map[string]refusal{
	"scale_attn_weights":              {"true", "attention here always divides by the root of the head width"},
	"scale_attn_by_inverse_layer_idx": {"false", "attention here is not scaled by the layer's number"},
}

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
	keys, kind, err := configKeys(data)
	if err != nil {
		return GPTConfig{}, err
	}
	if kind != "gpt2" {
		return GPTConfig{}, fmt.Errorf("model_type is %q, want gpt2", kind)
	}
	config := DefaultGPT()
	config.EmbedDrop, config.ResidDrop, config.AttnDrop = 0.1, 0.1, 0.1 // Hugging Face's defaults
	if config.Extra, err = fillConfig(keys, &config, gptRefused); err != nil {
		return GPTConfig{}, err
	}
	return config, config.Validate()
}

// ConfigJSON returns the configuration as a Hugging Face config.json, keys sorted as Hugging Face does. The key
// bias appears only where there are none.
func (c GPTConfig) ConfigJSON() ([]byte, error) {
	changed := map[string]any{}
	if c.InnerDim == 0 {
		changed["n_inner"] = nil
	}
	if c.Bias {
		changed["bias"] = absent{}
	}
	return configJSON("gpt2", "GPT2LMHeadModel", &c, c.Extra, changed)
}
