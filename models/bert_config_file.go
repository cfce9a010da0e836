package models

import (
	"encoding/json"
	"fmt"
)

// bertKeys are the keys that the config.json of some types has for BERT's; a key that it never has is "".
var bertKeys = map[string]map[string]string{
	"bert": {"n_langs": ""}, "roberta": {"n_langs": ""}, "xlm-roberta": {"n_langs": ""}, "camembert": {"n_langs": ""},
	"distilbert": {
		"num_hidden_layers": "n_layers", "num_attention_heads": "n_heads", "hidden_size": "dim", "intermediate_size": "hidden_dim",
		"hidden_act": "activation", "hidden_dropout_prob": "dropout", "attention_probs_dropout_prob": "attention_dropout",
		"layer_norm_eps": "", "type_vocab_size": "", "n_langs": "",
	},
	"xlm": {
		"num_hidden_layers": "n_layers", "num_attention_heads": "n_heads", "hidden_size": "emb_dim", "hidden_dropout_prob": "dropout",
		"attention_probs_dropout_prob": "attention_dropout", "initializer_range": "init_std", "hidden_act": "", "intermediate_size": "", "type_vocab_size": "",
	},
}

// bertClasses are the beginnings of the names of Hugging Face's classes.
var bertClasses = map[string]string{
	"bert": "Bert", "roberta": "Roberta", "xlm-roberta": "XLMRoberta", "camembert": "Camembert", "distilbert": "DistilBert", "xlm": "XLM",
}

// bertRefused are the settings that this network cannot compute.
var bertRefused = map[string]refusal{
	"position_embedding_type": {`"absolute"`, "positions are rows of a table here"},
	"is_decoder":              {"false", "it is an encoder here"},
	"is_encoder":              {"true", "it is an encoder here"},
	"causal":                  {"false", "it is an encoder here"},
	"asm":                     {"false", "there is no adaptive softmax here"},
}

// ParseBERTConfig reads a Hugging Face config.json of any type of BERT's shape. A key left out has Hugging Face's default.
// A setting that this network cannot compute is an error that names it; keys that change nothing are kept in Extra.
func ParseBERTConfig(data []byte) (BERTConfig, error) {
	keys, kind, err := configKeys(data)
	if err != nil {
		return BERTConfig{}, err
	}
	if _, ok := bertFamily[kind]; !ok {
		return BERTConfig{}, fmt.Errorf("model_type is %q, want bert or one of its shape", kind)
	}
	config := hfBERT(kind)
	renamed := map[string]json.RawMessage{}
	for ours, theirs := range bertKeys[kind] {
		delete(keys, ours)
		if value, set := keys[theirs]; set {
			renamed[ours] = value
			delete(keys, theirs)
		}
	}
	for ours, value := range renamed {
		keys[ours] = value
	}
	if kind == "xlm" {
		config.readXLM(keys)
	}
	if config.Extra, err = fillConfig(keys, &config, bertRefused); err != nil {
		return BERTConfig{}, err
	}
	if kind == "xlm" {
		config.InnerDim = 4 * config.Dim
	}
	return config, config.Validate()
}

// readXLM takes the settings that XLM puts in words of its own.
func (c *BERTConfig) readXLM(keys map[string]json.RawMessage) {
	if string(keys["gelu_activation"]) == "false" {
		c.Activation = "relu"
	}
	if string(keys["use_lang_emb"]) == "false" {
		keys["n_langs"] = json.RawMessage("1")
	}
	delete(keys, "gelu_activation")
	delete(keys, "use_lang_emb")
}

// hfBERT is the configuration that Hugging Face takes where config.json leaves everything out.
func hfBERT(kind string) BERTConfig {
	c := DefaultBERT()
	c.Type, c.HiddenDrop, c.AttnDrop = kind, 0.1, 0.1
	switch kind {
	case "roberta":
		c.PadID, c.VocabSize = 1, 50265
	case "camembert", "xlm-roberta":
		c.PadID = 1
	case "distilbert":
		c.NumLayers, c.NumSegments = 6, 0
	case "xlm":
		c.Dim, c.NumHeads, c.VocabSize, c.PadID, c.NumSegments, c.NumLanguages = 2048, 16, 30145, 2, 0, 1
	}
	return c
}

// ConfigJSON returns the configuration as a Hugging Face config.json, keys sorted as Hugging Face does.
func (c BERTConfig) ConfigJSON() ([]byte, error) {
	fields, changed := configFields(&c), map[string]any{}
	for ours, theirs := range bertKeys[c.Type] {
		changed[ours] = absent{}
		if theirs != "" {
			changed[theirs] = fields[ours]
		}
	}
	if c.Type == "xlm" {
		changed["gelu_activation"], changed["use_lang_emb"], changed["n_langs"] = c.Activation == "gelu", c.NumLanguages > 1, max(1, c.NumLanguages)
	}
	return configJSON(c.Type, c.architecture(), &c, c.Extra, changed)
}

// architecture is the name of Hugging Face's class with the same heads.
func (c BERTConfig) architecture() string {
	class := bertClasses[c.Type]
	switch {
	case c.Classes > 0:
		return class + "ForSequenceClassification"
	case c.Head && c.PairHead:
		return class + "ForPreTraining"
	case c.PairHead:
		return class + "ForNextSentencePrediction"
	case c.Head && c.Type == "xlm":
		return class + "WithLMHeadModel"
	case c.Head:
		return class + "ForMaskedLM"
	}
	return class + "Model"
}
