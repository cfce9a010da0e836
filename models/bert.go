package models

import "github.com/go-cloze/cloze/models/torch"

// BERT is the encoder of Devlin et al. 2019 and of those who kept its shape: every token of a row sees every other, a norm
// follows each residual branch, and a prediction head says which token stood where one was hidden. RoBERTa and XLM-R count
// positions from another row, DistilBERT has no segments, XLM has languages instead and no bend in its head; the
// configuration says which (BERTConfig), the names of the files are in bert_names.go.
type BERT struct {
	Config BERTConfig

	tokens    Embedding // [V,D]
	positions Embedding // [P,D]
	segments  Embedding // [S,D]; no table where there is none
	languages Embedding // [Languages,D]; no table where there is none
	norm      LayerNorm // of their sum
	blocks    []bertBlock
	pooler    Linear // [D,D], of a row's first token; no weight where there is none
	pairs     Linear // [2,D], whether the second segment follows the first; no weight where there is none

	classes classHead // of whole rows

	headDense Linear // [D,D], the transform before the output table; no weight where there is none
	headNorm  LayerNorm
	head      *torch.Tensor // [V,D]; tokens.TableVD when tied
	headBias  *torch.Tensor // [V]; nil without a head
	params    *Params
	recompute
}

type bertBlock struct {
	attn  SelfAttention
	norm1 LayerNorm
	mlp   MLP
	norm2 LayerNorm
}

// NewBERT is New of a BERT: normal weights with standard deviation initializer_range, biases 0, norms 1.
func NewBERT(config BERTConfig, seed uint64) (*BERT, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	return buildBERT(config, fresh{seed}), nil
}

func buildBERT(c BERTConfig, w weights) *BERT {
	names := c.names()
	trunk := c.trunk()
	b := builder{params: newParams(names.naming(trunk, c.twoBiases, c.Classes > 0)), weights: w}
	m := &BERT{Config: c, params: b.params}
	m.tokens = b.embedding(trunk+names.tokens+".weight", c.VocabSize, c.Dim, c.InitStd)
	m.positions = b.embedding(trunk+names.positions+".weight", c.NumPositions, c.Dim, c.InitStd)
	if c.NumSegments > 0 {
		m.segments = b.embedding(trunk+names.segments+".weight", c.NumSegments, c.Dim, c.InitStd)
	}
	if c.NumLanguages > 1 {
		m.languages = b.embedding(trunk+names.languages+".weight", c.NumLanguages, c.Dim, c.InitStd)
	}
	m.norm = b.layerNorm(trunk+names.embedNorm, c.Dim, c.NormEpsilon, true)
	for layer := range c.NumLayers {
		m.blocks = append(m.blocks, b.at(layer+1).bertBlock(names.block(trunk, layer), c))
	}
	b = b.at(c.NumLayers + 1)
	if c.Pooler {
		m.pooler = b.linear(trunk+names.pooler, c.Dim, c.Dim, c.InitStd, true, false)
	}
	if c.PairHead {
		m.pairs = b.linear(names.pairs, c.Dim, 2, c.InitStd, true, false)
	}
	b.bertHead(m, names)
	b.classHead(m, names)
	return m
}

func (b builder) bertBlock(names bertNames, c BERTConfig) bertBlock {
	return bertBlock{
		attn: SelfAttention{
			QKV:      b.stacked(names.qkv(), []string{names.query, names.key, names.value}, c.Dim, c.Dim, c.InitStd, true),
			Out:      b.linear(names.attnOut, c.Dim, c.Dim, c.InitStd, true, false),
			NumHeads: c.NumHeads, Dropout: c.AttnDrop,
		},
		norm1: b.layerNorm(names.attnNorm, c.Dim, c.NormEpsilon, true),
		mlp: MLP{
			Up:         b.linear(names.up, c.Dim, c.InnerDim, c.InitStd, true, false),
			Down:       b.linear(names.down, c.InnerDim, c.Dim, c.InitStd, true, false),
			Activation: c.Activation,
		},
		norm2: b.layerNorm(names.mlpNorm, c.Dim, c.NormEpsilon, true),
	}
}

// bertHead builds what follows the blocks where tokens are predicted.
func (b builder) bertHead(m *BERT, names bertNames) {
	c := m.Config
	m.head = m.tokens.TableVD
	if !c.Head {
		return
	}
	if names.headDense != "" {
		m.headDense = b.linear(names.headDense, c.Dim, c.Dim, c.InitStd, true, false)
		m.headNorm = b.layerNorm(names.headNorm, c.Dim, c.NormEpsilon, true)
	}
	if c.TiedHead {
		b.params.ties[names.headTable+".weight"] = c.trunk() + names.tokens + ".weight"
	} else {
		m.head = b.embedding(names.headTable+".weight", c.VocabSize, c.Dim, c.InitStd).TableVD
	}
	bias, twin := names.headBias, names.headTable+".bias" // two names of one parameter
	if !c.TiedHead {
		bias, twin = twin, bias // transformers then adds the table's own
	}
	m.headBias = b.param(bias, initial{}, false, false, int64(c.VocabSize))
	if twin != bias {
		b.params.ties[twin] = bias
	}
}

// Hidden returns the last block's output, [N,D].
func (m *BERT) Hidden(in Input) *torch.Tensor { return m.until(in, len(m.blocks)) }

// HiddenLayer returns the output of a block, [N,D], counted from 1; 0 is what goes into the first. The last is Hidden.
func (m *BERT) HiddenLayer(in Input, layer int) *torch.Tensor { return m.until(in, layer) }

// until returns what the first blocks make of the input, [N,D].
func (m *BERT) until(in Input, blocks int) *torch.Tensor { return m.untilOf(m.embed(in), in, blocks) }

// untilOf is until for what embed gives, x.
func (m *BERT) untilOf(x *torch.Tensor, in Input, blocks int) *torch.Tensor {
	x = x.Dropout(m.Config.HiddenDrop, in.Train)
	for _, block := range m.blocks[:blocks] {
		x = m.through(x, func(x *torch.Tensor) *torch.Tensor { return block.forward(x, in, m.Config.HiddenDrop) })
	}
	return x
}

// embed returns the norm of the sum of what is known of each token before it meets others.
func (m *BERT) embed(in Input) *torch.Tensor { return m.embedOf(m.tokens.Forward(in.IDs), in) }

// embedOf is embed for vectors of the tokens [N,D] that need not be those of the table.
func (m *BERT) embedOf(wordsND *torch.Tensor, in Input) *torch.Tensor {
	positions := in.Positions
	if first := m.Config.firstPosition(); first > 0 {
		positions = positions.AddScalar(float64(first))
	}
	x := wordsND.Add(m.positions.Forward(positions))
	x = addKind(x, m.segments, in.Segments)
	x = addKind(x, m.languages, in.Languages)
	return m.norm.Forward(x)
}

// addKind adds each token's row of a small table; nil ids mean row 0, and a table of one row has no other.
func addKind(xND *torch.Tensor, table Embedding, idsN *torch.Tensor) *torch.Tensor {
	switch {
	case table.TableVD == nil:
		return xND
	case idsN == nil || table.TableVD.Size(0) == 1:
		return xND.Add(table.TableVD.Narrow(0, 0, 1))
	}
	return xND.Add(table.Forward(idsN))
}

func (b bertBlock) forward(xND *torch.Tensor, in Input, dropout float64) *torch.Tensor {
	x := b.norm1.Forward(xND.Add(b.attn.Forward(xND, in).Dropout(dropout, in.Train)))
	return b.norm2.Forward(x.Add(b.mlp.Forward(x).Dropout(dropout, in.Train)))
}

// Transform returns what the prediction head makes of hidden rows before the output table: dense, activation, norm. A
// network without (XLM, an encoder that only gives vectors) returns the rows themselves.
func (m *BERT) Transform(hiddenKD *torch.Tensor) *torch.Tensor {
	if m.headDense.WeightOI == nil {
		return hiddenKD
	}
	return m.headNorm.Forward(activations[m.Config.Activation](m.headDense.Forward(hiddenKD)))
}

// Head returns the output table [V,D] and its bias [V]; an encoder without a prediction head has its token table and nil.
func (m *BERT) Head() (weightVD, biasV *torch.Tensor) { return m.head, m.headBias }

// Pairs returns the two logits of each row's pair of segments, [R,2], from the hidden states of the rows' first tokens
// [R,D]: the second follows the first (0) or comes from elsewhere (1). Only a network with Config.PairHead has them.
func (m *BERT) Pairs(firstRD *torch.Tensor) *torch.Tensor {
	return m.pairs.Forward(m.pooler.Forward(firstRD).Tanh())
}

// InputTable returns the token table [V,D]; it belongs to the model.
func (m *BERT) InputTable() *torch.Tensor { return m.tokens.TableVD }

// Configuration returns Config.
func (m *BERT) Configuration() Config { return m.Config }

// Params returns the parameters.
func (m *BERT) Params() *Params { return m.params }
