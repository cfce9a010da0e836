package models

import (
	"maps"
	"slices"
)

// bertPresets are differences from DefaultBERT. A block holds 4 D² + 2 D F and a little, the tables (V + P + S) D; the
// numbers in the comments are the whole model's, prediction head and all, with the vocabulary published.
var bertPresets = map[string]func(*BERTConfig){
	"bert-tiny":        bertShape(2, 2, 128),                                                      // 4,416,698: Turc et al. 2019
	"bert-mini":        bertShape(4, 4, 256),                                                      // 11,201,594
	"bert-small":       bertShape(4, 8, 512),                                                      // 28,795,194
	"bert-medium":      bertShape(8, 8, 512),                                                      // 41,404,730
	"bert-base":        bertShape(12, 12, 768),                                                    // 109,514,298
	"bert-large":       bertShape(24, 16, 1024),                                                   // 335,174,458
	"minilm-l6":        bertShape(6, 12, 384),                                                     // 22,744,506: Wang et al. 2020, as all-MiniLM-L6
	"minilm-l12":       bertShape(12, 12, 384),                                                    // 33,391,290
	"roberta-base":     robertaShape("roberta", 50265),                                            // 124,697,433: Liu et al. 2019
	"xlm-roberta-base": robertaShape("xlm-roberta", 250002),                                       // 278,295,186: Conneau et al. 2020
	"distilbert-base":  distilBERT,                                                                // 66,985,530: Sanh et al. 2019
	"xlm-mini":         xlmShape(4, 4, 256, 2),                                                    // 11,135,290: a bert-mini with two languages
	"xlm-mlm-tlm":      func(c *BERTConfig) { xlmShape(12, 8, 1024, 15)(c); c.VocabSize = 95000 }, // 249,071,384: Lample and Conneau 2019, XNLI's 15
}

// bertShape is a BERT whose inner width is four times its width.
func bertShape(layers, heads, dim int) func(*BERTConfig) {
	return func(c *BERTConfig) { c.NumLayers, c.NumHeads, c.Dim, c.InnerDim = layers, heads, dim, 4*dim }
}

func robertaShape(kind string, vocab int) func(*BERTConfig) {
	return func(c *BERTConfig) {
		c.Type, c.VocabSize, c.NumSegments, c.NumPositions, c.PadID, c.NormEpsilon = kind, vocab, 1, 514, 1, 1e-5
	}
}

func distilBERT(c *BERTConfig) { c.Type, c.NumLayers, c.NumSegments = "distilbert", 6, 0 }

func xlmShape(layers, heads, dim, languages int) func(*BERTConfig) {
	return func(c *BERTConfig) {
		bertShape(layers, heads, dim)(c)
		c.Type, c.NumSegments, c.NumLanguages, c.PadID = "xlm", 0, languages, 2
	}
}

// BERTPreset returns the configuration of that name; an unknown name is an error that suggests the nearest. Replace its
// VocabSize by the tokenizer's.
func BERTPreset(name string) (BERTConfig, error) {
	change, ok := bertPresets[name]
	if !ok {
		return BERTConfig{}, unknownName("preset", name, BERTPresets())
	}
	config := DefaultBERT()
	change(&config)
	return config, nil
}

// BERTPresets returns the names of the presets, smallest model first.
func BERTPresets() []string {
	return bySize(slices.Collect(maps.Keys(bertPresets)), func(name string) int64 {
		config := DefaultBERT()
		bertPresets[name](&config)
		return config.NumParams()
	})
}
