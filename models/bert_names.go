package models

import (
	"slices"
	"strconv"
	"strings"
)

// bertNames are the names of the weights in the files of one model_type; # stands for a block's number. Linear layers,
// norms and tables append .weight (and .bias).
type bertNames struct {
	trunk                                             string // before all names but the head's; files of the bare encoder leave it out
	tokens, positions, segments, languages, embedNorm string
	query, key, value, attnOut, attnNorm              string
	up, down, mlpNorm                                 string
	pooler                                            string
	heads                                             []string // how the names of heads begin
	headDense, headNorm, headTable, headBias          string   // headBias is a whole name
	pairs                                             string
	classDense, classOut                              string // of the head that classifies rows; over the pooler where there is no dense layer of its own
}

var bertFamily = map[string]bertNames{
	"bert": {
		trunk: "bert.", tokens: "embeddings.word_embeddings", positions: "embeddings.position_embeddings",
		segments: "embeddings.token_type_embeddings", embedNorm: "embeddings.LayerNorm",
		query: "encoder.layer.#.attention.self.query", key: "encoder.layer.#.attention.self.key", value: "encoder.layer.#.attention.self.value",
		attnOut: "encoder.layer.#.attention.output.dense", attnNorm: "encoder.layer.#.attention.output.LayerNorm",
		up: "encoder.layer.#.intermediate.dense", down: "encoder.layer.#.output.dense", mlpNorm: "encoder.layer.#.output.LayerNorm",
		pooler: "pooler.dense", heads: []string{"cls."},
		headDense: "cls.predictions.transform.dense", headNorm: "cls.predictions.transform.LayerNorm",
		headTable: "cls.predictions.decoder", headBias: "cls.predictions.bias", pairs: "cls.seq_relationship",
		classOut: "classifier",
	},
	"roberta": robertaNames, "xlm-roberta": robertaNames, "camembert": robertaNames,
	"distilbert": {
		trunk: "distilbert.", tokens: "embeddings.word_embeddings", positions: "embeddings.position_embeddings", embedNorm: "embeddings.LayerNorm",
		query: "transformer.layer.#.attention.q_lin", key: "transformer.layer.#.attention.k_lin", value: "transformer.layer.#.attention.v_lin",
		attnOut: "transformer.layer.#.attention.out_lin", attnNorm: "transformer.layer.#.sa_layer_norm",
		up: "transformer.layer.#.ffn.lin1", down: "transformer.layer.#.ffn.lin2", mlpNorm: "transformer.layer.#.output_layer_norm",
		heads: []string{"vocab_"}, headDense: "vocab_transform", headNorm: "vocab_layer_norm", headTable: "vocab_projector", headBias: "vocab_projector.bias",
		classDense: "pre_classifier", classOut: "classifier",
	},
	"xlm": {
		trunk: "transformer.", tokens: "embeddings", positions: "position_embeddings", languages: "lang_embeddings", embedNorm: "layer_norm_emb",
		query: "attentions.#.q_lin", key: "attentions.#.k_lin", value: "attentions.#.v_lin", attnOut: "attentions.#.out_lin", attnNorm: "layer_norm1.#",
		up: "ffns.#.lin1", down: "ffns.#.lin2", mlpNorm: "layer_norm2.#",
		heads: []string{"pred_layer."}, headTable: "pred_layer.proj", headBias: "pred_layer.proj.bias", classOut: "sequence_summary.summary",
	},
}

// robertaNames are BERT's but for the trunk and the head.
var robertaNames = bertNames{
	trunk: "roberta.", tokens: "embeddings.word_embeddings", positions: "embeddings.position_embeddings",
	segments: "embeddings.token_type_embeddings", embedNorm: "embeddings.LayerNorm",
	query: "encoder.layer.#.attention.self.query", key: "encoder.layer.#.attention.self.key", value: "encoder.layer.#.attention.self.value",
	attnOut: "encoder.layer.#.attention.output.dense", attnNorm: "encoder.layer.#.attention.output.LayerNorm",
	up: "encoder.layer.#.intermediate.dense", down: "encoder.layer.#.output.dense", mlpNorm: "encoder.layer.#.output.LayerNorm",
	pooler: "pooler.dense", heads: []string{"lm_head."},
	headDense: "lm_head.dense", headNorm: "lm_head.layer_norm", headTable: "lm_head.decoder", headBias: "lm_head.bias",
	classDense: "classifier.dense", classOut: "classifier.out_proj",
}

// block returns the names of one block, whole.
func (n bertNames) block(trunk string, layer int) bertNames {
	for _, name := range []*string{&n.query, &n.key, &n.value, &n.attnOut, &n.attnNorm, &n.up, &n.down, &n.mlpNorm} {
		*name = trunk + strings.ReplaceAll(*name, "#", strconv.Itoa(layer))
	}
	return n
}

// qkv is the name of the three matrices that are one in memory.
func (n bertNames) qkv() string { return n.query + "_key_value" }

// naming turns a name in a file into that of a network whose names begin with trunk: files may have the trunk's prefix or
// not, and the oldest, made from TensorFlow's, call a norm's two parts gamma and beta. Position ids are a buffer. A classifier
// built on the encoder is no part of it unless classes is true, nor is the head's bias where its table has another.
func (n bertNames) naming(trunk string, twoBiases, classes bool) naming {
	return func(file string) (name string, ignore bool) {
		name = file
		if end, old := strings.CutSuffix(name, ".gamma"); old {
			name = end + ".weight"
		} else if end, old := strings.CutSuffix(name, ".beta"); old {
			name = end + ".bias"
		}
		if slices.ContainsFunc(n.heads, func(head string) bool { return strings.HasPrefix(name, head) }) {
			return name, twoBiases && name == n.headBias
		}
		if slices.ContainsFunc([]string{"classifier.", "pre_classifier.", "sequence_summary."}, func(head string) bool { return strings.HasPrefix(name, head) }) {
			return name, !classes
		}
		ignore = strings.HasSuffix(name, "position_ids") || strings.HasPrefix(name, "qa_outputs.")
		return trunk + strings.TrimPrefix(name, n.trunk), ignore
	}
}
