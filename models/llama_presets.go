package models

import (
	"maps"
	"slices"
)

// llamaPresets are differences from DefaultLlama. A block holds 2 D² (1 + kv/H) + 3 D F and two norms (where a head
// is D/H wide), a table V D; the numbers in the comments are the whole model's with the vocabulary published.
var llamaPresets = map[string]func(*LlamaConfig){
	"llama-nano":     llamaTied(5, 8, 4, 64, 172, 256, 512),                                              // 260,032: the shape of stories260K
	"llama-15m":      llamaTied(6, 6, 6, 288, 768, 256, 32000),                                           // 15,191,712: stories15M of llama2.c
	"llama-42m":      llamaTied(8, 8, 8, 512, 1376, 1024, 32000),                                         // 41,689,600: stories42M
	"llama-110m":     llamaTied(12, 12, 12, 768, 2048, 1024, 32000),                                      // 109,529,856: stories110M
	"smollm2-135m":   smolLM2,                                                                            // 134,515,008
	"tinyllama-1.1b": tinyLlama,                                                                          // 1,100,048,384
	"llama-3.2-1b":   func(c *LlamaConfig) { llama3(c, 16, 32, 2048, 8192, 64, 32); c.TiedHead = true },  // 1,235,814,400
	"llama-3.2-3b":   func(c *LlamaConfig) { llama3(c, 28, 24, 3072, 8192, 128, 32); c.TiedHead = true }, // 3,212,749,824
	"llama-2-7b":     func(*LlamaConfig) {},                                                              // 6,738,415,616
	"llama-3.1-8b":   func(c *LlamaConfig) { llama3(c, 32, 32, 4096, 14336, 128, 8) },                    // 8,030,261,248
}

// llamaTied is a small model with tied tables, as llama2.c trains them.
func llamaTied(layers, heads, kvHeads, dim, inner, context, vocab int) func(*LlamaConfig) {
	return func(c *LlamaConfig) {
		c.NumLayers, c.NumHeads, c.NumKVHeads, c.Dim, c.InnerDim = layers, heads, kvHeads, dim, inner
		c.NumContext, c.VocabSize, c.TiedHead = context, vocab, true
	}
}

func smolLM2(c *LlamaConfig) {
	llamaTied(30, 9, 3, 576, 1536, 8192, 49152)(c)
	c.RopeTheta = 100_000
}

func tinyLlama(c *LlamaConfig) {
	llamaTied(22, 32, 4, 2048, 5632, 2048, 32000)(c)
	c.TiedHead = false
}

// llama3 is the shape that Llama 3.1 and 3.2 share; factor is by how much the context was stretched.
func llama3(c *LlamaConfig, layers, heads, dim, inner, headDim int, factor float64) {
	c.NumLayers, c.NumHeads, c.NumKVHeads, c.Dim, c.InnerDim, c.HeadDim = layers, heads, 8, dim, inner, headDim
	c.NumContext, c.VocabSize, c.RopeTheta = 131072, 128256, 500_000
	c.RopeScaling = RopeScaling{Type: "llama3", Factor: factor, LowFreqFactor: 1, HighFreqFactor: 4, OldContext: 8192}
}

// LlamaPreset returns the configuration of that name; an unknown name is an error that suggests the nearest.
// Replace its VocabSize by the tokenizer's.
func LlamaPreset(name string) (LlamaConfig, error) {
	change, ok := llamaPresets[name]
	if !ok {
		return LlamaConfig{}, unknownName("preset", name, LlamaPresets())
	}
	config := DefaultLlama()
	change(&config)
	return config, nil
}

// LlamaPresets returns the names of the presets, smallest model first.
func LlamaPresets() []string {
	return bySize(slices.Collect(maps.Keys(llamaPresets)), func(name string) int64 {
		config := DefaultLlama()
		llamaPresets[name](&config)
		return config.NumParams()
	})
}
