package models

import "github.com/go-cloze/cloze/models/torch"

// recompute says whether a network keeps the inputs of its blocks alone for the backward pass.
type recompute bool

// CheckpointGradients switches gradient checkpointing: each block keeps its input alone and is run again in the backward pass. The
// same bits for about a quarter more time and a fraction of the memory. An Input must then exist until Backward.
func (r *recompute) CheckpointGradients(on bool) { *r = recompute(on) }

// through returns block(x) and, where blocks are run again, gives x up: the record alone holds it, as long as it is wanted.
func (r recompute) through(x *torch.Tensor, block func(*torch.Tensor) *torch.Tensor) *torch.Tensor {
	if !r {
		return block(x)
	}
	y := torch.Checkpoint(x, block)
	torch.Free(x)
	return y
}
