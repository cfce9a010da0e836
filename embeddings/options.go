package embeddings

// Format is a kind of vector file, by its name in `cloze export --format`.
type Format string

// The formats that are read and written.
const (
	// Word2Vec is text: a line "N D", then a line a word: the word, D numbers, blanks between.
	Word2Vec Format = "word2vec"
	// Word2VecBinary is a line "N D", then a word: its bytes, a blank, D
	// little-endian float32, a newline.
	Word2VecBinary Format = "word2vec-bin"
	// GloVe is Word2Vec without the first line.
	GloVe Format = "glove"
	// FastTextVec is what fastText calls .vec. It is written as Word2Vec.
	FastTextVec Format = "fasttext-vec"
	// FastText is the original's model (.bin; .ftz where quantised): the words'
	// vectors, and what unknown words' vectors are composed of. It is written
	// without sub-words.
	FastText Format = "fasttext"
	// Safetensors is one file with the tensors `embeddings` [N,D], `words` (all
	// words' bytes joined, U8) and `word_offsets` (I64 [N+1]).
	Safetensors Format = "safetensors"
	// Cloze is our own store, used as it lies on the disk: see [Vectors.WriteStore].
	Cloze Format = "cloze"
)

// The formats that are read only.
const (
	// Model2Vec is a folder with model.safetensors and tokenizer.json: the vectors
	// of the tokenizer's tokens. Texts are composed of them.
	Model2Vec Format = "model2vec"
	// Finalfusion is that library's file (.fifu), quantised or not.
	Finalfusion Format = "finalfusion"
)

// Formats are all formats that [Vectors.Write] knows.
func Formats() []Format {
	return []Format{Word2Vec, Word2VecBinary, GloVe, FastTextVec, FastText, Safetensors, Cloze}
}

// Options say how a file is read. The zero value is right for most files.
type Options struct {
	// Format, where set, is believed instead of the content.
	Format Format
	// Strict refuses what would otherwise be mended and reported.
	Strict bool
	// Threads is the number of parsers at work; 0 = all cores.
	Threads int
}

// Open reads the vector file at path with the zero Options.
func Open(path string) (*Vectors, error) { return Options{}.Open(path) }
