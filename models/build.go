package models

import (
	"hash/fnv"
	"math/rand/v2"

	"github.com/go-cloze/cloze/models/torch"
)

// initial says what a fresh parameter holds: constant everywhere, plus noise of that standard deviation.
type initial struct{ constant, std float64 }

// weights gives a constructor its tensors: fresh ones, those of a file, or none (counting).
type weights interface {
	// tensor returns the parameter's values, shaped param.Shape. What cannot be given is nil and remembered.
	tensor(param Param, init initial) *torch.Tensor
}

// builder collects parameters while a constructor walks through its layers. The path of names is the
// file's, so building, loading, counting and saving cannot disagree about what a model consists of.
type builder struct {
	params  *Params
	weights weights
	layer   int // Param.Layer of what is built
}

// at builds in a layer: 0 is before the blocks.
func (b builder) at(layer int) builder {
	b.layer = layer
	return b
}

func (b builder) param(name string, init initial, decay, inOut bool, shape ...int64) *torch.Tensor {
	return b.add(Param{Name: name, Shape: shape, Decay: decay, inOut: inOut}, init)
}

func (b builder) add(param Param, init initial) *torch.Tensor {
	param.Layer = b.layer
	param.Tensor = b.weights.tensor(param, init)
	b.params.add(param)
	return param.Tensor
}

// counting is the weights of a model that is only measured.
type counting struct{}

func (counting) tensor(Param, initial) *torch.Tensor { return nil }

// fresh draws weights from a seed. Each parameter has a stream of its own, chosen by its name: its values
// depend neither on the order of construction nor on libtorch's generator, threads or device.
type fresh struct{ seed uint64 }

func (f fresh) tensor(param Param, init initial) *torch.Tensor {
	hash := fnv.New64a()
	hash.Write([]byte(param.Name))
	rng := rand.New(rand.NewPCG(f.seed, hash.Sum64()))
	values := make([]float32, shapeNumEl(param.Shape))
	for i := range values {
		values[i] = float32(init.constant)
		if init.std != 0 {
			values[i] += float32(init.std * rng.NormFloat64())
		}
	}
	return torch.FromFloat32(values, param.Shape...).Keep().SetRequiresGrad(true)
}

// converted copies another model's weights in a dtype of its own.
type converted struct {
	from  *Params
	dtype torch.DType
}

func (c converted) tensor(param Param, _ initial) (t *torch.Tensor) {
	from, _ := c.from.Get(param.Name) // both are built by one constructor
	torch.NoGrad(func() {
		t = torch.Empty(c.dtype, from.Tensor.Device(), param.Shape...).Copy_(from.Tensor).Keep()
	})
	return t.SetRequiresGrad(true)
}
