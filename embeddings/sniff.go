package embeddings

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strings"
)

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
	case !isText, lay.first.numbers == 0 && lay.rows > 0 && (in.marked() != "" || in.other() != nil):
		return in.marked()
	case !lay.hasHeader:
		return GloVe
	}
	return Word2Vec
}

// marked tells the formats that begin with a mark of their own.
func (in *input) marked() Format {
	if bytes.HasPrefix(in.head, []byte(markFastText)) || oldFastText(in.head) {
		return FastText
	}
	if bytes.HasPrefix(in.head, []byte(markFinalfusion)) {
		return Finalfusion
	}
	return ""
}

const markFastText = "\xba\x16\x4f\x2f" // 793712314

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
	if err := in.other(); err != nil {
		return err
	}
	if lay.hasHeader && lay.rows == 0 {
		return fail("a header line and nothing after it", remedyAgain)
	}
	return &Error{File: in.path, Unit: "line", Number: 1, Cause: lay.complaint, Remedy: "give word2vec, GloVe or fastText text, word2vec binary or safetensors"}
}

// other says what the file is when it is something else that is known.
func (in *input) other() error {
	start := in.head[:min(len(in.head), 512)]
	for _, f := range otherFormats {
		if bytes.HasPrefix(bytes.TrimLeft(start, f.skip), []byte(f.magic)) {
			return &Error{File: in.path, Cause: "this is " + f.name + ", not a vector file that can be read here", Remedy: f.remedy}
		}
	}
	return nil
}

// otherFormats are the files that people take for vectors.
var otherFormats = []struct{ magic, skip, name, remedy string }{
	{markZip, "", "a zip archive that is damaged, cut short, or inside something else", "fetch it again, or unpack it and give the file inside"},
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
