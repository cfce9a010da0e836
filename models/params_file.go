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
		own, err := param.sources()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		sources = append(sources, own...)
	}
	return writeSources(path, sources)
}

// CopyTo is Save in two halves, so that training need not wait for a disk: it copies the parameters into buffer, and EncodeWeights may write what
// it returned on any goroutine. buffer is made larger where it is too short, and returned with the sources, which are views of it. Run it inside
// torch.Do.
func (p *Params) CopyTo(buffer []byte) (sources []safetensors.Source, grown []byte, err error) {
	var size int64
	for _, param := range p.list {
		own, err := param.sources()
		if err != nil {
			return nil, buffer, err
		}
		sources = append(sources, own...)
		size += shapeNumEl(param.Shape) * int64(param.Weights().DType().Size())
	}
	if int64(len(buffer)) < size {
		buffer = make([]byte, size)
	}
	rest, i := buffer, 0
	torch.NoGrad(func() {
		for _, param := range p.list {
			for _, part := range param.files() {
				n := shapeNumEl(part.shape) * int64(param.Weights().DType().Size())
				sources[i].Stream, sources[i].Data = nil, rest[:n:n]
				torch.Scope(func() { part.of(param.Weights()).CopyToBytes(sources[i].Data) })
				rest, i = rest[n:], i+1
			}
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

// filePart is a tensor that files hold of a parameter: all of it, or one of its blocks of rows.
type filePart struct {
	name  string
	shape []int64
	of    func(*torch.Tensor) *torch.Tensor // takes it from the parameter's tensor
}

// files are the tensors that files hold of the parameter.
func (p Param) files() []filePart {
	if p.stacked == nil {
		return []filePart{{p.Name, p.fileShape(), p.fileLayout}}
	}
	parts := make([]filePart, len(p.stacked))
	rows := p.Shape[0] / int64(len(parts))
	for i, name := range p.stacked {
		of := func(t *torch.Tensor) *torch.Tensor { return t.Narrow(0, int64(i)*rows, rows) }
		parts[i] = filePart{name, append([]int64{rows}, p.Shape[1:]...), of}
	}
	return parts
}

// sources are the parameter as a file holds it; their bytes are made when their turn comes.
func (p Param) sources() (sources []safetensors.Source, err error) {
	weights := p.Weights()
	dtype, ok := fileDTypes[weights.DType()]
	if !ok {
		return nil, fmt.Errorf("%s has type %v, which model files do not hold; convert it to float32 first", p.Name, weights.DType())
	}
	for _, part := range p.files() {
		sources = append(sources, safetensors.Source{Name: part.name, DType: dtype, Shape: part.shape, Stream: func(w io.Writer) (err error) {
			torch.Scope(func() { torch.NoGrad(func() { _, err = w.Write(part.of(weights).Bytes()) }) })
			return err
		}})
	}
	return sources, nil
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
		for _, part := range param.files() {
			from.find(part)
		}
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

// find returns the file's tensor for a parameter or a part of it and checks its shape. Of a tied weight a file may hold
// either name, or both with the same bytes.
func (s *stored) find(part filePart) (safetensors.Tensor, bool) {
	tensor, ok := s.byName[part.name]
	s.used[part.name] = true
	for other, name := range s.ties {
		twin, exists := s.byName[other]
		if name != part.name || !exists {
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
		s.fail("tensor %s is missing; is this the file of another model or configuration?", part.name)
		return tensor, false
	}
	if !slices.Equal(tensor.Shape, part.shape) {
		s.fail("tensor %s has shape %v, the configuration wants %v", tensor.Name, tensor.Shape, part.shape)
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
	var all []float32
	for _, part := range param.files() {
		tensor, ok := s.find(part)
		if !ok {
			return nil
		}
		numbers, err := tensor.Float32s()
		if err != nil {
			s.fail("tensor %s: %w", tensor.Name, err)
			return nil
		}
		if all == nil {
			all = numbers
		} else {
			all = append(all[:len(all):len(all)], numbers...) // numbers may be the file itself
		}
	}
	return param.fileLayout(torch.FromFloat32(all, param.fileShape()...)) // blocks of rows follow one another
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
