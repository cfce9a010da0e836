package embeddings

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/tokenize"
)

// The files of a model2vec folder.
const (
	model2vecRows   = "model.safetensors"
	model2vecTokens = "tokenizer.json"
)

// isModel2Vec tells such a folder.
func isModel2Vec(folder string) bool {
	for _, name := range []string{model2vecRows, model2vecTokens} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

// fromModel2Vec takes the words from the tokenizer beside the file: row i is token
// i. Where the vocabulary is quantised, token i is row mapping[i] times weights[i].
func fromModel2Vec(f *safetensors.File, table safetensors.Tensor) (*Vectors, error) {
	fail := func(format string, args ...any) (*Vectors, error) {
		return nil, &Error{File: f.Path(), Cause: fmt.Sprintf(format, args...), Remedy: "fetch the whole model2vec folder again"}
	}
	folder := filepath.Dir(f.Path())
	tokenizer, err := tokenize.Open(filepath.Join(folder, model2vecTokens))
	if err != nil {
		return fail("the tokenizer beside it cannot be used: %v", err)
	}
	stored, err := anyFloats(table)
	if err != nil {
		return fail("%v", err)
	}
	dim, count := int(table.Shape[1]), tokenizer.VocabSize()
	mapping, err := integers(f, "mapping", count)
	if err != nil {
		return fail("%v", err)
	}
	weights, err := numbers(f, "weights", count)
	if err != nil {
		return fail("%v", err)
	}
	if mapping == nil && table.Shape[0] != int64(count) {
		return fail("%d vectors for the %d tokens of the tokenizer beside it", table.Shape[0], count)
	}
	words, rows := make([]string, count), make([]float32, 0, count*dim)
	for i := range words {
		word, ok := tokenizer.Token(int32(i))
		at, weight := int64(i), 1.0
		if mapping != nil {
			at = mapping[i]
		}
		if weights != nil {
			weight = weights[i]
		}
		if !ok || at < 0 || at >= table.Shape[0] {
			return fail("token %d, %s, should have row %d of %d", i, quote(word), at, table.Shape[0])
		}
		words[i] = word
		for _, x := range stored[int(at)*dim : int(at+1)*dim] {
			rows = append(rows, float32(float64(x)*weight))
		}
	}
	v, err := FromRows(words, dim, rows)
	if err != nil {
		return fail("%v", err)
	}
	v.report.File, v.report.Format, v.report.HeaderWords, v.report.HeaderDim = f.Path(), Model2Vec, -1, -1
	v.compose = newTokens(v, tokenizer, folder)
	return v, nil
}

// anyFloats is Float32s for int8 tables, too: model2vec takes their numbers as
// they are, without a scale.
func anyFloats(t safetensors.Tensor) ([]float32, error) {
	if t.DType != safetensors.I8 {
		return t.Float32s()
	}
	out := make([]float32, len(t.Data))
	for i, b := range t.Data {
		out[i] = float32(int8(b))
	}
	return out, nil
}

// integers is a tensor [n] of I32 or I64, nil where there is none.
func integers(f *safetensors.File, name string, n int) ([]int64, error) {
	t, ok := f.Tensor(name)
	if !ok {
		return nil, nil
	}
	if len(t.Shape) != 1 || t.Shape[0] != int64(n) || t.DType != safetensors.I32 && t.DType != safetensors.I64 {
		return nil, fmt.Errorf("tensor %s is %s %v, I32 or I64 [%d] is wanted, one for each token", name, t.DType, t.Shape, n)
	}
	out := make([]int64, n)
	for i := range out {
		if t.DType == safetensors.I64 {
			out[i] = int64(binary.LittleEndian.Uint64(t.Data[8*i:]))
		} else {
			out[i] = int64(int32(binary.LittleEndian.Uint32(t.Data[4*i:])))
		}
	}
	return out, nil
}

// numbers is a tensor [n] of floating-point numbers, nil where there is none.
func numbers(f *safetensors.File, name string, n int) ([]float64, error) {
	t, ok := f.Tensor(name)
	if !ok {
		return nil, nil
	}
	if len(t.Shape) != 1 || t.Shape[0] != int64(n) {
		return nil, fmt.Errorf("tensor %s has shape %v, [%d] is wanted, one for each token", name, t.Shape, n)
	}
	out := make([]float64, n)
	if t.DType == safetensors.F64 {
		for i := range out {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:]))
		}
		return out, nil
	}
	xs, err := t.Float32s()
	for i, x := range xs {
		out[i] = float64(x)
	}
	return out, err
}

// tokens composes any text: the mean of its tokens' vectors, scaled to length one
// where the model says so. Unknown tokens are left out.
type tokens struct {
	vectors   *Vectors
	tokenizer *tokenize.Tokenizer
	unknown   int32 // the id that stands for what is no token; -1 for none
	normalize bool
}

func newTokens(v *Vectors, tokenizer *tokenize.Tokenizer, folder string) *tokens {
	t := &tokens{vectors: v, tokenizer: tokenizer, unknown: -1}
	var parts struct {
		Model struct {
			Token string `json:"unk_token"`
			ID    *int32 `json:"unk_id"` // what Unigram has instead
		}
	}
	if json.Unmarshal(tokenizer.Bytes(), &parts) == nil {
		if id, ok := tokenizer.ID(parts.Model.Token); ok {
			t.unknown = id
		} else if parts.Model.ID != nil {
			t.unknown = *parts.Model.ID
		}
	}
	var config struct{ Normalize bool }
	if text, err := os.ReadFile(filepath.Join(folder, "config.json")); err == nil && json.Unmarshal(text, &config) == nil {
		t.normalize = config.Normalize
	}
	return t
}

// ids are the tokens of a text that count.
func (t *tokens) ids(text string) []int32 {
	all := t.tokenizer.AppendIDs(nil, []byte(text))
	kept := all[:0]
	for _, id := range all {
		if id != t.unknown && int(id) < t.vectors.Len() {
			kept = append(kept, id)
		}
	}
	return kept
}

func (t *tokens) canCompose(text string) bool { return len(t.ids(text)) > 0 }

func (t *tokens) appendVector(dst []float32, text string) ([]float32, error) {
	ids := t.ids(text)
	sum := make([]float64, t.vectors.Dim())
	for _, id := range ids {
		for d, x := range t.vectors.Row(int(id)) {
			sum[d] += float64(x)
		}
	}
	scale := 1 / float64(max(len(ids), 1))
	if t.normalize {
		square := 0.0
		for _, x := range sum {
			square += x * x * scale * scale
		}
		scale /= math.Sqrt(square) + 1e-32
	}
	for _, x := range sum {
		dst = append(dst, float32(x*scale))
	}
	return dst, nil
}
