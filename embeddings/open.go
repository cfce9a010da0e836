package embeddings

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
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

// Open reads the vector file at path: word2vec text or binary, GloVe and
// fastText text, safetensors as [Safetensors] says, each but the last also
// compressed with gzip. What it is is told by its content. A file that is
// something else, or damaged, gives an *Error.
func (o Options) Open(path string) (*Vectors, error) {
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	file, size, err := openPlain(path)
	if err != nil {
		return nil, &Error{File: path, Cause: "cannot be read", Err: cutPath(err), Remedy: "name an existing vector file"}
	}
	defer file.Close()
	in := &input{Options: o, path: path, size: size, body: file}
	if err := in.readHead(); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(in.head, []byte("\x1f\x8b\x08")) {
		if err := in.gunzip(); err != nil {
			return nil, err
		}
	}
	return in.read()
}

// Read is Options.Open for a stream; name is used in messages.
func (o Options) Read(name string, r io.Reader) (*Vectors, error) {
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	in := &input{Options: o, path: name, size: -1, body: r}
	if err := in.readHead(); err != nil {
		return nil, err
	}
	return in.read()
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
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		return &Error{File: in.path, Cause: "the compressed data is damaged or ends early", Err: err, Remedy: remedyAgain}
	}
	return &Error{File: in.path, Cause: "reading failed", Err: cutPath(err), Remedy: "check the disk and the file's rights"}
}

const remedyAgain = "fetch or write the file again"

// read hands the file to the parser of its format.
func (in *input) read() (*Vectors, error) {
	lay, isText := in.layout()
	format := in.Format
	if format == "" {
		format = in.sniff(lay, isText)
	}
	switch format {
	case Word2VecBinary:
		return in.readBinary()
	case Safetensors:
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

// sniff tells the format, "" for something else. Text is tried first: any other
// format's mark could be a word in the first line of a text file.
func (in *input) sniff(lay layout, isText bool) Format {
	if n := len(in.head); n > 8 && in.head[8] == '{' && in.size > 8 && binary.LittleEndian.Uint64(in.head) <= uint64(in.size-8) {
		return Safetensors
	}
	if lay.hasHeader && in.looksBinary(lay, isText) {
		return Word2VecBinary
	}
	switch {
	case !isText:
		return ""
	case !lay.hasHeader:
		return GloVe
	}
	return Word2Vec
}

// looksBinary tells word2vec binary from text: both start with "N D".
func (in *input) looksBinary(lay layout, isText bool) bool {
	rest := in.head[lay.start:]
	if isText {
		// Four bytes of a float could spell a number. Only a file that says so
		// by its name, too, and fits to the byte, is then taken for binary.
		return strings.EqualFold(filepath.Ext(in.path), ".bin") && in.fitsBinary(lay)
	}
	for _, c := range rest[:min(len(rest), 1<<16)] {
		if c < '\t' || c > '\r' && c < ' ' {
			return true // control characters: numbers, not text
		}
	}
	return in.fitsBinary(lay)
}

// fitsBinary walks a small file's words and says whether they end where it ends.
func (in *input) fitsBinary(lay layout) bool {
	rest := in.head[lay.start:]
	for range lay.words {
		rest = bytes.TrimLeft(rest, "\n")
		blank := bytes.IndexByte(rest, ' ')
		if blank < 0 || int64(len(rest)-blank-1) < 4*lay.headerDim {
			return false
		}
		rest = rest[blank+1+4*int(lay.headerDim):]
	}
	return in.headIsAll && len(bytes.TrimLeft(rest, "\n")) == 0
}

// refuse says what the file is instead.
func (in *input) refuse(lay layout) error {
	fail := func(cause, remedy string) error { return &Error{File: in.path, Cause: cause, Remedy: remedy} }
	if len(in.head) == 0 {
		return fail("the file is empty", "give a vector file")
	}
	for _, f := range otherFormats {
		if bytes.HasPrefix(bytes.TrimLeft(in.head[:min(len(in.head), 512)], f.skip), []byte(f.magic)) {
			return fail("this is "+f.name+", not a vector file that can be read here", f.remedy)
		}
	}
	if oldFastText(in.head) {
		return fail("this looks like a fastText model of an old version", remedyFastText)
	}
	if lay.hasHeader && lay.rows == 0 {
		return fail("a header line and nothing after it", remedyAgain)
	}
	return &Error{File: in.path, Unit: "line", Number: 1, Cause: lay.complaint, Remedy: "give word2vec, GloVe or fastText text, word2vec binary or safetensors"}
}

const remedyFastText = "fastText models are supported by a later version; until then save its .vec file"

// otherFormats are the files that people take for vectors.
var otherFormats = []struct{ magic, skip, name, remedy string }{
	{"PK\x03\x04", "", "a zip archive", "unpack it and give the file inside"},
	{"\xba\x16\x4f\x2f", "", "a fastText model", remedyFastText}, // 793712314
	{"FiFu", "", "a finalfusion file", "finalfusion is supported by a later version; convert it to word2vec with finalfusion's own tool"},
	{"\x80\x02", "", "a Python pickle", remedyPickle}, {"\x80\x03", "", "a Python pickle", remedyPickle},
	{"\x80\x04", "", "a Python pickle", remedyPickle}, {"\x80\x05", "", "a Python pickle", remedyPickle},
	{"\x93NUMPY", "", "a NumPy array", "it has no words: write them with the vectors as word2vec text"},
	{"\x28\xb5\x2f\xfd", "", "zstd data", "unpack it with zstd -d"}, {"BZh", "", "bzip2 data", "unpack it with bunzip2"},
	{"\xfd7zXZ", "", "xz data", "unpack it with unxz"}, {"\x1f\x8b", "", "gzip inside gzip", "unpack it with gunzip"},
	{"PAR1", "", "a parquet file", "write it as word2vec text"}, {"\x89HDF", "", "an HDF5 file", "write it as word2vec text"},
	{"GGUF", "", "a GGUF model", "give exported vectors"}, {"\x7fELF", "", "a program", "give a vector file"},
	{"version https://git-lfs", "", "a Git LFS pointer (the real file was not fetched)", "run git lfs pull"},
	{"<!DOCTYPE", " \t\r\n\ufeff", "an HTML page", "the download went wrong: fetch the file itself"}, {"<!doctype", " \t\r\n\ufeff", "an HTML page", "the download went wrong: fetch the file itself"},
	{"<html", " \t\r\n\ufeff", "an HTML page", "the download went wrong: fetch the file itself"}, {"<?xml", " \t\r\n\ufeff", "XML", "give a vector file"},
	{"{", " \t\r\n\ufeff", "JSON", "give a vector file"}, {"[", " \t\r\n\ufeff", "JSON", "give a vector file"},
}

const remedyPickle = `convert it: python -c "import gensim,sys; m=gensim.utils.SaveLoad.load(sys.argv[1]); getattr(m,'wv',m).save_word2vec_format('vectors.txt')" FILE`

// oldFastText recognises the parameters that a fastText model without a magic
// number starts with: twelve small int32 (dim, ws, epoch, minCount, neg, ...).
func oldFastText(head []byte) bool {
	if len(head) < 56 {
		return false
	}
	for i := range 12 {
		if n := binary.LittleEndian.Uint32(head[4*i:]); n > 1<<24 || i < 3 && n == 0 {
			return false
		}
	}
	return true
}

// readSafetensors goes by the path: the file is mapped, not streamed.
func (in *input) readSafetensors() (*Vectors, error) {
	if in.size < 0 {
		return nil, &Error{File: in.path, Cause: "safetensors inside gzip, or from a stream", Remedy: "unpack it to a file"}
	}
	f, err := safetensors.Open(in.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return fromTensors(f)
}
