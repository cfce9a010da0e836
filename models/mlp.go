package models

import (
	"maps"
	"slices"

	"github.com/go-cloze/cloze/models/torch"
)

// Activation is a function applied to every number of a tensor.
type Activation func(*torch.Tensor) *torch.Tensor

// geluForms are the activations that torch.MLP fuses with the products around them, by its name for them.
var geluForms = map[string]string{"gelu_new": "tanh", "gelu_pytorch_tanh": "tanh", "gelu": "none"}

// activations are the functions by Hugging Face's names. GPT-2's gelu_new is the tanh form of GELU
// (Hendrycks and Gimpel 2016); gelu is the exact one, by the error function.
var activations = map[string]Activation{
	"gelu_new":          func(x *torch.Tensor) *torch.Tensor { return x.GELU("tanh") },
	"gelu_pytorch_tanh": func(x *torch.Tensor) *torch.Tensor { return x.GELU("tanh") },
	"gelu":              func(x *torch.Tensor) *torch.Tensor { return x.GELU("none") },
	"relu":              (*torch.Tensor).ReLU,
	"silu":              (*torch.Tensor).SiLU,
	"swish":             (*torch.Tensor).SiLU,
}

func activationNames() []string { return slices.Sorted(maps.Keys(activations)) }

// MLP widens each row to F numbers, bends them, and narrows back to D.
type MLP struct {
	Up, Down   Linear // [F,D] and [D,F]
	Activation string // Hugging Face's name
}

// Forward maps [N,D] to [N,D].
func (m MLP) Forward(xND *torch.Tensor) *torch.Tensor {
	if form, ok := geluForms[m.Activation]; ok {
		return xND.MLP(m.Up.WeightOI, m.Up.BiasO, m.Down.WeightOI, m.Down.BiasO, form)
	}
	return m.Down.Forward(activations[m.Activation](m.Up.Forward(xND)))
}

// GatedMLP lets one widening gate the other before it narrows; with silu it is SwiGLU (Shazeer 2020, eq. 6).
type GatedMLP struct {
	Gate, Up, Down Linear // [F,D], [F,D] and [D,F]
	Activate       Activation
}

// Forward maps [N,D] to [N,D].
func (m GatedMLP) Forward(xND *torch.Tensor) *torch.Tensor {
	return m.Down.Forward(m.Activate(m.Gate.Forward(xND)).Mul(m.Up.Forward(xND)))
}
