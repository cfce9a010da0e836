package train

import (
	"slices"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
)

// adamW is AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) over all parameters of a model. Matrices and tables decay, biases and norms do not.
type adamW struct {
	all     *models.Params
	params  []models.Param
	tensors []*torch.Tensor // weights of params, float32
	rounded []*torch.Tensor // what the network computes with in half precision, which gets the gradients; else nil
	m, v    []*torch.Tensor // running means of the gradient and of its square, float32, in the layout of the parameter
	factors []float64       // of the learning rate of params; 0 stands still
	before  []int64         // updates that passed before the first of each parameter
	config  Config
}

// group is parameters that are updated alike; its slices hold tensors that adamW lists too.
type group struct {
	params, m, v []*torch.Tensor
	decay        bool
	factor       float64
	updates      int64 // with this one
}

// newAdamW makes the optimiser's state. Run it inside torch.Do, and free it with free.
func newAdamW(params *models.Params, config Config) *adamW {
	o := &adamW{all: params, config: config}
	for p := range params.All() {
		p.Tensor.SetRequiresGrad(true)
		device, weights := p.Tensor.Device(), p.Weights()
		if weights != p.Tensor {
			o.rounded = append(o.rounded, p.Tensor)
		}
		m := torch.Zeros(torch.Float32, device, p.Shape...).Keep()
		v := torch.Zeros(torch.Float32, device, p.Shape...).Keep()
		o.params, o.tensors, o.m, o.v = append(o.params, p), append(o.tensors, weights), append(o.m, m), append(o.v, v)
		o.factors, o.before = append(o.factors, 1), append(o.before, 0)
	}
	return o
}

// setRates says how fast each parameter moves in a step (Job.Rate); done are the updates so far. What begins to move later begins as in the first
// step, with no mean of gradients to go by.
func (o *adamW) setRates(rate func(p models.Param, step int) float64, step int, done int64) {
	if rate == nil {
		return
	}
	for i, p := range o.params {
		if o.factors[i] = rate(p, step); o.factors[i] == 0 {
			o.before[i] = done + 1
		}
		p.Tensor.SetRequiresGrad(o.factors[i] != 0)
	}
}

// update moves the parameters along their gradients; n counts updates from 1.
func (o *adamW) update(learningRate float64, n int64) {
	c := o.config
	for _, g := range o.groups(n) {
		weightDecay := 0.0
		if g.decay {
			weightDecay = c.WeightDecay
		}
		torch.FusedAdamW(g.params, nil, g.m, g.v, g.factor*learningRate, c.AdamBeta1, c.AdamBeta2, c.AdamEpsilon, weightDecay, g.updates)
	}
	o.all.Round()
}

// groups are the parameters that Backward has given a gradient. What had no part in the loss (the pooler of an encoder that only predicts tokens)
// stands still, as in torch.optim.
func (o *adamW) groups(n int64) (groups []*group) {
	for i, t := range o.tensors {
		grad := t.Grad()
		if grad == nil {
			continue
		}
		torch.Free(grad) // the handle; the gradient is t's
		like := group{decay: o.params[i].Decay, factor: o.factors[i], updates: n - o.before[i]}
		at := slices.IndexFunc(groups, func(g *group) bool {
			return g.decay == like.decay && g.factor == like.factor && g.updates == like.updates
		})
		if at < 0 {
			at = len(groups)
			groups = append(groups, &like)
		}
		g := groups[at]
		g.params, g.m, g.v = append(g.params, t), append(g.m, o.m[i]), append(g.v, o.v[i])
	}
	return groups
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
