package train

import (
	"slices"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
)

// adamW is AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) over all parameters of a model, in two groups: matrices and tables decay,
// biases and norms do not.
type adamW struct {
	all     *models.Params
	params  []models.Param
	tensors []*torch.Tensor // weights of params, float32
	rounded []*torch.Tensor // what the network computes with in half precision, which gets the gradients; else nil
	m, v    []*torch.Tensor // running means of the gradient and of its square, float32, in the layout of the parameter
	groups  [2]group
	config  Config
}

// group is the parameters with one weight decay; its slices hold tensors that adamW lists too.
type group struct {
	params, m, v []*torch.Tensor
	weightDecay  float64
}

// newAdamW makes the optimiser's state. Run it inside torch.Do, and free it with free.
func newAdamW(params *models.Params, config Config) *adamW {
	o := &adamW{all: params, config: config}
	o.groups[0].weightDecay = config.WeightDecay
	for p := range params.All() {
		p.Tensor.SetRequiresGrad(true)
		device, weights := p.Tensor.Device(), p.Weights()
		if weights != p.Tensor {
			o.rounded = append(o.rounded, p.Tensor)
		}
		m := torch.Zeros(torch.Float32, device, p.Shape...).Keep()
		v := torch.Zeros(torch.Float32, device, p.Shape...).Keep()
		o.params, o.tensors, o.m, o.v = append(o.params, p), append(o.tensors, weights), append(o.m, m), append(o.v, v)
		g := &o.groups[0]
		if !p.Decay {
			g = &o.groups[1]
		}
		g.params, g.m, g.v = append(g.params, weights), append(g.m, m), append(g.v, v)
	}
	return o
}

// update moves the parameters along their gradients; n counts updates from 1. What had no part in the loss (the pooler of an encoder that only
// predicts tokens) stands still, as in torch.optim.
func (o *adamW) update(learningRate float64, n int64) {
	c := o.config
	for _, g := range o.groups {
		g = g.withGradient()
		torch.FusedAdamW(g.params, nil, g.m, g.v, learningRate, c.AdamBeta1, c.AdamBeta2, c.AdamEpsilon, g.weightDecay, n)
	}
	o.all.Round()
}

// withGradient is the part of a group that Backward has given a gradient.
func (g group) withGradient() group {
	part := group{weightDecay: g.weightDecay}
	for i, p := range g.params {
		if grad := p.Grad(); grad != nil {
			torch.Free(grad) // the handle; the gradient is p's
			part.params, part.m, part.v = append(part.params, p), append(part.m, g.m[i]), append(part.v, g.v[i])
		}
	}
	return part
}

// gather adds the gradients of a micro-batch in half precision to those of the weights.
func (o *adamW) gather() {
	if o.rounded != nil {
		torch.GatherGrads(o.tensors, o.rounded)
	}
}

// zeroGrad drops all gradients: the next Backward starts anew, in memory of its own.
func (o *adamW) zeroGrad() {
	for _, t := range slices.Concat(o.tensors, o.rounded) {
		t.ZeroGrad()
	}
}

// free frees the state.
func (o *adamW) free() {
	torch.Free(o.m...)
	torch.Free(o.v...)
}
