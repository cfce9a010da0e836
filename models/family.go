package models

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/models/torch"
)

// family is all that the package knows of a kind of network. A new one is a line in families.
type family struct {
	parse   func(data []byte) (Config, error)
	build   func(c Config, w weights) Network
	fit     func(c Config, holds func(name string) bool) Config // to what a file of weights holds; nil when all hold the same
	hf      func(c Config) Config                               // the nearest configuration that Hugging Face's network has; nil when all are
	presets func() []string                                     // names of its presets
	preset  func(string) (Config, error)
}

// families are the networks by Hugging Face's model_type.
var families = map[string]family{
	"gpt2": {
		parse:   func(data []byte) (Config, error) { return orNil(ParseGPTConfig(data)) },
		build:   func(c Config, w weights) Network { return buildGPT(c.(GPTConfig), w) },
		hf:      func(c Config) Config { gpt := c.(GPTConfig); gpt.Bias = true; return gpt },
		presets: GPTPresets,
		preset:  func(name string) (Config, error) { return orNil(GPTPreset(name)) },
	},
	"llama": {
		parse:   func(data []byte) (Config, error) { return orNil(ParseLlamaConfig(data)) },
		build:   func(c Config, w weights) Network { return buildLlama(c.(LlamaConfig), w) },
		presets: LlamaPresets,
		preset:  func(name string) (Config, error) { return orNil(LlamaPreset(name)) },
	},
	"bert": {
		parse:   bertType.parse,
		build:   bertType.build,
		fit:     bertType.fit,
		presets: BERTPresets,
		preset:  func(name string) (Config, error) { return orNil(BERTPreset(name)) },
	},
	"modernbert": {
		parse:   func(data []byte) (Config, error) { return orNil(ParseModernBERTConfig(data)) },
		build:   func(c Config, w weights) Network { return buildModernBERT(c.(ModernBERTConfig), w) },
		fit:     func(c Config, holds func(string) bool) Config { return c.(ModernBERTConfig).fit(holds) },
		presets: ModernBERTPresets,
		preset:  func(name string) (Config, error) { return orNil(ModernBERTPreset(name)) },
	},
	"roberta": bertType, "xlm-roberta": bertType, "camembert": bertType, "distilbert": bertType, "xlm": bertType,
}

// bertType is a type of BERT's shape; the presets of all stand under bert.
var bertType = family{
	parse: func(data []byte) (Config, error) { return orNil(ParseBERTConfig(data)) },
	build: func(c Config, w weights) Network { return buildBERT(c.(BERTConfig), w) },
	fit:   func(c Config, holds func(string) bool) Config { return c.(BERTConfig).fit(holds) },
}

// orNil keeps a zero configuration from hiding in an interface beside an error.
func orNil[C Config](c C, err error) (Config, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

func familyOf(c Config) family { return families[c.Shape().ModelType] }

// ModelTypes returns the families' names in config.json.
func ModelTypes() []string { return slices.Sorted(maps.Keys(families)) }

// ReadConfig reads a Hugging Face config.json of any family; its model_type chooses.
func ReadConfig(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	config, err := ParseConfig(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return config, nil
}

// ParseConfig is ReadConfig for bytes in memory.
func ParseConfig(data []byte) (Config, error) {
	_, modelType, err := configKeys(data)
	if err != nil {
		return nil, err
	}
	family, ok := families[modelType]
	if !ok {
		return nil, fmt.Errorf("model_type is %q; this build reads %s", modelType, strings.Join(ModelTypes(), ", "))
	}
	return family.parse(data)
}

// WithKeys returns the configuration with some keys of its config.json set otherwise: {"vocab_size": 300}.
func WithKeys(c Config, keys map[string]any) (Config, error) {
	data, err := c.ConfigJSON()
	if err != nil {
		return nil, err
	}
	all := map[string]any{}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	maps.Copy(all, keys)
	if data, err = json.Marshal(all); err != nil {
		return nil, err
	}
	return ParseConfig(data)
}

// Settings returns a pointer to a copy of the configuration's struct, whose json tags are the keys, for whoever fills
// such structs; Configured turns it back.
func Settings(c Config) any {
	pointer := reflect.New(reflect.TypeOf(c))
	pointer.Elem().Set(reflect.ValueOf(c))
	return pointer.Interface()
}

// Configured returns the configuration that settings of Settings point to.
func Configured(settings any) Config { return reflect.ValueOf(settings).Elem().Interface().(Config) }

// Presets returns the names of all families' presets, the smallest model of each family first.
func Presets() (names []string) {
	for _, modelType := range ModelTypes() {
		if presets := families[modelType].presets; presets != nil {
			names = append(names, presets()...)
		}
	}
	return names
}

// Preset returns the configuration of that name; an unknown name is an error that suggests the nearest. Replace
// its vocabulary by the tokenizer's (WithKeys).
func Preset(name string) (Config, error) {
	for _, family := range families {
		if family.presets != nil && slices.Contains(family.presets(), name) {
			return family.preset(name)
		}
	}
	return nil, unknownName("preset", name, Presets())
}

// New returns a network with fresh weights on the CPU; the same configuration and seed give the same bits. Run it
// inside torch.Do; free it with Params().Free.
func New(c Config, seed uint64) (Network, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return familyOf(c).build(c, fresh{seed}), nil
}

// Load returns a network with stored weights: a safetensors file, or the index (model.safetensors.index.json) of
// several. They may be float32, float64, float16 or bfloat16 and become float32. A missing, extra or misshaped
// tensor is an error that names it. Run it inside torch.Do; free the model with Params().Free.
func Load(c Config, weightsPath string) (Network, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	files, err := openWeights(weightsPath)
	if err != nil {
		return nil, err
	}
	defer files.close()
	family := familyOf(c)
	if family.fit != nil {
		c = family.fit(c, files.holds)
	}
	counted := family.build(c, counting{}).Params()
	from := newStored(files, counted.naming, counted.ties)
	n := family.build(c, from)
	if err := from.problem(n.Params()); err != nil {
		n.Params().Free()
		return nil, err
	}
	n.Params().ignored = from.ignored
	return n, nil
}

// Convert returns a copy of the network whose weights, and so whose hidden states, have that dtype. Run it inside
// torch.Do; free the copy with Params().Free.
func Convert(n Network, dtype torch.DType) Network {
	c := n.Configuration()
	return familyOf(c).build(c, converted{n.Params(), dtype})
}
