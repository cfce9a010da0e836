package models

import "github.com/go-cloze/cloze/models/torch"

// Weights returns the parameter's weights themselves: Tensor, or the float32 numbers that Tensor is rounded from (UseHalf).
func (p Param) Weights() *torch.Tensor {
	if p.master != nil {
		return p.master
	}
	return p.Tensor
}

// UseHalf rounds the parameters to a half type for training (Micikevicius et al. 2018, arXiv:1710.03740, section 3.1) and keeps the
// numbers they had: an optimiser changes those, Param.Weights, and Round makes the network follow. Save and SaveHF write them, and
// Load sets them. Nothing is done for a dtype that is no half type. Run it inside torch.Do.
func (p *Params) UseHalf(dtype torch.DType) {
	if !dtype.Half() {
		return
	}
	for i := range p.list {
		param := &p.list[i]
		if param.master == nil {
			param.master = param.Tensor.Detach().Keep()
		}
		torch.Scope(func() { param.Tensor.SetData(param.master.To(dtype)) })
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

// UseWeights ends UseHalf, or interrupts it: the network computes with its weights themselves. Run it inside torch.Do.
func (p *Params) UseWeights() {
	for _, param := range p.list {
		if param.master != nil {
			param.Tensor.SetData(param.master)
		}
	}
}
