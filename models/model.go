package models

import "github.com/go-cloze/cloze/models/torch"

// Input is a packed batch: the N tokens of all rows one after another. Row i holds the tokens
// RowOffsets[i] to RowOffsets[i+1]; attention never leaves a row.
type Input struct {
	IDs        *torch.Tensor // [N] int64, each inside the model's table
	Positions  *torch.Tensor // [N] int64, each from 0 to the model's context length - 1
	Segments   *torch.Tensor // [N] int64 segment of each token; nil for all 0
	Languages  *torch.Tensor // [N] int64 language of each token; nil for all 0
	RowOffsets []int32       // rows+1 rising offsets, the first 0, the last N
	Train      bool          // dropout on
	Cache      *Cache        // what the rows hold before these tokens, which are added to it; nil for nothing

	layer int // of Cache, which a block's attention belongs to
}

// Model is a network as losses and pipelines see it.
type Model interface {
	// Hidden returns the last layer's output after the final norm, [N,D], in the parameters' dtype.
	// It belongs to the torch.Scope of the caller.
	Hidden(in Input) *torch.Tensor
	// Transform returns what the head's table multiplies, [K,D], for K rows of Hidden's: the rows themselves, or what
	// the prediction head of an encoder makes of them. It belongs to the torch.Scope of the caller.
	Transform(hiddenKD *torch.Tensor) *torch.Tensor
	// Head returns the output table weight [V,D] and bias [V], nil where there is none. The logits of a
	// hidden row are Transform(hidden)·weightᵀ + bias. Both belong to the model.
	Head() (weightVD, biasV *torch.Tensor)
	// Params returns the model's parameters; they belong to the model.
	Params() *Params
}

// Network is a model of any family, as those see it who open, change and write models.
type Network interface {
	Model
	// InputTable returns the token table [V,D]; it belongs to the model.
	InputTable() *torch.Tensor
	// Configuration returns what the network was built from.
	Configuration() Config
}

// NewInput copies ids and positions to device as an Input. rowOffsets is used as it is, not copied. Run it
// inside torch.Do; its tensors belong to the caller's torch.Scope.
func NewInput(ids, positions, rowOffsets []int32, device torch.Device, train bool) Input {
	n := int64(len(ids))
	return Input{
		IDs:        torch.FromInt32(ids, n).ToDevice(device),
		Positions:  torch.FromInt32(positions, n).ToDevice(device),
		RowOffsets: rowOffsets,
		Train:      train,
	}
}

// Kinds copies what an Input may say of each token, Segments or Languages, to device: [N] int64, nil where there are none.
// Run it inside torch.Do; it belongs to the caller's torch.Scope.
func Kinds(kinds []int32, device torch.Device) *torch.Tensor {
	if len(kinds) == 0 {
		return nil
	}
	return torch.FromInt32(kinds, int64(len(kinds))).ToDevice(device)
}

// RowPositions returns the positions 0, 1, 2 … that restart in each row of rowOffsets.
func RowPositions(rowOffsets []int32) []int32 {
	if len(rowOffsets) == 0 {
		return nil
	}
	positions := make([]int32, 0, rowOffsets[len(rowOffsets)-1])
	for i := 1; i < len(rowOffsets); i++ {
		for p := range rowOffsets[i] - rowOffsets[i-1] {
			positions = append(positions, p)
		}
	}
	return positions
}
