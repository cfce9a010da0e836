package models

import (
	"math"

	"github.com/go-cloze/cloze/models/torch"
)

// Llama is the network of Llama 1 to 3 (Touvron et al. 2023, arXiv:2302.13971, section 2.2; grouped queries as in
// arXiv:2307.09288): pre-norm blocks of RMSNorm, causal attention with rotary positions, and SwiGLU; a final RMSNorm;
// an output table that is the token table or one of its own.
type Llama struct {
	Config LlamaConfig

	tokens      Embedding // [V,D]
	blocks      []llamaBlock
	norm        RMSNorm
	head        *torch.Tensor // [V,D]; tokens.TableVD when tied
	frequencies []float32     // [K/2] of rotary positions, radians a token
	params      *Params
	recompute
}

type llamaBlock struct {
	norm1 RMSNorm
	attn  GroupedAttention
	norm2 RMSNorm
	mlp   GatedMLP
}

// NewLlama returns a Llama with fresh weights on the CPU: normal with standard deviation initializer_range, divided
// by √(2L) at the end of each residual branch as in GPT-2 (the papers do not say theirs), norms 1. The same config
// and seed give the same bits. Run it inside torch.Do; free it with Params().Free.
func NewLlama(config LlamaConfig, seed uint64) (*Llama, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	return buildLlama(config, fresh{seed}), nil
}

// LoadLlama is Load of a Llama.
func LoadLlama(config LlamaConfig, weightsPath string) (*Llama, error) {
	n, err := Load(config, weightsPath)
	if err != nil {
		return nil, err
	}
	return n.(*Llama), nil
}

func buildLlama(c LlamaConfig, w weights) *Llama {
	b := builder{params: newParams(llamaName), weights: w}
	l := &Llama{Config: c, params: b.params, frequencies: rotaryFrequencies(c.headDim(), c.RopeTheta, c.RopeScaling)}
	l.tokens = b.embedding(llamaTokens, c.VocabSize, c.Dim, c.InitStd)
	for layer := range c.NumLayers {
		l.blocks = append(l.blocks, b.at(layer+1).llamaBlock(llamaBlockPrefix(layer), c))
	}
	b = b.at(c.NumLayers + 1)
	l.norm = b.rmsNorm(llamaFinalNorm, c.Dim, c.NormEpsilon)
	if c.TiedHead {
		l.head = l.tokens.TableVD
		b.params.ties[llamaHead] = llamaTokens
	} else {
		l.head = b.embedding(llamaHead, c.VocabSize, c.Dim, c.InitStd).TableVD
	}
	return l
}

func (b builder) llamaBlock(prefix string, c LlamaConfig) llamaBlock {
	residStd := c.InitStd / math.Sqrt(2*float64(c.NumLayers))
	wide, shared := c.NumHeads*c.headDim(), c.numKVHeads()*c.headDim()
	return llamaBlock{
		norm1: b.rmsNorm(prefix+"input_layernorm", c.Dim, c.NormEpsilon),
		attn: GroupedAttention{
			Q:       b.linear(prefix+"self_attn.q_proj", c.Dim, wide, c.InitStd, c.AttnBias, false),
			K:       b.linear(prefix+"self_attn.k_proj", c.Dim, shared, c.InitStd, c.AttnBias, false),
			V:       b.linear(prefix+"self_attn.v_proj", c.Dim, shared, c.InitStd, c.AttnBias, false),
			Out:     b.linear(prefix+"self_attn.o_proj", wide, c.Dim, residStd, c.AttnBias, false),
			HeadDim: c.headDim(), Dropout: c.AttnDrop,
		},
		norm2: b.rmsNorm(prefix+"post_attention_layernorm", c.Dim, c.NormEpsilon),
		mlp: GatedMLP{
			Gate:     b.linear(prefix+"mlp.gate_proj", c.Dim, c.InnerDim, c.InitStd, c.MLPBias, false),
			Up:       b.linear(prefix+"mlp.up_proj", c.Dim, c.InnerDim, c.InitStd, c.MLPBias, false),
			Down:     b.linear(prefix+"mlp.down_proj", c.InnerDim, c.Dim, residStd, c.MLPBias, false),
			Activate: activations[c.Activation],
		},
	}
}

// Hidden returns the final norm's output, [N,D].
func (l *Llama) Hidden(in Input) *torch.Tensor {
	angles := torch.RotaryAngles(in.Positions, l.frequencies)
	x := l.tokens.Forward(in.IDs)
	for layer, block := range l.blocks {
		in := in // of its own: the backward pass may run the block again
		in.layer = layer
		x = l.through(x, func(x *torch.Tensor) *torch.Tensor { return block.forward(x, in, angles) })
	}
	if in.Cache != nil {
		in.Cache.advance(in.RowOffsets)
	}
	return l.norm.Forward(x)
}

func (b llamaBlock) forward(xND *torch.Tensor, in Input, angles torch.Angles) *torch.Tensor {
	x := xND.Add(b.attn.Forward(b.norm1.Forward(xND), in, angles))
	return x.Add(b.mlp.Forward(b.norm2.Forward(x)))
}

// Transform returns the rows themselves.
func (l *Llama) Transform(hiddenKD *torch.Tensor) *torch.Tensor { return hiddenKD }

// Head returns the output table [V,D]; Llama has no output bias.
func (l *Llama) Head() (weightVD, biasV *torch.Tensor) { return l.head, nil }

// InputTable returns the token table [V,D]; it belongs to the model.
func (l *Llama) InputTable() *torch.Tensor { return l.tokens.TableVD }

// Configuration returns Config.
func (l *Llama) Configuration() Config { return l.Config }

// Params returns the parameters.
func (l *Llama) Params() *Params { return l.params }
