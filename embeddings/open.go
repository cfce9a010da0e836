package embeddings

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/go-cloze/cloze/models/safetensors"
)

// headBytes is how much of a file is looked at to tell what it is: enough for
// some hundred lines of the widest vectors.
const headBytes = 1 << 20

// input is a file that is being read.
type input struct {
	Options
	path string
	size int64 // of the plain file; -1 where it is compressed
	head []byte
	// body is the whole file from its first byte, head included.
	body io.Reader
	// headIsAll says that head ends where the file ends.
	headIsAll bool
}

// Open reads the vector file at path, of any of the [Formats]. What it is is told
// by its content; a model2vec model is its folder or the safetensors file in it.
// All but safetensors and .cloze may be compressed with gzip or be
// in a zip archive: path is the archive if it holds one file, else it goes on with
// the member's name, as if the archive were a folder. A file that is something
// else, or damaged, gives an *Error.
func (o Options) Open(path string) (*Vectors, error) {
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	if isModel2Vec(path) {
		path = filepath.Join(path, model2vecRows)
	}
	file, size, err := openPlain(path)
	if err != nil {
		if v, err, ok := o.openMember(path); ok {
			return v, err
		}
		return nil, &Error{File: path, Cause: "cannot be read", Err: cutPath(err), Remedy: "name an existing vector file"}
	}
	defer file.Close()
	if (o.Format == "" || o.Format == Cloze) && isStore(file) {
		return o.openStore(path, file, size)
	}
	if archive := asZip(file, size); archive != nil {
		return o.openArchive(archive, path, "")
	}
	in := &input{Options: o, path: path, size: size, body: file}
	return in.read()
}

// Read is Options.Open for a stream; name is used in messages.
func (o Options) Read(name string, r io.Reader) (*Vectors, error) {
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	return (&input{Options: o, path: name, size: -1, body: r}).read()
}

// openPlain refuses what is no plain file before opening it: a pipe would block
// and a device may never end.
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

// readHead takes the first bytes and puts them back in front of the rest.
func (in *input) readHead() error {
	head := make([]byte, headBytes)
	n, err := readFull(in.body, head)
	if err != nil && err != io.EOF {
		return in.readError(err)
	}
	in.head, in.headIsAll = head[:n], err == io.EOF
	rest := in.body
	if in.headIsAll {
		rest = strings.NewReader("")
	}
	in.body = io.MultiReader(bytes.NewReader(in.head), rest)
	return nil
}

// readFull fills b and says io.EOF where the input ends before. io.ReadFull
// gives io.ErrUnexpectedEOF for that, which is also what a cut compressed
// stream says of itself.
func readFull(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var got int
		got, err = r.Read(b[n:])
		n += got
	}
	if n == len(b) {
		err = nil // comes again with the next read
	}
	return n, err
}

func (in *input) gunzip() error {
	z, err := gzip.NewReader(bufio.NewReaderSize(in.body, 1<<16))
	if err != nil {
		return in.readError(err)
	}
	in.body, in.size = z, -1
	return in.readHead()
}

// readError tells a file cut short from a disk that fails.
func (in *input) readError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) ||
		errors.Is(err, zip.ErrChecksum) || errors.As(err, new(flate.CorruptInputError)) {
		return &Error{File: in.path, Cause: "the compressed data is damaged or ends early", Err: err, Remedy: remedyAgain}
	}
	return &Error{File: in.path, Cause: "reading failed", Err: cutPath(err), Remedy: "check the disk and the file's rights"}
}

const remedyAgain = "fetch or write the file again"

// read hands the file to the parser of its format.
func (in *input) read() (*Vectors, error) {
	if err := in.readHead(); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(in.head, []byte("\x1f\x8b\x08")) {
		if err := in.gunzip(); err != nil {
			return nil, err
		}
	}
	if in.Format == Cloze || in.Format == "" && bytes.HasPrefix(in.head, []byte(storeMagic)) {
		return in.readStore()
	}
	lay, isText := in.layout()
	format := in.Format
	if format == "" {
		format = in.sniff(lay, isText)
	}
	switch format {
	case Word2VecBinary:
		return in.readBinary()
	case FastText:
		return in.readFastText()
	case Finalfusion:
		return in.readFinalfusion()
	case Safetensors, Model2Vec:
		return in.readSafetensors()
	case Word2Vec, GloVe, FastTextVec:
		return in.readText(lay)
	case "":
		return nil, in.refuse(lay)
	}
	return nil, &Error{File: in.path, Cause: "unknown format " + quote(string(in.Format)), Remedy: "leave it out, or give one of " + formatNames()}
}

func formatNames() string {
	var names []string
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// readSafetensors goes by the path: the file is mapped, not streamed.
func (in *input) readSafetensors() (*Vectors, error) {
	if in.size < 0 {
		return nil, &Error{File: in.path, Cause: "safetensors inside gzip or zip, or from a stream", Remedy: "unpack it to a file"}
	}
	f, err := safetensors.Open(in.path)
	if err != nil {
		return nil, err
	}
	v, err := fromTensors(f)
	mapped := false
	if err == nil {
		mapped, err = v.composeFrom(f)
	}
	if mapped {
		v.close = f.Close
		return v, nil
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}
