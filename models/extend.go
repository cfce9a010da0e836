package models

import (
	"fmt"
	"slices"

	"github.com/go-cloze/cloze/models/torch"
)

// WithHeads returns the configuration of the same encoder with a prediction head, as training on masked tokens needs it,
// and, where pairs is true, with a head for pairs of segments. A family that cannot have it is an error; a causal network
// has its head always.
func WithHeads(c Config, pairs bool) (Config, error) {
	encoder, ok := c.(interface {
		withHeads(pairs bool) (Config, error)
	})
	switch {
	case ok:
		return encoder.withHeads(pairs)
	case pairs:
		return nil, fmt.Errorf("a %s network has no head for pairs of segments; choose an encoder of model_type bert", c.Shape().ModelType)
	}
	return c, nil
}

// Extend returns a network of configuration c, which is n's with other heads (WithHeads, WithClasses), that holds n's weights and fresh
// ones where n has none. The same seed gives the same bits. Run it inside torch.Do; n is not freed.
func Extend(n Network, c Config, seed uint64) Network {
	return familyOf(c).build(c, extended{n.Params(), fresh{seed}})
}

// extended is the weights of another model and fresh ones for what it lacks.
type extended struct {
	from *Params
	fresh
}

func (e extended) tensor(param Param, init initial) *torch.Tensor {
	name, _ := e.from.naming(param.Name) // a bare encoder has other names
	if from, ok := e.from.Get(name); ok && slices.Equal(from.Shape, param.Shape) {
		param.Name = name
		return converted{e.from, from.Tensor.DType()}.tensor(param, init)
	}
	return e.fresh.tensor(param, init)
}
