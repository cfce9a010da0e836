package models

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// BERTConfig describes an encoder of BERT's shape. The keys are those of Hugging Face's BertConfig; the config.json of
// the other types is translated (bert_config_file.go).
type BERTConfig struct {
	Type         string  `json:"model_type"`                   // whose names, head and positions: bert, roberta, xlm-roberta, camembert, distilbert, xlm
	NumLayers    int     `json:"num_hidden_layers"`            // blocks, L
	NumHeads     int     `json:"num_attention_heads"`          // attention heads, H; divides Dim
	Dim          int     `json:"hidden_size"`                  // width of a token's vector, D
	InnerDim     int     `json:"intermediate_size"`            // width inside the MLP, F
	NumPositions int     `json:"max_position_embeddings"`      // rows of the position table; the roberta types leave the first pad_token_id + 1 unused
	VocabSize    int     `json:"vocab_size"`                   // rows of the token table, V; the tokenizer's size replaces a preset's
	NumSegments  int     `json:"type_vocab_size"`              // rows of the segment table; 0 for none (distilbert, xlm)
	NumLanguages int     `json:"n_langs"`                      // rows of the language table of xlm; 0 or 1 for none
	Activation   string  `json:"hidden_act"`                   // of the MLP and of the prediction head: gelu is the exact one
	TiedHead     bool    `json:"tie_word_embeddings"`          // the output table is the token table
	HiddenDrop   float64 `json:"hidden_dropout_prob"`          // dropout probability after the embedding and each branch, 0 to below 1
	AttnDrop     float64 `json:"attention_probs_dropout_prob"` // dropout probability of attention weights
	NormEpsilon  float64 `json:"layer_norm_eps"`               // added to the variance in LayerNorm
	InitStd      float64 `json:"initializer_range"`            // standard deviation of fresh weights
	PadID        int     `json:"pad_token_id"`                 // id that fills up rows in other programs; the roberta types count positions from the one after it

	// What a file holds beside the encoder; Load finds it out.
	Head     bool `json:"-"` // the prediction head
	Pooler   bool `json:"-"` // a dense layer over a row's first token
	PairHead bool `json:"-"` // whether one segment follows another, over the pooler (bert alone)
	Classes  int  `json:"-"` // outputs of a head that classifies rows (bert_classify.go), 0 for none; their names are in Extra

	twoBiases bool `json:"-"` // transformers 5 keeps two biases beside an output table of its own and uses the table's

	// Extra holds the keys of a config.json that change nothing here (use_cache, bos_token_id …); they are written back.
	Extra map[string]json.RawMessage `json:"-"`
}

// DefaultBERT returns BERT base uncased (Devlin et al. 2019, arXiv:1810.04805, section 3) without dropout, with the
// prediction head.
func DefaultBERT() BERTConfig {
	return BERTConfig{
		Type: "bert", NumLayers: 12, NumHeads: 12, Dim: 768, InnerDim: 3072, NumPositions: 512, VocabSize: 30522, NumSegments: 2,
		Activation: "gelu", TiedHead: true, NormEpsilon: 1e-12, InitStd: 0.02, Head: true,
	}
}

// Validate returns an error that names the first setting that cannot be built, with its key and remedy.
func (c BERTConfig) Validate() error {
	if _, ok := bertFamily[c.Type]; !ok {
		return unknownName("model.model_type", c.Type, slices.Sorted(maps.Keys(bertFamily)))
	}
	const most = 1 << 24 // far above every model there is; keeps products of two inside int64
	for _, size := range []struct {
		key                string
		value, least, most int
	}{
		{"num_hidden_layers", c.NumLayers, 1, 10_000}, {"num_attention_heads", c.NumHeads, 1, most}, {"hidden_size", c.Dim, 1, most},
		{"intermediate_size", c.InnerDim, 1, most}, {"pad_token_id", c.PadID, 0, most},
		{"max_position_embeddings", c.NumPositions, c.firstPosition() + 1, most}, {"vocab_size", c.VocabSize, 1, most},
		{"type_vocab_size", c.NumSegments, 0, most}, {"n_langs", c.NumLanguages, 0, most}, {"num_labels", c.Classes, 0, most},
	} {
		if size.value < size.least || size.value > size.most {
			return fmt.Errorf("model.%s is %d; give a number from %d to %d", size.key, size.value, size.least, size.most)
		}
	}
	for _, drop := range []struct {
		key   string
		value float64
	}{{"hidden_dropout_prob", c.HiddenDrop}, {"attention_probs_dropout_prob", c.AttnDrop}} {
		if !(drop.value >= 0 && drop.value < 1) {
			return fmt.Errorf("model.%s is %g; give a probability from 0 to below 1", drop.key, drop.value)
		}
	}
	switch {
	case c.Dim%c.NumHeads != 0:
		return fmt.Errorf("model.hidden_size %d is not a multiple of model.num_attention_heads %d; every head needs the same width", c.Dim, c.NumHeads)
	case c.NumSegments > 0 && c.names().segments == "":
		return fmt.Errorf("model.type_vocab_size is %d, but %s knows no segments; give 0, or model_type bert", c.NumSegments, c.Type)
	case c.NumLanguages > 1 && c.names().languages == "":
		return fmt.Errorf("model.n_langs is %d, but %s has no table of languages; give 0, or model_type xlm", c.NumLanguages, c.Type)
	case c.PairHead && (c.names().pairs == "" || !c.Pooler):
		return fmt.Errorf("a %s network has no head for pairs of segments; bert has one, over its pooler", c.Type)
	case !(c.NormEpsilon > 0 && c.NormEpsilon < 1):
		return fmt.Errorf("model.layer_norm_eps is %g; give a small positive number, BERT has 1e-12", c.NormEpsilon)
	case !(c.InitStd >= 0 && c.InitStd < 10):
		return fmt.Errorf("model.initializer_range is %g; give a small positive number, BERT has 0.02", c.InitStd)
	}
	if names := activationNames(); !slices.Contains(names, c.Activation) {
		return unknownName("model.hidden_act", c.Activation, names)
	}
	return c.fixed()
}

// fixed returns an error for a setting of BERT's that the type's config.json cannot say.
func (c BERTConfig) fixed() error {
	switch {
	case c.Type == "distilbert" && c.NormEpsilon != 1e-12:
		return fmt.Errorf("model.layer_norm_eps is %g; distilbert always has 1e-12", c.NormEpsilon)
	case c.Type == "xlm" && c.InnerDim != 4*c.Dim:
		return fmt.Errorf("model.intermediate_size is %d; xlm always has four times hidden_size, %d", c.InnerDim, 4*c.Dim)
	case c.Type == "xlm" && c.Activation != "gelu" && c.Activation != "relu":
		return fmt.Errorf("model.hidden_act is %q; xlm has gelu or relu", c.Activation)
	}
	return nil
}

// NumParams returns how many numbers the model holds, a tied table counted once; nothing is allocated.
func (c BERTConfig) NumParams() int64 { return buildBERT(c, counting{}).params.NumEl() }

// Shape returns what the configurations of all families say.
func (c BERTConfig) Shape() Shape {
	return Shape{ModelType: c.Type, NumContext: c.NumPositions - c.firstPosition(), VocabSize: c.VocabSize, Dim: c.Dim, NumLayers: c.NumLayers, TiedHead: c.TiedHead}
}

// names are those of the type's files.
func (c BERTConfig) names() bertNames { return bertFamily[c.Type] }

// trunk is what the encoder's names begin with: a file without a head holds the bare encoder.
func (c BERTConfig) trunk() string {
	if c.Head || c.PairHead || c.Classes > 0 {
		return c.names().trunk
	}
	return ""
}

// firstPosition is the row of the position table that a row's first token takes.
func (c BERTConfig) firstPosition() int {
	switch c.Type {
	case "roberta", "xlm-roberta", "camembert":
		return c.PadID + 1
	}
	return 0
}

// withHeads is WithHeads.
func (c BERTConfig) withHeads(pairs bool) (Config, error) {
	c.Head = true
	if pairs {
		c.Pooler, c.PairHead = true, true
	}
	return c, c.Validate()
}

// fit returns the configuration of what a file holds.
func (c BERTConfig) fit(holds func(name string) bool) BERTConfig {
	names := c.names()
	c.Head = holds(names.headBias) || holds(names.headTable+".bias")
	c.twoBiases = !c.TiedHead && names.headBias != names.headTable+".bias" && holds(names.headBias) && holds(names.headTable+".bias")
	c.Pooler = names.pooler != "" && holds(names.pooler+".weight")
	c.PairHead = names.pairs != "" && c.Pooler && holds(names.pairs+".weight")
	c.Classes = 0
	if c.holdsClassifier(holds) {
		c.Classes = numLabels(c.Extra)
	}
	return c
}
