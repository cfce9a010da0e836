package models

import "github.com/go-cloze/cloze/models/torch"

// decoderActivations are the native step's names for Hugging Face's.
var decoderActivations = map[string]string{
	"gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu", "relu": "relu", "silu": "silu", "swish": "silu",
}

// NewCache makes room for what rows of up to capacity tokens hold. Run it inside torch.Do; free it with Free.
func (g *GPT) NewCache(rows, capacity int) *Cache {
	c := g.Config
	return newCache(c.NumLayers, rows, capacity, c.NumHeads, c.Dim/c.NumHeads, g.tokens.TableVD)
}

// Decoder returns the network as the native step takes it, nil where it is not float32 on the CPU. Its tensors are the model's.
func (g *GPT) Decoder() *torch.Decoder {
	table, c := g.tokens.TableVD, g.Config
	if !decodable(table) {
		return nil
	}
	d := &torch.Decoder{
		Tokens: table, Positions: g.positions.TableVD, Norm: g.norm.WeightD, NormBias: g.norm.BiasD, Head: g.head,
		Heads: c.NumHeads, KVHeads: c.NumHeads, HeadWidth: c.Dim / c.NumHeads,
		Epsilon: c.NormEpsilon, Activation: decoderActivations[c.Activation],
	}
	for _, b := range g.blocks {
		d.Layers = append(d.Layers, torch.DecoderLayer{
			Norm1: b.norm1.WeightD, Norm1Bias: b.norm1.BiasD, Norm2: b.norm2.WeightD, Norm2Bias: b.norm2.BiasD,
			Q: b.attn.QKV.WeightOI, QBias: b.attn.QKV.BiasO, Out: b.attn.Out.WeightOI, OutBias: b.attn.Out.BiasO,
			Up: b.mlp.Up.WeightOI, UpBias: b.mlp.Up.BiasO, Down: b.mlp.Down.WeightOI, DownBias: b.mlp.Down.BiasO,
		})
	}
	return d
}

// NewCache makes room for what rows of up to capacity tokens hold. Run it inside torch.Do; free it with Free.
func (l *Llama) NewCache(rows, capacity int) *Cache {
	return newCache(l.Config.NumLayers, rows, capacity, l.Config.numKVHeads(), l.Config.headDim(), l.tokens.TableVD)
}

// Decoder returns the network as the native step takes it, nil where it is not float32 on the CPU. Its tensors are the model's.
func (l *Llama) Decoder() *torch.Decoder {
	table, c := l.tokens.TableVD, l.Config
	if !decodable(table) {
		return nil
	}
	d := &torch.Decoder{
		Tokens: table, Frequencies: l.frequencies, Norm: l.norm.WeightD, Head: l.head,
		Heads: c.NumHeads, KVHeads: c.numKVHeads(), HeadWidth: c.headDim(),
		RMSNorm: true, Epsilon: c.NormEpsilon, Activation: decoderActivations[c.Activation],
	}
	for _, b := range l.blocks {
		d.Layers = append(d.Layers, torch.DecoderLayer{
			Norm1: b.norm1.WeightD, Norm2: b.norm2.WeightD,
			Q: b.attn.Q.WeightOI, QBias: b.attn.Q.BiasO, K: b.attn.K.WeightOI, KBias: b.attn.K.BiasO,
			V: b.attn.V.WeightOI, VBias: b.attn.V.BiasO, Out: b.attn.Out.WeightOI, OutBias: b.attn.Out.BiasO,
			Gate: b.mlp.Gate.WeightOI, GateBias: b.mlp.Gate.BiasO, Up: b.mlp.Up.WeightOI, UpBias: b.mlp.Up.BiasO,
			Down: b.mlp.Down.WeightOI, DownBias: b.mlp.Down.BiasO,
		})
	}
	return d
}

// decodable says whether the native step reads tensors like this one.
func decodable(t *torch.Tensor) bool { return t.DType() == torch.Float32 && t.Device() == torch.CPU }

// Decode adds token ids[i] to row rows[i] of the cache, several of one row in their order, and returns the logits of what follows each row, in the
// order of their last tokens: Hidden with in.Cache and the Head, in one native call.
func (c *Cache) Decode(d *torch.Decoder, ids, rows, positions []int32) []float32 {
	return d.Step(ids, rows, c.extend(rows), positions, c.keys, c.values)
}

// DecodeBest is Decode for the likeliest id below limit alone, as torch.Decoder.Best gives it.
func (c *Cache) DecodeBest(d *torch.Decoder, limit int, ids, rows, positions []int32) []int32 {
	return d.Best(limit, ids, rows, c.extend(rows), positions, c.keys, c.values)
}

// extend counts a token more in each of rows and returns what they held before it.
func (c *Cache) extend(rows []int32) []int32 {
	lengths := make([]int32, len(rows))
	for i, row := range rows {
		lengths[i] = c.Lengths[row]
		c.Lengths[row]++
	}
	return lengths
}
