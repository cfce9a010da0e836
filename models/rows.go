package models

import "github.com/go-cloze/cloze/models/torch"

// RowsModel is a network that can leave out the work for hidden rows that nobody looks at: after the last attention a token no longer acts on
// others, so what follows is computed for the rows that are wanted alone.
type RowsModel interface {
	// HiddenAt is Hidden(in) at the rows of rowsK ([K] int64), [K,D], but for rounding and the draws of dropout.
	HiddenAt(in Input, rowsK *torch.Tensor) *torch.Tensor
}

// HiddenAt returns the rows of rowsK ([K] int64) of the network's hidden states, [K,D], with as little work as the network can. They belong to the
// torch.Scope of the caller.
func HiddenAt(m Model, in Input, rowsK *torch.Tensor) *torch.Tensor {
	if rows, ok := m.(RowsModel); ok {
		return rows.HiddenAt(in, rowsK)
	}
	hiddenND := m.Hidden(in)
	defer torch.Free(hiddenND) // autograd holds what it needs
	return hiddenND.IndexSelect(0, rowsK)
}

// HiddenAt is part of RowsModel. Of a block, the output projection and the MLP, 9 of its 12 D² products a token, are left out.
func (m *BERT) HiddenAt(in Input, rowsK *torch.Tensor) *torch.Tensor {
	return m.hiddenAtOf(m.embed(in), in, rowsK)
}

// hiddenAtOf is HiddenAt for what embed gives, x.
func (m *BERT) hiddenAtOf(x *torch.Tensor, in Input, rowsK *torch.Tensor) *torch.Tensor {
	last := len(m.blocks) - 1
	return m.through(m.untilOf(x, in, last), func(x *torch.Tensor) *torch.Tensor {
		return m.blocks[last].forwardAt(x, in, rowsK, m.Config.HiddenDrop)
	})
}

func (b bertBlock) forwardAt(xND *torch.Tensor, in Input, rowsK *torch.Tensor, dropout float64) *torch.Tensor {
	attended := b.attn.Out.Forward(b.attn.heads(xND, in).IndexSelect(0, rowsK))
	x := b.norm1.Forward(xND.IndexSelect(0, rowsK).Add(attended.Dropout(dropout, in.Train)))
	return b.norm2.Forward(x.Add(b.mlp.Forward(x).Dropout(dropout, in.Train)))
}
