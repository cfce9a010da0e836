package models

import "github.com/go-cloze/cloze/models/torch"

// Weights returns the parameter's weights themselves: Tensor, or the float32 numbers that Tensor is rounded from (ComputeIn).
func (p Param) Weights() *torch.Tensor {
	if p.master != nil {
		return p.master
	}
	return p.Tensor
}

// ComputeIn makes the network compute in a dtype. For a half type the parameters are rounded to it (Micikevicius et al. 2018,
// arXiv:1710.03740, section 3.1) and the numbers they had are kept: an optimiser changes those, Param.Weights, and Round makes the
// network follow. Save, SaveHF and CopyTo write them, Load sets them. For float32 the network computes with its weights again and the
// rounded ones are freed. Run it inside torch.Do.
func (p *Params) ComputeIn(dtype torch.DType) {
	if !dtype.Half() {
		p.ComputeInFull()
	}
	for i := range p.list {
		param := &p.list[i]
		switch {
		case !dtype.Half():
			if param.master != nil {
				torch.Free(param.master)
				param.master = nil
			}
		case param.master == nil:
			param.master = param.Tensor.Detach().Keep()
			fallthrough
		default:
			torch.Scope(func() { param.Tensor.SetData(param.master.To(dtype)) })
		}
	}
}

// ComputeInFull makes the network compute with its weights themselves until the next ComputeIn; Param.Weights stay the tensors they
// are. Run it inside torch.Do.
func (p *Params) ComputeInFull() {
	for _, param := range p.list {
		if param.master != nil {
			param.Tensor.SetData(param.master)
		}
	}
}

// Round gives the network the weights as they are now, rounded. Run it inside torch.Do.
func (p *Params) Round() {
	torch.NoGrad(func() {
		for _, param := range p.list {
			if param.master != nil {
				param.Tensor.Copy_(param.master)
			}
		}
	})
}
