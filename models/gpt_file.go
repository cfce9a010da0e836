package models

import (
	"github.com/go-cloze/cloze/models/safetensors"
)

// LoadGPT returns a GPT with the weights of a safetensors file, which may hold float32, float64, float16 or
// bfloat16; they become float32. A missing, extra or misshaped tensor is an error that names it. Run it inside
// torch.Do; free the model with Params().Free.
func LoadGPT(config GPTConfig, weightsPath string) (*GPT, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	file, err := safetensors.Open(weightsPath)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	from := newStored(file, gptName, map[string]string{gptHead: gptTokens})
	if !config.TiedHead {
		from.ties = nil
	}
	g := buildGPT(config, from)
	if err := from.problem(g.params); err != nil {
		g.params.Free()
		return nil, err
	}
	g.params.ignored = from.ignored
	return g, nil
}

// SaveHF writes the weights as Hugging Face's GPT-2 has them and returns the config that goes with the file.
// That network always has biases: a model without gets zeros there, which compute the same. Run it inside
// torch.Do.
func (g *GPT) SaveHF(weightsPath string) (GPTConfig, error) {
	config := g.Config
	config.Bias = true
	var sources []safetensors.Source
	for param := range buildGPT(config, counting{}).params.All() {
		own, exists := g.params.Get(param.Name)
		if !exists {
			sources = append(sources, safetensors.Float32Source(param.Name, make([]float32, shapeNumEl(param.Shape)), param.Shape...))
			continue
		}
		source, err := own.source()
		if err != nil {
			return config, err
		}
		sources = append(sources, source)
	}
	return config, writeSources(weightsPath, sources)
}
