package models

import (
	"encoding/json"
	"fmt"
	"slices"
)

// LlamaConfig describes a Llama shaped network. The keys are those of Hugging Face's LlamaConfig.
type LlamaConfig struct {
	NumLayers   int         `json:"num_hidden_layers"`       // blocks, L
	NumHeads    int         `json:"num_attention_heads"`     // query heads, H
	NumKVHeads  int         `json:"num_key_value_heads"`     // heads of keys and values; divides H; 0 (null in config.json) means H
	Dim         int         `json:"hidden_size"`             // width of a token's vector, D
	HeadDim     int         `json:"head_dim"`                // width of a head, K, even; 0 (null) means D/H
	InnerDim    int         `json:"intermediate_size"`       // width inside the MLP, F
	NumContext  int         `json:"max_position_embeddings"` // longest context in tokens, P; it costs no weights
	VocabSize   int         `json:"vocab_size"`              // rows of the token table, V; the tokenizer's size replaces a preset's
	Activation  string      `json:"hidden_act"`              // what bends the gate: silu
	TiedHead    bool        `json:"tie_word_embeddings"`     // the output table is the token table
	AttnBias    bool        `json:"attention_bias"`          // biases in the four matrices of attention
	MLPBias     bool        `json:"mlp_bias"`                // biases in the three matrices of the MLP
	AttnDrop    float64     `json:"attention_dropout"`       // dropout probability of attention weights, 0 to below 1
	NormEpsilon float64     `json:"rms_norm_eps"`            // added to the mean square in RMSNorm
	InitStd     float64     `json:"initializer_range"`       // standard deviation of fresh weights
	RopeTheta   float64     `json:"rope_theta"`              // base of the rotary frequencies
	RopeScaling RopeScaling `json:"rope_scaling"`            // stretches rotary positions

	BOS TokenIDs `json:"bos_token_id"` // ids that start a text
	EOS TokenIDs `json:"eos_token_id"` // ids that end a text

	// Extra holds the keys of a config.json that change nothing here (use_cache, pad_token_id …); they are written back.
	Extra map[string]json.RawMessage `json:"-"`
}

// DefaultLlama returns Llama 2 7B (Touvron et al. 2023, arXiv:2307.09288, table 1), on which the presets stand.
func DefaultLlama() LlamaConfig {
	return LlamaConfig{
		NumLayers: 32, NumHeads: 32, NumKVHeads: 32, Dim: 4096, InnerDim: 11008, NumContext: 4096, VocabSize: 32000,
		Activation: "silu", NormEpsilon: 1e-5, InitStd: 0.02, RopeTheta: 10000,
	}
}

// Validate returns an error that names the first setting that cannot be built, with its key and remedy.
func (c LlamaConfig) Validate() error {
	const most = 1 << 24 // far above every model there is; keeps products of two inside int64
	for _, size := range []struct {
		key         string
		value, most int
	}{
		{"num_hidden_layers", c.NumLayers, 10_000}, {"num_attention_heads", c.NumHeads, most}, {"hidden_size", c.Dim, most},
		{"num_key_value_heads", c.numKVHeads(), most}, {"intermediate_size", c.InnerDim, most},
		{"max_position_embeddings", c.NumContext, most}, {"vocab_size", c.VocabSize, most},
	} {
		if size.value < 1 || size.value > size.most {
			return fmt.Errorf("model.%s is %d; give a number from 1 to %d", size.key, size.value, size.most)
		}
	}
	switch {
	case c.HeadDim == 0 && c.Dim%c.NumHeads != 0:
		return fmt.Errorf("model.hidden_size %d is not a multiple of model.num_attention_heads %d; change one, or give model.head_dim", c.Dim, c.NumHeads)
	case c.headDim() < 2 || c.headDim()%2 != 0 || c.headDim() > most:
		return fmt.Errorf("a head is %d wide (model.head_dim, or hidden_size/num_attention_heads); rotary positions turn pairs, so it must be even", c.headDim())
	case c.NumHeads%c.numKVHeads() != 0:
		return fmt.Errorf("model.num_attention_heads %d is not a multiple of model.num_key_value_heads %d; each key head serves as many query heads", c.NumHeads, c.numKVHeads())
	case !(c.AttnDrop >= 0 && c.AttnDrop < 1):
		return fmt.Errorf("model.attention_dropout is %g; give a probability from 0 to below 1", c.AttnDrop)
	case !(c.NormEpsilon > 0 && c.NormEpsilon < 1):
		return fmt.Errorf("model.rms_norm_eps is %g; give a small positive number, Llama 3 has 1e-5", c.NormEpsilon)
	case !(c.InitStd >= 0 && c.InitStd < 10):
		return fmt.Errorf("model.initializer_range is %g; give a small positive number, Llama has 0.02", c.InitStd)
	case !(c.RopeTheta > 1 && c.RopeTheta < 1e12):
		return fmt.Errorf("model.rope_theta is %g; give a number above 1, Llama 2 has 10000 and Llama 3 500000", c.RopeTheta)
	}
	if names := activationNames(); !slices.Contains(names, c.Activation) {
		return unknownName("model.hidden_act", c.Activation, names)
	}
	return c.RopeScaling.validate()
}

// NumParams returns how many numbers the model holds, a tied table counted once; nothing is allocated.
func (c LlamaConfig) NumParams() int64 { return buildLlama(c, counting{}).params.NumEl() }

// Shape returns what the configurations of all families say.
func (c LlamaConfig) Shape() Shape {
	return Shape{ModelType: "llama", NumContext: c.NumContext, VocabSize: c.VocabSize, Dim: c.Dim, NumLayers: c.NumLayers, TiedHead: c.TiedHead, Causal: true}
}

// headDim is K, the width of a head.
func (c LlamaConfig) headDim() int {
	if c.HeadDim == 0 {
		return c.Dim / c.NumHeads
	}
	return c.HeadDim
}

// numKVHeads is how many heads of keys and values there are.
func (c LlamaConfig) numKVHeads() int {
	if c.NumKVHeads == 0 {
		return c.NumHeads
	}
	return c.NumKVHeads
}
