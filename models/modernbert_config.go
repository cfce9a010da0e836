package models

import (
	"encoding/json"
	"fmt"
	"slices"
)

// ModernBERTConfig describes a ModernBERT. The keys are those of Hugging Face's ModernBertConfig.
type ModernBERTConfig struct {
	NumLayers      int     `json:"num_hidden_layers"`          // blocks, L
	NumHeads       int     `json:"num_attention_heads"`        // attention heads, H; divides Dim
	Dim            int     `json:"hidden_size"`                // width of a token's vector, D
	InnerDim       int     `json:"intermediate_size"`          // width inside the MLP, F
	NumContext     int     `json:"max_position_embeddings"`    // longest context in tokens, P; it costs no weights
	VocabSize      int     `json:"vocab_size"`                 // rows of the token table, V
	GlobalEvery    int     `json:"global_attn_every_n_layers"` // every so many layers, from the first, a token sees the whole row
	LocalAttention int     `json:"local_attention"`            // elsewhere a window of that many tokens, half of them to each side
	GlobalTheta    float64 `json:"global_rope_theta"`          // base of the rotary frequencies where a token sees the whole row
	LocalTheta     float64 `json:"local_rope_theta"`           // the same elsewhere
	Activation     string  `json:"hidden_activation"`          // what bends the MLP's half: gelu
	HeadActivation string  `json:"classifier_activation"`      // of the prediction head
	TiedHead       bool    `json:"tie_word_embeddings"`        // the output table is the token table
	AttnBias       bool    `json:"attention_bias"`             // biases in the matrices of attention
	MLPBias        bool    `json:"mlp_bias"`                   // biases in those of the MLP
	NormBias       bool    `json:"norm_bias"`                  // biases in the norms
	DecoderBias    bool    `json:"decoder_bias"`               // a bias beside the output table
	HeadBias       bool    `json:"classifier_bias"`            // a bias in the prediction head's matrix
	EmbedDrop      float64 `json:"embedding_dropout"`          // dropout probabilities, 0 to below 1
	AttnDrop       float64 `json:"attention_dropout"`          // of attention weights and at the end of the branch
	MLPDrop        float64 `json:"mlp_dropout"`                // inside the MLP
	NormEpsilon    float64 `json:"norm_eps"`                   // added to the variance in LayerNorm
	InitStd        float64 `json:"initializer_range"`          // standard deviation of fresh weights
	Head           bool    `json:"-"`                          // the prediction head; Load finds it out

	// Extra holds the keys of a config.json that change nothing here; they are written back.
	Extra map[string]json.RawMessage `json:"-"`
}

// DefaultModernBERT returns ModernBERT base (Warner et al. 2024, table 4), with the prediction head.
func DefaultModernBERT() ModernBERTConfig {
	return ModernBERTConfig{
		NumLayers: 22, NumHeads: 12, Dim: 768, InnerDim: 1152, NumContext: 8192, VocabSize: 50368, GlobalEvery: 3, LocalAttention: 128,
		GlobalTheta: 160_000, LocalTheta: 10_000, Activation: "gelu", HeadActivation: "gelu", TiedHead: true, DecoderBias: true,
		NormEpsilon: 1e-5, InitStd: 0.02, Head: true,
	}
}

// Validate returns an error that names the first setting that cannot be built, with its key and remedy.
func (c ModernBERTConfig) Validate() error {
	const most = 1 << 24 // far above every model there is; keeps products of two inside int64
	for _, size := range []struct {
		key         string
		value, most int
	}{
		{"num_hidden_layers", c.NumLayers, 10_000}, {"num_attention_heads", c.NumHeads, most}, {"hidden_size", c.Dim, most},
		{"intermediate_size", c.InnerDim, most}, {"max_position_embeddings", c.NumContext, most}, {"vocab_size", c.VocabSize, most},
		{"global_attn_every_n_layers", c.GlobalEvery, 10_000}, {"local_attention", c.LocalAttention, most},
	} {
		if size.value < 1 || size.value > size.most {
			return fmt.Errorf("model.%s is %d; give a number from 1 to %d", size.key, size.value, size.most)
		}
	}
	for _, number := range []struct {
		key          string
		value        float64
		from, before float64
	}{
		{"embedding_dropout", c.EmbedDrop, 0, 1}, {"attention_dropout", c.AttnDrop, 0, 1}, {"mlp_dropout", c.MLPDrop, 0, 1},
		{"norm_eps", c.NormEpsilon, 1e-20, 1}, {"initializer_range", c.InitStd, 0, 10},
		{"global_rope_theta", c.GlobalTheta, 1, 1e12}, {"local_rope_theta", c.LocalTheta, 1, 1e12},
	} {
		if !(number.value >= number.from && number.value < number.before) {
			return fmt.Errorf("model.%s is %g; give a number from %g to below %g", number.key, number.value, number.from, number.before)
		}
	}
	if c.Dim%c.NumHeads != 0 || c.Dim/c.NumHeads%2 != 0 {
		return fmt.Errorf("model.hidden_size %d is no even multiple of model.num_attention_heads %d; every head needs the same width, and rotary positions turn pairs", c.Dim, c.NumHeads)
	}
	for key, name := range map[string]string{"hidden_activation": c.Activation, "classifier_activation": c.HeadActivation} {
		if names := activationNames(); !slices.Contains(names, name) {
			return unknownName("model."+key, name, names)
		}
	}
	return nil
}

// NumParams returns how many numbers the model holds, a tied table counted once; nothing is allocated.
func (c ModernBERTConfig) NumParams() int64 { return buildModernBERT(c, counting{}).params.NumEl() }

// Shape returns what the configurations of all families say.
func (c ModernBERTConfig) Shape() Shape {
	return Shape{ModelType: "modernbert", NumContext: c.NumContext, VocabSize: c.VocabSize, Dim: c.Dim, NumLayers: c.NumLayers, TiedHead: c.TiedHead}
}

// global says whether the tokens of a layer see their whole row.
func (c ModernBERTConfig) global(layer int) bool { return layer%c.GlobalEvery == 0 }

// withHeads is WithHeads.
func (c ModernBERTConfig) withHeads(pairs bool) (Config, error) {
	if pairs {
		return nil, fmt.Errorf("a modernbert network has no head for pairs of segments; bert has one")
	}
	c.Head = true
	return c, c.Validate()
}

// fit returns the configuration of what a file holds.
func (c ModernBERTConfig) fit(holds func(name string) bool) ModernBERTConfig {
	c.Head = holds("head.dense.weight")
	return c
}

// modernRefused are the settings that this network cannot compute.
var modernRefused = map[string]refusal{"is_decoder": {"false", "it is an encoder here"}}

// ParseModernBERTConfig reads a Hugging Face config.json, of transformers 4 (global_rope_theta) or 5 (rope_parameters, layer_types).
func ParseModernBERTConfig(data []byte) (ModernBERTConfig, error) {
	keys, kind, err := configKeys(data)
	if err != nil {
		return ModernBERTConfig{}, err
	}
	if kind != "modernbert" {
		return ModernBERTConfig{}, fmt.Errorf("model_type is %q, want modernbert", kind)
	}
	config := DefaultModernBERT()
	types := keys["layer_types"]
	if err := modernKeys(keys); err != nil {
		return ModernBERTConfig{}, err
	}
	if config.Extra, err = fillConfig(keys, &config, modernRefused); err != nil {
		return ModernBERTConfig{}, err
	}
	if err := config.readLayerTypes(types); err != nil {
		return ModernBERTConfig{}, err
	}
	return config, config.Validate()
}

// modernKeys brings transformers 5's keys of rotary positions into those of 4.
func modernKeys(keys map[string]json.RawMessage) error {
	delete(keys, "layer_types")
	var rope map[string]map[string]json.RawMessage
	if raw, set := keys["rope_parameters"]; set && compactJSON(raw) != "null" {
		if err := json.Unmarshal(raw, &rope); err != nil {
			return fmt.Errorf("rope_parameters is %s; want full_attention and sliding_attention, each with keys and values", compactJSON(raw))
		}
	}
	delete(keys, "rope_parameters")
	for theirs, ours := range map[string]string{"full_attention": "global_rope_theta", "sliding_attention": "local_rope_theta"} {
		if kind := compactJSON(rope[theirs]["rope_type"]); kind != "" && kind != `"default"` {
			return fmt.Errorf("rope_parameters.%s.rope_type is %s, which is not supported: positions are not stretched here", theirs, kind)
		}
		if theta, ok := rope[theirs]["rope_theta"]; ok {
			keys[ours] = theta
		}
	}
	return nil
}

// readLayerTypes takes the list of layer_types, which must be what one number says: every so many layers, from the first, a global one.
func (c *ModernBERTConfig) readLayerTypes(raw json.RawMessage) error {
	var types []string
	if len(raw) == 0 || compactJSON(raw) == "null" {
		return nil
	}
	if err := json.Unmarshal(raw, &types); err != nil || len(types) != c.NumLayers || len(types) == 0 {
		return fmt.Errorf("layer_types is %s; want a name for each of the %d layers", compactJSON(raw), c.NumLayers)
	}
	c.GlobalEvery = max(1, len(types))
	if second := slices.Index(types[1:], "full_attention"); second >= 0 {
		c.GlobalEvery = second + 1
	}
	for layer, kind := range types {
		if (kind == "full_attention") != c.global(layer) || kind != "full_attention" && kind != "sliding_attention" {
			return fmt.Errorf("layer_types has %s at layer %d; a global layer must come every so many layers, from the first", kind, layer)
		}
	}
	return nil
}

// ConfigJSON returns the configuration as a Hugging Face config.json that transformers 4 and 5 read alike.
func (c ModernBERTConfig) ConfigJSON() ([]byte, error) {
	types := make([]string, c.NumLayers)
	for layer := range types {
		types[layer] = "sliding_attention"
		if c.global(layer) {
			types[layer] = "full_attention"
		}
	}
	rope := func(theta float64) map[string]any { return map[string]any{"rope_type": "default", "rope_theta": theta} }
	architecture := "ModernBertModel"
	if c.Head {
		architecture = "ModernBertForMaskedLM"
	}
	return configJSON("modernbert", architecture, &c, c.Extra, map[string]any{
		"layer_types":     types,
		"rope_parameters": map[string]any{"full_attention": rope(c.GlobalTheta), "sliding_attention": rope(c.LocalTheta)},
	})
}

// modernPresets are differences from DefaultModernBERT; the numbers are the whole model's with the vocabulary published.
var modernPresets = map[string]func(*ModernBERTConfig){
	"modernbert-mini":  modernShape(6, 4, 256, 384),     // 16,356,032
	"modernbert-base":  func(*ModernBERTConfig) {},      // 149,655,232, as published
	"modernbert-large": modernShape(28, 16, 1024, 2624), // 395,881,664
}

func modernShape(layers, heads, dim, inner int) func(*ModernBERTConfig) {
	return func(c *ModernBERTConfig) { c.NumLayers, c.NumHeads, c.Dim, c.InnerDim = layers, heads, dim, inner }
}

// ModernBERTPreset returns the configuration of that name; an unknown name is an error that suggests the nearest.
func ModernBERTPreset(name string) (ModernBERTConfig, error) {
	change, ok := modernPresets[name]
	if !ok {
		return ModernBERTConfig{}, unknownName("preset", name, ModernBERTPresets())
	}
	config := DefaultModernBERT()
	change(&config)
	return config, nil
}

// ModernBERTPresets returns the names of the presets, smallest model first.
func ModernBERTPresets() []string {
	return []string{"modernbert-mini", "modernbert-base", "modernbert-large"}
}
