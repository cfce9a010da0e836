package models

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
)

// naming turns a tensor's name in a file into the parameter's; ignore marks what is no weight.
type naming func(file string) (name string, ignore bool)

// Save writes the parameters to a safetensors file, a tied weight once, in the layout and under the names of
// Hugging Face. The old file stays until the new one is whole. Run it inside torch.Do.
func (p *Params) Save(path string) error {
	sources := make([]safetensors.Source, 0, len(p.list))
	for _, param := range p.list {
		source, err := param.source()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		sources = append(sources, source)
	}
	return writeSources(path, sources)
}

// CopyTo is Save in two halves, so that training need not wait for a disk: it copies the parameters into buffer, and EncodeWeights may write what
// it returned on any goroutine. buffer is made larger where it is too short, and returned with the sources, which are views of it. Run it inside
// torch.Do.
func (p *Params) CopyTo(buffer []byte) (sources []safetensors.Source, grown []byte, err error) {
	sources = make([]safetensors.Source, len(p.list))
	var size int64
	for i, param := range p.list {
		if sources[i], err = param.source(); err != nil {
			return nil, buffer, err
		}
		size += shapeNumEl(param.Shape) * int64(param.Weights().DType().Size())
	}
	if int64(len(buffer)) < size {
		buffer = make([]byte, size)
	}
	rest := buffer
	torch.NoGrad(func() {
		for i, param := range p.list {
			n := shapeNumEl(param.Shape) * int64(param.Weights().DType().Size())
			sources[i].Bytes, sources[i].Data = nil, rest[:n:n]
			torch.Scope(func() { param.fileLayout(param.Weights()).CopyToBytes(sources[i].Data) })
			rest = rest[n:]
		}
	})
	return sources, buffer, nil
}

// EncodeWeights writes to w the file that Save would write of these sources.
func EncodeWeights(w io.Writer, sources []safetensors.Source) error {
	return safetensors.Encode(w, sources, weightsMetadata)
}

// weightsMetadata says whose layout a file holds: transformers reads only those that do.
var weightsMetadata = map[string]string{"format": "pt"}

// source is the parameter as a file holds it; its bytes are made when their turn comes.
func (p Param) source() (safetensors.Source, error) {
	weights := p.Weights()
	dtype, ok := fileDTypes[weights.DType()]
	if !ok {
		return safetensors.Source{}, fmt.Errorf("%s has type %v, which model files do not hold; convert it to float32 first", p.Name, weights.DType())
	}
	return safetensors.Source{Name: p.Name, DType: dtype, Shape: p.fileShape(), Bytes: func() (data []byte, err error) {
		torch.Scope(func() { torch.NoGrad(func() { data = p.fileLayout(weights).Bytes() }) })
		return data, nil
	}}, nil
}

// writeSources writes a weights file.
func writeSources(path string, sources []safetensors.Source) error {
	return safetensors.Write(path, sources, weightsMetadata)
}

var fileDTypes = map[torch.DType]safetensors.DType{
	torch.Float32: safetensors.F32, torch.Float64: safetensors.F64, torch.Float16: safetensors.F16, torch.BFloat16: safetensors.BF16,
}

// Load overwrites the parameters with those of a safetensors file. A missing, extra or misshaped tensor is an
// error that names it, and then nothing was changed. Run it inside torch.Do.
func (p *Params) Load(path string) error {
	files, err := openWeights(path)
	if err != nil {
		return err
	}
	defer files.close()
	from := newStored(files, p.naming, p.ties)
	for _, param := range p.list {
		from.find(param)
	}
	if err := from.problem(p); err != nil {
		return err
	}
	torch.NoGrad(func() {
		for _, param := range p.list {
			torch.Scope(func() { param.Weights().Copy_(from.values(param)) })
		}
	})
	p.Round()
	p.ignored = from.ignored
	return from.err
}

// Ignored returns how many tensors of the file last loaded were no weights (causal masks kept as buffers).
func (p *Params) Ignored() int { return p.ignored }

// fileShape is the shape of the parameter in files.
func (p Param) fileShape() []int64 {
	if !p.inOut {
		return p.Shape
	}
	return []int64{p.Shape[1], p.Shape[0]}
}

// fileLayout turns a tensor from the memory's layout to the file's or back: both ways it is one transposition.
func (p Param) fileLayout(t *torch.Tensor) *torch.Tensor {
	if !p.inOut {
		return t
	}
	return t.Transpose(0, 1).Contiguous()
}

// stored is the weights of a file or of several. Its first error is kept; see problem.
type stored struct {
	path    string
	byName  map[string]safetensors.Tensor // by our names
	ties    map[string]string
	used    map[string]bool
	ignored int
	err     error
}

func newStored(files *weightFiles, naming naming, ties map[string]string) *stored {
	s := &stored{path: files.path, byName: map[string]safetensors.Tensor{}, ties: ties, used: map[string]bool{}}
	for _, tensor := range files.tensors {
		name, ignore := naming(tensor.Name)
		if ignore {
			s.ignored++
			continue
		}
		if other, twice := s.byName[name]; twice {
			s.fail("holds the weight %s twice, as %s and as %s; remove one", name, other.Name, tensor.Name)
		}
		s.byName[name] = tensor
	}
	return s
}

func (s *stored) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("%s: "+format, append([]any{s.path}, args...)...)
	}
}

// find returns the file's tensor for a parameter and checks its shape. Of a tied weight a file may hold either
// name, or both with the same bytes.
func (s *stored) find(param Param) (safetensors.Tensor, bool) {
	tensor, ok := s.byName[param.Name]
	s.used[param.Name] = true
	for other, name := range s.ties {
		twin, exists := s.byName[other]
		if name != param.Name || !exists {
			continue
		}
		s.used[other] = true
		if ok && !bytes.Equal(twin.Data, tensor.Data) {
			s.fail("%s and %s differ, but the configuration ties them; set tie_word_embeddings to false", tensor.Name, twin.Name)
		}
		if !ok {
			tensor, ok = twin, true
		}
	}
	if !ok {
		s.fail("tensor %s is missing; is this the file of another model or configuration?", param.Name)
		return tensor, false
	}
	if shape := param.fileShape(); !slices.Equal(tensor.Shape, shape) {
		s.fail("tensor %s has shape %v, the configuration wants %v", tensor.Name, tensor.Shape, shape)
		return tensor, false
	}
	if !slices.Contains([]safetensors.DType{safetensors.F32, safetensors.F16, safetensors.BF16, safetensors.F64}, tensor.DType) {
		s.fail("tensor %s has type %s; weights are read from F32, F16, BF16 and F64", tensor.Name, tensor.DType)
		return tensor, false
	}
	return tensor, true
}

// values returns the file's numbers for a parameter as a new float32 tensor in the memory's layout, or nil.
func (s *stored) values(param Param) *torch.Tensor {
	tensor, ok := s.find(param)
	if !ok {
		return nil
	}
	numbers, err := tensor.Float32s()
	if err != nil {
		s.fail("tensor %s: %w", tensor.Name, err)
		return nil
	}
	return param.fileLayout(torch.FromFloat32(numbers, param.fileShape()...))
}

// tensor is values as a trainable parameter.
func (s *stored) tensor(param Param, _ initial) (t *torch.Tensor) {
	torch.Scope(func() {
		if t = s.values(param); t != nil {
			t.Keep().SetRequiresGrad(true)
		}
	})
	return t
}

// problem returns the first error of all finds, or else names the tensors that no parameter of p asked for.
func (s *stored) problem(p *Params) error {
	if s.err != nil {
		return s.err
	}
	var extra []string
	for name, tensor := range s.byName {
		if !s.used[name] {
			extra = append(extra, tensor.Name)
		}
	}
	if len(extra) == 0 {
		return nil
	}
	slices.Sort(extra)
	more := ""
	if len(extra) > 1 {
		more = fmt.Sprintf(" and %d more", len(extra)-1)
	}
	return fmt.Errorf("%s: tensor %s%s belongs to no weight of the model (it has %d); is this the file of another model or configuration?",
		s.path, extra[0], more, p.Len())
}
