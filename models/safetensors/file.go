package safetensors

import (
	"errors"
	"io"
	"os"
)

// Tensor is one tensor of an open file.
type Tensor struct {
	Name  string
	DType DType
	Shape []int64 // empty for a 0-dimensional tensor
	// Data is the tensor's bytes, little-endian, row-major, exactly as long as
	// shape and type say. It is a view of the mapped file: read-only, and not to
	// be touched after File.Close.
	Data []byte
}

// File is an open safetensors file. All methods but Close may be called by
// several goroutines at once.
type File struct {
	path     string
	tensors  []Tensor // in the order of their bytes in the file
	index    map[string]int
	metadata map[string]string
	unmap    func() error
}

// remedyAgain ends the messages about files that were cut or damaged on their way.
const remedyAgain = "fetch or write the file again"

// Open maps the file at path and checks it completely; a damaged file gives an
// *Error and no tensor. Close it when no view is used any more. The file must
// not be cut while it is open (replacing it by renaming is safe).
func Open(path string) (*File, error) {
	data, unmap, err := mapFile(path)
	if err != nil {
		return nil, &Error{File: path, Cause: "cannot be read", Err: cutPath(err), Remedy: "name an existing safetensors file"}
	}
	f, err := Parse(path, data)
	if err != nil {
		_ = unmap() // the parse error is the one to tell
		return nil, err
	}
	f.unmap = unmap
	return f, nil
}

// Parse is Open for a file that is in memory; name is used in messages. The
// tensors are views of data.
func Parse(name string, data []byte) (*File, error) {
	h, err := parseHeader(name, data)
	if err != nil {
		return nil, err
	}
	f := &File{path: name, metadata: h.metadata, tensors: h.tensors, index: make(map[string]int, len(h.tensors))}
	for i, t := range h.tensors {
		f.index[t.Name] = i
	}
	return f, nil
}

// Path is the name that the file was opened by.
func (f *File) Path() string { return f.path }

// Len is the number of tensors.
func (f *File) Len() int { return len(f.tensors) }

// Tensors are all tensors in the order of their bytes. The slice is the file's
// own; do not change it.
func (f *File) Tensors() []Tensor { return f.tensors }

// Names are the tensors' names in the order of their bytes.
func (f *File) Names() []string {
	names := make([]string, len(f.tensors))
	for i, t := range f.tensors {
		names[i] = t.Name
	}
	return names
}

// Tensor returns the tensor of that name.
func (f *File) Tensor(name string) (Tensor, bool) {
	i, ok := f.index[name]
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}

// Metadata is the file's `__metadata__`, never nil. The map is the file's own.
func (f *File) Metadata() map[string]string { return f.metadata }

// Close gives the mapping back. Every Data that the file handed out is invalid
// afterwards. A second call does nothing.
func (f *File) Close() error {
	unmap := f.unmap
	f.unmap = nil
	f.tensors, f.index = nil, nil
	if unmap == nil {
		return nil
	}
	return unmap()
}

// openPlain opens a plain file. Anything else is refused before it is opened:
// a pipe would block and a device may never end.
func openPlain(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if info.IsDir() {
		return nil, 0, errors.New("it is a folder")
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("it is not a plain file")
	}
	file, err := os.Open(path)
	return file, info.Size(), err
}

// readWhole is the way without memory mapping.
func readWhole(file *os.File) ([]byte, func() error, error) {
	data, err := io.ReadAll(file)
	return data, func() error { return nil }, err
}

// cutPath takes the path out of a *fs.PathError: the message has it already.
func cutPath(err error) error {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err
	}
	return err
}
