package train

import (
	"fmt"
	"slices"

	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
)

// stored is a tensor of the optimiser under its name in OptimizerFile.
type stored struct {
	name   string
	tensor *torch.Tensor
}

// stored lists what the optimiser must remember.
func (o *adamW) stored() []stored {
	list := make([]stored, 0, 2*len(o.params))
	for i, p := range o.params {
		list = append(list, stored{"exp_avg." + p.Name, o.m[i]}, stored{"exp_avg_sq." + p.Name, o.v[i]})
	}
	return list
}

// copyTo copies the optimiser's tensors into buffer, which is made larger where it is too short, and returns them as views of it. Run it inside
// torch.Do.
func (o *adamW) copyTo(buffer []byte) (sources []safetensors.Source, grown []byte, err error) {
	list, size := o.stored(), int64(0)
	for _, t := range list {
		size += t.tensor.NumEl() * int64(t.tensor.DType().Size())
	}
	if int64(len(buffer)) < size {
		buffer = make([]byte, size)
	}
	rest := buffer
	for _, t := range list {
		if t.tensor.DType() != torch.Float32 {
			return nil, buffer, fmt.Errorf("the optimiser's %s has type %v, a checkpoint holds float32", t.name, t.tensor.DType())
		}
		n := 4 * t.tensor.NumEl()
		t.tensor.CopyToBytes(rest[:n])
		sources = append(sources, safetensors.Source{Name: t.name, DType: safetensors.F32, Shape: t.tensor.Shape(), Data: rest[:n:n]})
		rest = rest[n:]
	}
	return sources, buffer, nil
}

// load overwrites the optimiser's tensors with those of a file; where one is missing, of another shape or too many, nothing is changed. Run it
// inside torch.Do.
func (o *adamW) load(path string) error {
	file, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	list := o.stored()
	for _, t := range list {
		tensor, ok := file.Tensor(t.name)
		switch {
		case !ok:
			return fmt.Errorf("%s: tensor %s is missing; is this the checkpoint of another model?", path, t.name)
		case tensor.DType != safetensors.F32 || !slices.Equal(tensor.Shape, t.tensor.Shape()):
			return fmt.Errorf("%s: tensor %s has shape %v of %s, the model wants %v of F32", path, t.name, tensor.Shape, tensor.DType, t.tensor.Shape())
		}
	}
	if file.Len() != len(list) {
		return fmt.Errorf("%s: holds %d tensors, the model's optimiser has %d; is this the checkpoint of another model?", path, file.Len(), len(list))
	}
	for _, t := range list {
		tensor, _ := file.Tensor(t.name)
		t.tensor.CopyFromBytes(tensor.Data)
	}
	return nil
}
