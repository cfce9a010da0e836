package safetensors

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"unicode/utf8"
)

// Source is one tensor to be written.
type Source struct {
	Name  string
	DType DType
	Shape []int64
	// Data is the tensor's bytes, little-endian, row-major. Where making them
	// costs memory, leave it nil and give Stream, which is called once, when the
	// tensor's turn has come, and writes them.
	Data   []byte
	Stream func(w io.Writer) error
}

// Write writes the tensors to path: aside in the same folder, synced to the
// disk, then renamed, so that path holds either the old or the new file whole.
// Tensors are laid out as the reference does it (by type, wide ones first, then
// by name), whatever their order here. metadata may be nil; its keys are sorted
// (the reference keeps no order for them).
func Write(path string, tensors []Source, metadata map[string]string) (err error) {
	ordered, head, err := layout(path, tensors, metadata)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return writeError(path, err)
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	w := bufio.NewWriterSize(file, 1<<20)
	if err := writeBody(w, path, head, ordered); err != nil {
		return err
	}
	for _, step := range []func() error{
		w.Flush,
		func() error { return file.Chmod(0o644) }, // CreateTemp's 0600 is for secrets
		file.Sync, file.Close,
		func() error { return os.Rename(file.Name(), path) },
	} {
		if err := step(); err != nil {
			return writeError(path, err)
		}
	}
	return syncFolder(path)
}

// Encode writes the same bytes to w.
func Encode(w io.Writer, tensors []Source, metadata map[string]string) error {
	const name = "safetensors"
	ordered, head, err := layout(name, tensors, metadata)
	if err != nil {
		return err
	}
	return writeBody(w, name, head, ordered)
}

func writeError(path string, err error) error {
	return &Error{File: path, Cause: "cannot be written", Err: cutPath(err), Remedy: "check the folder, its rights and the free space"}
}

// syncFolder makes the rename last through a power cut. Some file systems
// cannot sync a folder; the file itself is safe by then.
func syncFolder(path string) error {
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
	return nil
}

// layout orders and checks the tensors and makes the first bytes of the file:
// length, JSON, blanks up to a multiple of 8.
func layout(path string, tensors []Source, metadata map[string]string) ([]Source, []byte, error) {
	ordered := append([]Source(nil), tensors...)
	sort.SliceStable(ordered, func(i, j int) bool {
		a, b := ordered[i], ordered[j]
		if a.DType != b.DType {
			return dtypes[a.DType].rank > dtypes[b.DType].rank
		}
		return a.Name < b.Name
	})
	var head bytes.Buffer
	head.Write(make([]byte, prefixBytes))
	head.WriteByte('{')
	if len(metadata) > 0 {
		writeMetadata(&head, metadata)
	}
	at, seen := int64(0), map[string]bool{}
	for _, t := range ordered {
		size, ok := span(t.DType, t.Shape)
		switch {
		case t.Name == metadataKey, seen[t.Name], !utf8.ValidString(t.Name):
			return nil, nil, &Error{File: path, Tensor: t.Name, Cause: "the name is given twice, reserved, or not UTF-8", Remedy: "rename the tensor"}
		case !ok || at+size < at:
			return nil, nil, &Error{File: path, Tensor: t.Name, Cause: fmt.Sprintf("shape %v of %q cannot be stored", t.Shape, t.DType), Remedy: "give a dtype of the format and sides from 0"}
		}
		seen[t.Name] = true
		if head.Len() > prefixBytes+1 {
			head.WriteByte(',')
		}
		writeEntry(&head, t, at, at+size)
		at += size
	}
	head.WriteByte('}')
	for head.Len()%8 != 0 {
		head.WriteByte(' ')
	}
	n := head.Len() - prefixBytes
	if n > maxHeaderBytes {
		return nil, nil, &Error{File: path, Cause: fmt.Sprintf("the header takes %d bytes, the format allows %d", n, maxHeaderBytes), Remedy: "write fewer tensors to a file, or less metadata"}
	}
	binary.LittleEndian.PutUint64(head.Bytes(), uint64(n))
	return ordered, head.Bytes(), nil
}

func writeMetadata(head *bytes.Buffer, metadata map[string]string) {
	keys := make([]string, 0, len(metadata))
	for k := range metadata {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	head.WriteString(`"` + metadataKey + `":{`)
	for i, k := range keys {
		if i > 0 {
			head.WriteByte(',')
		}
		writeString(head, k)
		head.WriteByte(':')
		writeString(head, metadata[k])
	}
	head.WriteByte('}')
}

func writeEntry(head *bytes.Buffer, t Source, begin, end int64) {
	writeString(head, t.Name)
	head.WriteString(`:{"dtype":"` + string(t.DType) + `","shape":[`)
	for i, side := range t.Shape {
		if i > 0 {
			head.WriteByte(',')
		}
		head.WriteString(strconv.FormatInt(side, 10))
	}
	fmt.Fprintf(head, `],"data_offsets":[%d,%d]}`, begin, end)
}

// writeString writes a JSON string as the reference does: nothing escaped that
// need not be (encoding/json escapes U+2028 and writes \u0008 for \b).
func writeString(head *bytes.Buffer, s string) {
	head.WriteByte('"')
	for _, r := range s { // bytes that are not UTF-8 become U+FFFD
		switch {
		case r == '"' || r == '\\':
			head.WriteByte('\\')
			head.WriteRune(r)
		case r >= ' ':
			head.WriteRune(r)
		case r == '\b':
			head.WriteString(`\b`)
		case r == '\f':
			head.WriteString(`\f`)
		default:
			escaped, _ := json.Marshal(string(r)) // \n \r \t and \u00xx
			head.Write(escaped[1 : len(escaped)-1])
		}
	}
	head.WriteByte('"')
}

// writeBody streams header and tensors, one tensor's bytes at a time.
func writeBody(w io.Writer, path string, head []byte, ordered []Source) error {
	if _, err := w.Write(head); err != nil {
		return writeError(path, err)
	}
	for _, t := range ordered {
		body := counted{w: w}
		if t.Data == nil && t.Stream != nil {
			if err := t.Stream(&body); err != nil && body.err == nil {
				return &Error{File: path, Tensor: t.Name, Cause: "its bytes could not be made", Err: err}
			}
		} else {
			body.Write(t.Data)
		}
		if body.err != nil {
			return writeError(path, body.err)
		}
		if size, _ := span(t.DType, t.Shape); size != body.n {
			return &Error{File: path, Tensor: t.Name, Cause: fmt.Sprintf("shape %v of %s takes %d bytes, %d were given", t.Shape, t.DType, size, body.n), Remedy: "give the tensor's own shape"}
		}
	}
	return nil
}

// counted counts what it passes on, and keeps the error of what it writes to
// apart from those of who writes.
type counted struct {
	w   io.Writer
	n   int64
	err error
}

func (c *counted) Write(data []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(data)
	c.n, c.err = c.n+int64(n), err
	return n, err
}
