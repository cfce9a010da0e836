package models

import (
	"encoding/json"
	"fmt"
	"slices"
)

// GPTConfig describes a GPT-2 shaped network. The keys are those of Hugging Face's GPT2Config, so that a
// config.json, the model section of a YAML and this struct say the same with the same words.
type GPTConfig struct {
	NumLayers   int     `json:"n_layer"`     // blocks, L
	NumHeads    int     `json:"n_head"`      // attention heads, H; divides Dim
	Dim         int     `json:"n_embd"`      // width of a token's vector, D
	NumContext  int     `json:"n_positions"` // longest context in tokens, P: rows of the position table
	VocabSize   int     `json:"vocab_size"`  // rows of the token table, V; the tokenizer's size replaces a preset's
	InnerDim    int     `json:"n_inner"`     // width inside the MLP, F; 0 (null in config.json) means 4 D
	Activation  string  `json:"activation_function"`
	TiedHead    bool    `json:"tie_word_embeddings"` // the output table is the token table
	Bias        bool    `json:"bias"`                // biases in linear layers and norms (not in Hugging Face's GPT-2, which always has them)
	EmbedDrop   float64 `json:"embd_pdrop"`          // dropout probability after the embedding, 0 to below 1
	ResidDrop   float64 `json:"resid_pdrop"`         // dropout probability at the end of each residual branch
	AttnDrop    float64 `json:"attn_pdrop"`          // dropout probability of attention weights
	NormEpsilon float64 `json:"layer_norm_epsilon"`  // added to the variance in LayerNorm
	InitStd     float64 `json:"initializer_range"`   // standard deviation of fresh weights

	BOS *int `json:"bos_token_id"` // id that starts a text, null for none
	EOS *int `json:"eos_token_id"` // id that ends a text, null for none

	// Extra holds the keys of a config.json that change nothing here (summary_type, use_cache …); they are written back.
	Extra map[string]json.RawMessage `json:"-"`
}

// DefaultGPT returns GPT-2 124M (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners")
// without dropout, which pretraining on a corpus larger than the model can memorise does not need.
func DefaultGPT() GPTConfig {
	return GPTConfig{
		NumLayers: 12, NumHeads: 12, Dim: 768, NumContext: 1024, VocabSize: 50257,
		Activation: "gelu_new", TiedHead: true, Bias: true, NormEpsilon: 1e-5, InitStd: 0.02,
	}
}

// Validate returns an error that names the first setting that cannot be built, with its key and remedy.
func (c GPTConfig) Validate() error {
	const most = 1 << 24 // far above every model there is; keeps products of two inside int64
	for _, size := range []struct {
		key         string
		value, most int
	}{
		{"n_layer", c.NumLayers, 10_000}, {"n_head", c.NumHeads, most}, {"n_embd", c.Dim, most},
		{"n_positions", c.NumContext, most}, {"vocab_size", c.VocabSize, most}, {"n_inner", c.innerDim(), most},
	} {
		if size.value < 1 || size.value > size.most {
			return fmt.Errorf("model.%s is %d; give a number from 1 to %d", size.key, size.value, size.most)
		}
	}
	if c.Dim%c.NumHeads != 0 {
		return fmt.Errorf("model.n_embd %d is not a multiple of model.n_head %d; every head needs the same width", c.Dim, c.NumHeads)
	}
	for _, drop := range []struct {
		key   string
		value float64
	}{{"embd_pdrop", c.EmbedDrop}, {"resid_pdrop", c.ResidDrop}, {"attn_pdrop", c.AttnDrop}} {
		if !(drop.value >= 0 && drop.value < 1) {
			return fmt.Errorf("model.%s is %g; give a probability from 0 to below 1", drop.key, drop.value)
		}
	}
	if !(c.NormEpsilon > 0 && c.NormEpsilon < 1) {
		return fmt.Errorf("model.layer_norm_epsilon is %g; give a small positive number, GPT-2 has 1e-5", c.NormEpsilon)
	}
	if !(c.InitStd >= 0 && c.InitStd < 10) {
		return fmt.Errorf("model.initializer_range is %g; give a small positive number, GPT-2 has 0.02", c.InitStd)
	}
	if names := activationNames(); !slices.Contains(names, c.Activation) {
		return unknownName("model.activation_function", c.Activation, names)
	}
	return nil
}

// NumParams returns how many numbers the model holds, a tied table counted once; nothing is allocated.
func (c GPTConfig) NumParams() int64 {
	return buildGPT(c, counting{}).params.NumEl()
}

// Shape returns what the configurations of all families say.
func (c GPTConfig) Shape() Shape {
	return Shape{ModelType: "gpt2", NumContext: c.NumContext, VocabSize: c.VocabSize, Dim: c.Dim, NumLayers: c.NumLayers, TiedHead: c.TiedHead, Causal: true}
}

// innerDim is F, the width inside the MLP.
func (c GPTConfig) innerDim() int {
	if c.InnerDim == 0 {
		return 4 * c.Dim
	}
	return c.InnerDim
}
