package ngram

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-cloze/cloze/embeddings/fasttext"
	"github.com/go-cloze/cloze/models/safetensors"
)

// The tensors of a file. Only features that occurred are in it, and twins once: of millions of buckets a small text fills few.
const (
	rowsTensor     = "rows"     // [G,D] float32
	outputTensor   = "output"   // [C,D] float32
	featuresTensor = "features" // [F] int32: rows of the original's input matrix that occurred
	groupsTensor   = "groups"   // [F] int32: which of rows each is
	wordsTensor    = "words"    // bytes, a line feed after each word
	countsTensor   = "counts"   // [V+C] int64: of words, then of labels
	header         = "ngram"    // metadata key
)

// saved is what the file's metadata holds.
type saved struct {
	Version int           `json:"version"`
	Args    fasttext.Args `json:"args"`
	Labels  []string      `json:"labels"`
}

// Write writes a model that Train made to path, whole or not at all.
func Write(path string, m *fasttext.Model) error {
	s := saved{Version: 1, Args: m.Args}
	var words strings.Builder
	var counts, features, groups []byte
	for _, w := range m.Dictionary.Words {
		words.WriteString(w.Word + "\n")
		counts = binary.LittleEndian.AppendUint64(counts, uint64(w.Count))
	}
	for _, l := range m.Dictionary.Labels {
		s.Labels = append(s.Labels, l.Word)
		counts = binary.LittleEndian.AppendUint64(counts, uint64(l.Count))
	}
	for f, g := range m.Input.Index {
		if g >= 0 {
			features = binary.LittleEndian.AppendUint32(features, uint32(f))
			groups = binary.LittleEndian.AppendUint32(groups, uint32(g))
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	d, n := int64(m.Args.Dim), int64(len(features)/4)
	return safetensors.Write(path, []safetensors.Source{
		safetensors.Float32Source(rowsTensor, m.Input.Data, int64(len(m.Input.Data))/d, d),
		safetensors.Float32Source(outputTensor, m.Output.Data, int64(m.Output.Rows), d),
		{Name: featuresTensor, DType: safetensors.I32, Shape: []int64{n}, Data: features},
		{Name: groupsTensor, DType: safetensors.I32, Shape: []int64{n}, Data: groups},
		{Name: wordsTensor, DType: safetensors.U8, Shape: []int64{int64(words.Len())}, Data: []byte(words.String())},
		{Name: countsTensor, DType: safetensors.I64, Shape: []int64{int64(len(counts) / 8)}, Data: counts},
	}, map[string]string{header: string(text)})
}

// Open reads a file that Write wrote.
func Open(path string) (*fasttext.Model, error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: not a classifier of n-grams that this program can read: %w; train it again", path, err)
	}
	return m, nil
}

// read checks all that a step of asking relies on.
func read(f *safetensors.File) (*fasttext.Model, error) {
	var s saved
	if err := json.Unmarshal([]byte(f.Metadata()[header]), &s); err != nil {
		return nil, fmt.Errorf("its metadata: %w", err)
	}
	if s.Version != 1 {
		return nil, fmt.Errorf("it has version %d, known is 1", s.Version)
	}
	if err := s.Args.Validate(); err != nil {
		return nil, err
	}
	if s.Args.Bucket > maxBucket || s.Args.Model != fasttext.Supervised {
		return nil, fmt.Errorf("it is a %v model of %d buckets", s.Args.Model, s.Args.Bucket)
	}
	data := map[string][]byte{}
	for name, dtype := range map[string]safetensors.DType{rowsTensor: safetensors.F32, outputTensor: safetensors.F32, featuresTensor: safetensors.I32,
		groupsTensor: safetensors.I32, wordsTensor: safetensors.U8, countsTensor: safetensors.I64} {
		t, ok := f.Tensor(name)
		if !ok || t.DType != dtype {
			return nil, fmt.Errorf("it has no tensor %q of type %s", name, dtype)
		}
		data[name] = t.Data
	}
	dict, err := s.dictionary(string(data[wordsTensor]), data[countsTensor])
	if err != nil {
		return nil, err
	}
	rows, _ := f.Tensor(rowsTensor)
	output, _ := f.Tensor(outputTensor)
	m := &fasttext.Model{Args: s.Args, Dictionary: dict}
	d, groups, labels := int(s.Args.Dim), 0, len(s.Labels)
	if len(rows.Shape) == 2 && rows.Shape[1] == int64(d) {
		groups = int(rows.Shape[0])
	}
	if groups == 0 || output.NumEl() != int64(labels*d) || labels == 0 {
		return nil, fmt.Errorf("rows of %v and an output of %v for %d labels of dimension %d", rows.Shape, output.Shape, labels, d)
	}
	m.Input = &fasttext.Matrix{Rows: len(dict.Words) + int(s.Args.Bucket), Cols: d}
	m.Output = &fasttext.Matrix{Rows: labels, Cols: d}
	if m.Input.Index, err = index(data[featuresTensor], data[groupsTensor], m.Input.Rows, groups); err != nil {
		return nil, err
	}
	if m.Input.Data, err = rows.Float32s(); err != nil {
		return nil, err
	}
	m.Output.Data, err = output.Float32s()
	return m, err
}

func (s saved) dictionary(joined string, counts []byte) (*fasttext.Dictionary, error) {
	words := strings.Split(strings.TrimSuffix(joined, "\n"), "\n")
	if len(counts) != 8*(len(words)+len(s.Labels)) {
		return nil, fmt.Errorf("%d counts for %d words and %d labels", len(counts)/8, len(words), len(s.Labels))
	}
	entries := make([]fasttext.Entry, 0, len(words)+len(s.Labels))
	for i, w := range append(words, s.Labels...) {
		entries = append(entries, fasttext.Entry{Word: w, Count: int64(binary.LittleEndian.Uint64(counts[8*i:]))})
	}
	return fasttext.NewDictionary(entries[:len(words):len(words)], entries[len(words):])
}

// index spreads the features that occurred over all rows of the original's matrix.
func index(features, groups []byte, rows, n int) ([]int32, error) {
	if len(features) != len(groups) {
		return nil, fmt.Errorf("%d features and %d groups", len(features)/4, len(groups)/4)
	}
	out := make([]int32, rows)
	for i := range out {
		out[i] = -1
	}
	for i := 0; i < len(features); i += 4 {
		f, g := binary.LittleEndian.Uint32(features[i:]), binary.LittleEndian.Uint32(groups[i:])
		if int64(f) >= int64(rows) || int64(g) >= int64(n) {
			return nil, fmt.Errorf("feature %d of %d has row %d of %d", f, rows, g, n)
		}
		out[f] = int32(g)
	}
	return out, nil
}
