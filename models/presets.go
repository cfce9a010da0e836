package models

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// gptPresets are differences from DefaultGPT. The small ones say in their comment what their blocks hold
// (12 L D² and a little); the tables come on top, (V + P) D numbers, and V is the tokenizer's.
var gptPresets = map[string]func(*GPTConfig){
	"gpt-nano":    gptShape(4, 4, 64, 128),      // 0.2M: seconds on a laptop
	"gpt-micro":   gptShape(4, 4, 128, 256),     // 0.8M: nanoGPT's small CPU setting
	"gpt-mini":    gptShape(6, 6, 192, 256),     // 2.7M
	"gpt-small":   gptShape(6, 6, 384, 256),     // 10.6M: nanoGPT's character model
	"gpt2":        gptShape(12, 12, 768, 1024),  // 124,439,808 with its tables, as published
	"gpt2-medium": gptShape(24, 16, 1024, 1024), // 354,823,168
	"gpt2-large":  gptShape(36, 20, 1280, 1024), // 774,030,080
	"gpt2-xl":     gptShape(48, 25, 1600, 1024), // 1,557,611,200
}

func gptShape(layers, heads, dim, context int) func(*GPTConfig) {
	return func(c *GPTConfig) {
		c.NumLayers, c.NumHeads, c.Dim, c.NumContext = layers, heads, dim, context
	}
}

// GPTPreset returns the configuration of that name; an unknown name is an error that suggests the nearest.
// Replace its VocabSize by the tokenizer's.
func GPTPreset(name string) (GPTConfig, error) {
	change, ok := gptPresets[name]
	if !ok {
		return GPTConfig{}, unknownName("preset", name, GPTPresets())
	}
	config := DefaultGPT()
	change(&config)
	return config, nil
}

// GPTPresets returns the names of the presets, smallest model first.
func GPTPresets() []string {
	return bySize(slices.Collect(maps.Keys(gptPresets)), func(name string) int64 {
		config := DefaultGPT()
		gptPresets[name](&config)
		return config.NumParams()
	})
}

// bySize sorts names of presets by their number of parameters.
func bySize(names []string, size func(name string) int64) []string {
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(size(a), size(b)), cmp.Compare(a, b)) })
	return names
}

// unknownName is the error for a word that is not among known; it suggests the nearest.
func unknownName(what, word string, known []string) error {
	nearest, best := "", len(word)/2+2
	for _, name := range known {
		if d := editDistance(word, name); d < best {
			nearest, best = name, d
		}
	}
	if nearest != "" {
		return fmt.Errorf("unknown %s %q; did you mean %q?", what, word, nearest)
	}
	return fmt.Errorf("unknown %s %q; known: %v", what, word, known)
}

// editDistance counts the insertions, deletions and substitutions of bytes that turn a into b (Levenshtein 1966).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
