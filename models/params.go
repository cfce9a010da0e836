package models

import (
	"fmt"
	"iter"

	"github.com/go-cloze/cloze/models/torch"
)

// Param is one weight of a model.
type Param struct {
	Name   string        // as Hugging Face names it: transformer.h.0.attn.c_attn.weight
	Tensor *torch.Tensor // in the layout that computes fastest; nil when the model is only counted
	Shape  []int64       // of Tensor
	Decay  bool          // weight decay applies: matrices and tables yes, biases and norms no
	Layer  int           // 0 of the embeddings, 1 of the first block and so on; what follows the blocks has the number after the last's

	// inOut says that files hold the matrix as [in,out] (GPT-2's Conv1D) while Tensor is [out,in].
	inOut bool
	// stacked are the names under which files hold equal blocks of Tensor's rows, one below the other: what is one product here
	// is several matrices there (query, key, value). nil where files hold Tensor as it is, under Name.
	stacked []string

	master *torch.Tensor // float32 weights that Tensor is rounded from; nil where Tensor holds them (ComputeIn)
}

// Params is the ordered list of a model's weights. A tied weight (the output table that is the input table)
// appears once, under its first name; Ties tells the other names.
type Params struct {
	list  []Param
	index map[string]int
	ties  map[string]string // other name -> name in list

	naming  naming // how the family's files may spell the names
	ignored int    // tensors of the file that are no weights: masks kept as buffers
}

func newParams(naming naming) *Params {
	return &Params{index: map[string]int{}, ties: map[string]string{}, naming: naming}
}

func (p *Params) add(param Param) {
	if _, exists := p.index[param.Name]; exists {
		panic(fmt.Sprintf("models: parameter %s is added twice", param.Name))
	}
	p.index[param.Name] = len(p.list)
	p.list = append(p.list, param)
}

// All yields the parameters in construction order, each once.
func (p *Params) All() iter.Seq[Param] {
	return func(yield func(Param) bool) {
		for _, param := range p.list {
			if !yield(param) {
				return
			}
		}
	}
}

// Len returns the number of parameters (tensors, not numbers).
func (p *Params) Len() int { return len(p.list) }

// Tensors returns the tensors in the order of All, in a new slice.
func (p *Params) Tensors() []*torch.Tensor {
	tensors := make([]*torch.Tensor, len(p.list))
	for i, param := range p.list {
		tensors[i] = param.Tensor
	}
	return tensors
}

// Get returns the parameter of that name or of the weight it is tied to.
func (p *Params) Get(name string) (Param, bool) {
	if first, tied := p.ties[name]; tied {
		name = first
	}
	i, ok := p.index[name]
	if !ok {
		return Param{}, false
	}
	return p.list[i], true
}

// Ties returns the tied names: the key is another name of the weight that the value names.
func (p *Params) Ties() map[string]string {
	ties := make(map[string]string, len(p.ties))
	for other, name := range p.ties {
		ties[other] = name
	}
	return ties
}

// NumEl returns how many numbers the parameters hold, tied weights counted once.
func (p *Params) NumEl() int64 {
	var n int64
	for _, param := range p.list {
		n += shapeNumEl(param.Shape)
	}
	return n
}

// Free frees the tensors; the model cannot be used afterwards.
func (p *Params) Free() {
	for _, param := range p.list {
		if param.Tensor != nil {
			torch.Free(param.Tensor, param.master)
		}
	}
	p.list = nil
}

func shapeNumEl(shape []int64) int64 {
	n := int64(1)
	for _, size := range shape {
		n *= size
	}
	return n
}
