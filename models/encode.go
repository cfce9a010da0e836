package models

import "github.com/go-cloze/cloze/models/torch"

// Encoder is a BERT made ready to give hidden states and nothing else: its matrices are copied into the order in which they are read fastest. It
// belongs to whoever made it; Free it before the model. What is trained afterwards it does not follow.
type Encoder struct {
	model  *BERT
	blocks *torch.Encoder
}

// Encoder returns the network for encoding, or nil where that is not for it: its tensors are not float32 on the CPU, the processor lacks AVX2, the
// activation is another than GELU and ReLU. Run it inside torch.Do.
func (m *BERT) Encoder() *Encoder { return m.encoder(false) }

// Int8Encoder is Encoder with the blocks' matrices rounded to 8 bits, as torch.NewEncoder has it: hidden states are near those of Hidden only.
func (m *BERT) Int8Encoder() *Encoder { return m.encoder(true) }

func (m *BERT) encoder(int8 bool) *Encoder {
	var layers []torch.EncoderLayer
	for _, b := range m.blocks {
		layers = append(layers, torch.EncoderLayer{
			QKV: b.attn.QKV.WeightOI, QKVBias: b.attn.QKV.BiasO, Out: b.attn.Out.WeightOI, OutBias: b.attn.Out.BiasO,
			Norm1: b.norm1.WeightD, Norm1Bias: b.norm1.BiasD, Up: b.mlp.Up.WeightOI, UpBias: b.mlp.Up.BiasO,
			Down: b.mlp.Down.WeightOI, DownBias: b.mlp.Down.BiasO, Norm2: b.norm2.WeightD, Norm2Bias: b.norm2.BiasD,
		})
	}
	blocks := torch.NewEncoder(layers, m.Config.NumHeads, m.Config.NormEpsilon, decoderActivations[m.Config.Activation], int8)
	if blocks == nil {
		return nil
	}
	return &Encoder{m, blocks}
}

// Hidden returns what the model's Hidden returns, within rounding, without dropout and without a record for gradients.
func (e *Encoder) Hidden(in Input) (x *torch.Tensor) {
	in.Train = false
	torch.NoGrad(func() {
		x = e.model.embed(in)
		e.blocks.Encode(x, in.RowOffsets)
	})
	return x
}

// HiddenFirst returns Hidden's rows of the first token of each row of the input, [R,D], with the same bits. A row without tokens is an error.
func (e *Encoder) HiddenFirst(in Input) (x *torch.Tensor) {
	in.Train = false
	torch.NoGrad(func() { x = e.blocks.EncodeFirst(e.model.embed(in), in.RowOffsets) })
	return x
}

// Free frees the copies.
func (e *Encoder) Free() { e.blocks.Free() }
