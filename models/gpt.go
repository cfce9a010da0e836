package models

import (
	"math"

	"github.com/go-cloze/cloze/models/torch"
)

// GPT is the network of GPT-2 (Radford et al. 2019): learned positions, pre-norm blocks of causal attention
// and MLP, a final norm, and an output table that is the token table.
type GPT struct {
	Config GPTConfig

	tokens    Embedding // wte [V,D]
	positions Embedding // wpe [P,D]
	blocks    []gptBlock
	norm      LayerNorm
	head      *torch.Tensor // [V,D]; tokens.TableVD when tied
	params    *Params
	recompute
}

type gptBlock struct {
	norm1 LayerNorm
	attn  SelfAttention
	norm2 LayerNorm
	mlp   MLP
}

// NewGPT returns a GPT with fresh weights on the CPU: normal with standard deviation 0.02, divided by √(2L) at
// the end of each residual branch (section 2.3), biases 0, norms 1. The same config and seed give the same
// bits. Run it inside torch.Do; free it with Params().Free.
func NewGPT(config GPTConfig, seed uint64) (*GPT, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	return buildGPT(config, fresh{seed}), nil
}

// LoadGPT is Load of a GPT.
func LoadGPT(config GPTConfig, weightsPath string) (*GPT, error) {
	n, err := Load(config, weightsPath)
	if err != nil {
		return nil, err
	}
	return n.(*GPT), nil
}

func buildGPT(c GPTConfig, w weights) *GPT {
	b := builder{params: newParams(gptName), weights: w}
	g := &GPT{Config: c, params: b.params}
	g.tokens = b.embedding(gptTokens, c.VocabSize, c.Dim, c.InitStd)
	g.positions = b.embedding(gptPositions, c.NumContext, c.Dim, c.InitStd)
	for layer := range c.NumLayers {
		g.blocks = append(g.blocks, b.at(layer+1).gptBlock(gptBlockPrefix(layer), c))
	}
	b = b.at(c.NumLayers + 1)
	g.norm = b.layerNorm(gptFinalNorm, c.Dim, c.NormEpsilon, c.Bias)
	if c.TiedHead {
		g.head = g.tokens.TableVD
		b.params.ties[gptHead] = gptTokens
	} else {
		g.head = b.embedding(gptHead, c.VocabSize, c.Dim, c.InitStd).TableVD
	}
	return g
}

func (b builder) gptBlock(prefix string, c GPTConfig) gptBlock {
	residStd := c.InitStd / math.Sqrt(2*float64(c.NumLayers))
	return gptBlock{
		norm1: b.layerNorm(prefix+"ln_1", c.Dim, c.NormEpsilon, c.Bias),
		attn: SelfAttention{
			QKV:      b.linear(prefix+"attn.c_attn", c.Dim, 3*c.Dim, c.InitStd, c.Bias, true),
			Out:      b.linear(prefix+"attn.c_proj", c.Dim, c.Dim, residStd, c.Bias, true),
			NumHeads: c.NumHeads, Causal: true, Dropout: c.AttnDrop,
		},
		norm2: b.layerNorm(prefix+"ln_2", c.Dim, c.NormEpsilon, c.Bias),
		mlp: MLP{
			Up:         b.linear(prefix+"mlp.c_fc", c.Dim, c.innerDim(), c.InitStd, c.Bias, true),
			Down:       b.linear(prefix+"mlp.c_proj", c.innerDim(), c.Dim, residStd, c.Bias, true),
			Activation: c.Activation,
		},
	}
}

// Hidden returns the final norm's output, [N,D].
func (g *GPT) Hidden(in Input) *torch.Tensor {
	tokens, positions := g.tokens.Forward(in.IDs), g.positions.Forward(in.Positions)
	x := tokens.Add(positions)
	torch.Free(tokens, positions)
	x = x.Dropout(g.Config.EmbedDrop, in.Train)
	for layer, block := range g.blocks {
		in := in // of its own: the backward pass may run the block again
		in.layer = layer
		x = g.through(x, func(x *torch.Tensor) *torch.Tensor { return block.forward(x, in, g.Config.ResidDrop) })
	}
	if in.Cache != nil {
		in.Cache.advance(in.RowOffsets)
	}
	return g.norm.Forward(x)
}

func (b gptBlock) forward(xND *torch.Tensor, in Input, dropout float64) *torch.Tensor {
	x := xND.Add(b.attn.Forward(b.norm1.Forward(xND), in).Dropout(dropout, in.Train))
	return x.Add(b.mlp.Forward(b.norm2.Forward(x)).Dropout(dropout, in.Train))
}

// Transform returns the rows themselves.
func (g *GPT) Transform(hiddenKD *torch.Tensor) *torch.Tensor { return hiddenKD }

// Head returns the output table [V,D]; GPT-2 has no output bias.
func (g *GPT) Head() (weightVD, biasV *torch.Tensor) { return g.head, nil }

// InputTable returns the token table [V,D]; it belongs to the model.
func (g *GPT) InputTable() *torch.Tensor { return g.tokens.TableVD }

// Configuration returns Config.
func (g *GPT) Configuration() Config { return g.Config }

// Params returns the parameters.
func (g *GPT) Params() *Params { return g.params }
