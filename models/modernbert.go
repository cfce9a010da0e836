package models

import (
	"math"
	"strconv"
	"strings"

	"github.com/go-cloze/cloze/models/torch"
)

// ModernBERT is the encoder of Warner et al. 2024 (arXiv:2412.13663): rotary positions, no biases, a norm before each branch, gated MLPs (GeGLU), and
// attention that in two layers of three reaches no further than half a window to each side.
type ModernBERT struct {
	Config ModernBERTConfig

	tokens Embedding
	norm   LayerNorm // of the tokens' vectors
	blocks []modernBlock
	final  LayerNorm

	headDense Linear // no weight without a head
	headNorm  LayerNorm
	head      *torch.Tensor // [V,D]; tokens.TableVD when tied
	headBias  *torch.Tensor // [V] or nil
	params    *Params
	recompute
}

type modernBlock struct {
	norm1 LayerNorm // no weight in the first block: its input is normed already
	attn  LocalAttention
	norm2 LayerNorm
	mlp   packedGatedMLP
}

// The names of ModernBERT's weights in Hugging Face's files.
const modernTrunk = "model."

func modernNaming(trunk string) naming {
	return func(file string) (name string, ignore bool) {
		if strings.HasPrefix(file, "head.") || strings.HasPrefix(file, "decoder.") {
			return file, false
		}
		return trunk + strings.TrimPrefix(file, modernTrunk), strings.HasPrefix(file, "classifier.")
	}
}

func buildModernBERT(c ModernBERTConfig, w weights) *ModernBERT {
	trunk := ""
	if c.Head {
		trunk = modernTrunk
	}
	b := builder{params: newParams(modernNaming(trunk)), weights: w}
	m := &ModernBERT{Config: c, params: b.params}
	tokens := trunk + "embeddings.tok_embeddings.weight"
	m.tokens = b.embedding(tokens, c.VocabSize, c.Dim, c.InitStd)
	m.norm = b.layerNorm(trunk+"embeddings.norm", c.Dim, c.NormEpsilon, c.NormBias)
	for layer := range c.NumLayers {
		m.blocks = append(m.blocks, b.at(layer+1).modernBlock(trunk+"layers."+strconv.Itoa(layer)+".", layer, c))
	}
	b = b.at(c.NumLayers + 1)
	m.final = b.layerNorm(trunk+"final_norm", c.Dim, c.NormEpsilon, c.NormBias)
	m.head = m.tokens.TableVD
	if !c.Head {
		return m
	}
	residStd := c.residStd()
	m.headDense = b.linear("head.dense", c.Dim, c.Dim, residStd, c.HeadBias, false)
	m.headNorm = b.layerNorm("head.norm", c.Dim, c.NormEpsilon, c.NormBias)
	if c.TiedHead {
		b.params.ties["decoder.weight"] = tokens
	} else {
		m.head = b.embedding("decoder.weight", c.VocabSize, c.Dim, residStd).TableVD
	}
	if c.DecoderBias {
		m.headBias = b.param("decoder.bias", initial{}, false, false, int64(c.VocabSize))
	}
	return m
}

func (b builder) modernBlock(prefix string, layer int, c ModernBERTConfig) (block modernBlock) {
	if layer > 0 {
		block.norm1 = b.layerNorm(prefix+"attn_norm", c.Dim, c.NormEpsilon, c.NormBias)
	}
	block.attn = LocalAttention{
		QKV:      b.linear(prefix+"attn.Wqkv", c.Dim, 3*c.Dim, c.InitStd, c.AttnBias, false),
		Out:      b.linear(prefix+"attn.Wo", c.Dim, c.Dim, c.residStd(), c.AttnBias, false),
		NumHeads: c.NumHeads, Dropout: c.AttnDrop,
	}
	if !c.global(layer) {
		block.attn.Reach = c.LocalAttention / 2
	}
	block.norm2 = b.layerNorm(prefix+"mlp_norm", c.Dim, c.NormEpsilon, c.NormBias)
	block.mlp = packedGatedMLP{
		In:       b.linear(prefix+"mlp.Wi", c.Dim, 2*c.InnerDim, c.InitStd, c.MLPBias, false),
		Out:      b.linear(prefix+"mlp.Wo", c.InnerDim, c.Dim, c.residStd(), c.MLPBias, false),
		Activate: activations[c.Activation], Dropout: c.MLPDrop,
	}
	return block
}

// residStd is the standard deviation at the end of each residual branch.
func (c ModernBERTConfig) residStd() float64 { return c.InitStd / math.Sqrt(2*float64(c.NumLayers)) }

// Hidden returns the final norm's output, [N,D].
func (m *ModernBERT) Hidden(in Input) *torch.Tensor { return m.HiddenLayer(in, len(m.blocks)) }

// HiddenLayer returns the output of a block, [N,D], counted from 1, the last one's behind the final norm; 0 is what goes into the first.
func (m *ModernBERT) HiddenLayer(in Input, layer int) *torch.Tensor {
	c := m.Config
	width := c.Dim / c.NumHeads
	global := torch.RotaryAngles(in.Positions, rotaryFrequencies(width, c.GlobalTheta, RopeScaling{}))
	local := torch.RotaryAngles(in.Positions, rotaryFrequencies(width, c.LocalTheta, RopeScaling{}))
	x := m.norm.Forward(m.tokens.Forward(in.IDs)).Dropout(c.EmbedDrop, in.Train)
	for i, block := range m.blocks[:layer] {
		angles := local
		if c.global(i) {
			angles = global
		}
		x = m.through(x, func(x *torch.Tensor) *torch.Tensor { return block.forward(x, in, angles) })
	}
	if layer < len(m.blocks) {
		return x
	}
	return m.final.Forward(x)
}

func (b modernBlock) forward(xND *torch.Tensor, in Input, angles torch.Angles) *torch.Tensor {
	normed := xND
	if b.norm1.WeightD != nil {
		normed = b.norm1.Forward(xND)
	}
	x := xND.Add(b.attn.Forward(normed, in, angles).Dropout(b.attn.Dropout, in.Train))
	return x.Add(b.mlp.Forward(b.norm2.Forward(x), in.Train))
}

// packedGatedMLP is a GatedMLP whose two widening matrices are one: first what is bent, then the gate (Shazeer 2020, eq. 6, with GELU).
type packedGatedMLP struct {
	In, Out  Linear // [2F,D] and [D,F]
	Activate Activation
	Dropout  float64
}

func (m packedGatedMLP) Forward(xND *torch.Tensor, train bool) *torch.Tensor {
	both := m.In.Forward(xND).Chunk(2, 1)
	return m.Out.Forward(m.Activate(both[0]).Mul(both[1]).Dropout(m.Dropout, train))
}

// Transform returns what the prediction head makes of hidden rows before the output table; without a head the rows themselves.
func (m *ModernBERT) Transform(hiddenKD *torch.Tensor) *torch.Tensor {
	if m.headDense.WeightOI == nil {
		return hiddenKD
	}
	return m.headNorm.Forward(activations[m.Config.HeadActivation](m.headDense.Forward(hiddenKD)))
}

// Head returns the output table [V,D] and its bias [V]; an encoder without a prediction head has its token table and nil.
func (m *ModernBERT) Head() (weightVD, biasV *torch.Tensor) { return m.head, m.headBias }

// InputTable returns the token table [V,D]; it belongs to the model.
func (m *ModernBERT) InputTable() *torch.Tensor { return m.tokens.TableVD }

// Configuration returns Config.
func (m *ModernBERT) Configuration() Config { return m.Config }

// Params returns the parameters.
func (m *ModernBERT) Params() *Params { return m.params }
