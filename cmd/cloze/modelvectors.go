package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/tokenize"
)

// inputTables are the names that model files give to the table of input embeddings, [V,D].
var inputTables = []string{"transformer.wte.weight", "wte.weight", "model.embed_tokens.weight", "embed_tokens.weight"}

// openVectors opens a vector file, or the input embeddings of a run or Hugging Face folder, without libtorch.
func openVectors(path string, o embeddings.Options) (*embeddings.Vectors, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read: %v; check the path", path, cause(err))
	}
	if !info.IsDir() {
		return o.Open(path)
	}
	weights, err := weightsOf(path)
	if err != nil {
		return nil, err
	}
	if holdsVectors(weights) {
		return o.Open(weights)
	}
	return openInputTable(path, weights)
}

// holdsVectors says whether the weights are a vector file, too: those of a run of word vectors are.
func holdsVectors(weights string) bool {
	f, err := safetensors.Open(weights)
	if err != nil {
		return false // whoever opens it next says why
	}
	defer f.Close()
	_, words := f.Tensor("word_offsets")
	return words
}

// weightsOf finds the model.safetensors of a run folder (its last checkpoint) or of a Hugging Face folder, of several files the one with the
// input embeddings.
func weightsOf(dir string) (string, error) {
	last, err := os.ReadFile(filepath.Join(dir, "last"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		path := filepath.Join(dir, "model.safetensors")
		if _, err := os.Stat(path); err != nil {
			if index := path + ".index.json"; isFile(index) {
				return tableFile(index)
			}
			if _, err := os.Stat(filepath.Join(dir, "checkpoints")); err == nil {
				return "", fmt.Errorf("%s: a run without a complete checkpoint; let cloze pretrain write one", dir)
			}
			return "", fmt.Errorf("%s: a folder with neither last (a run) nor model.safetensors (Hugging Face); name a vector file, a run or a model folder", dir)
		}
		return path, nil
	case err != nil:
		return "", fmt.Errorf("%s: cannot read: %v", filepath.Join(dir, "last"), cause(err))
	}
	name := strings.TrimSpace(string(last))
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("%s: names %q, which is not a checkpoint inside the run; was it edited?", filepath.Join(dir, "last"), name)
	}
	return filepath.Join(dir, name, "model.safetensors"), nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// tableFile finds the file that holds the input embeddings in the index of a model cut into several.
func tableFile(index string) (string, error) {
	data, err := os.ReadFile(index)
	if err != nil {
		return "", fmt.Errorf("%s: cannot read: %v", index, cause(err))
	}
	var list struct {
		Files map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return "", fmt.Errorf("%s: not an index of weights: %w; fetch it again", index, err)
	}
	for _, name := range inputTables {
		file, ok := list.Files[name]
		if !ok {
			continue
		}
		if !filepath.IsLocal(file) || filepath.Base(file) != file {
			return "", fmt.Errorf("%s: %s is said to be in %q, which is not a file beside the index", index, name, file)
		}
		return filepath.Join(filepath.Dir(index), file), nil
	}
	return "", fmt.Errorf("%s: lists no table of input embeddings (%s); is it a GPT-2 or Llama model?", index, strings.Join(inputTables, ", "))
}

// openInputTable joins the rows of the table with the readable texts of the tokenizer's ids.
func openInputTable(dir, weights string) (*embeddings.Vectors, error) {
	t, err := tokenize.Open(filepath.Join(dir, "tokenizer.json"))
	if err != nil {
		return nil, err
	}
	f, err := safetensors.Open(weights)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for _, name := range inputTables {
		tensor, ok := f.Tensor(name)
		if !ok {
			continue
		}
		if len(tensor.Shape) != 2 {
			return nil, fmt.Errorf("%s: %s has shape %v; want a table [V,D]", weights, name, tensor.Shape)
		}
		rows, err := tensor.Float32s()
		if err != nil {
			return nil, err
		}
		return tableVectors(weights, t, rows, int(tensor.Shape[0]), int(tensor.Shape[1]))
	}
	return nil, fmt.Errorf("%s: no table of input embeddings (%s); is it a GPT-2 or Llama model?", weights, strings.Join(inputTables, ", "))
}

// tableVectors names the rows of a table; rows of ids without a token stand for nothing and are left out. It moves
// rows.
func tableVectors(weights string, t *tokenize.Tokenizer, rows []float32, v, d int) (*embeddings.Vectors, error) {
	size := t.VocabSize()
	if v < size {
		return nil, fmt.Errorf("%s: the table has %d rows, the tokenizer beside it %d ids; they are not of one model", weights, v, size)
	}
	keys := tokenKeys(t)
	kept := keys[:0]
	for id, key := range keys {
		if key == "" {
			continue
		}
		copy(rows[len(kept)*d:], rows[id*d:(id+1)*d])
		kept = append(kept, key)
	}
	vectors, err := embeddings.FromRows(kept, d, rows[:len(kept)*d])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", weights, err)
	}
	return vectors, nil
}

// tokenKeys are the readable names of a tokenizer's ids, by id; empty for ids without a token.
func tokenKeys(t *tokenize.Tokenizer) []string {
	var ids []int32
	var pieces []string
	for id := range int32(t.VocabSize()) {
		if _, ok := t.Token(id); !ok {
			continue
		}
		piece := t.Text(id)
		if raw := t.AppendBytes(nil, []int32{id}, false); !utf8.Valid(raw) {
			piece = string(raw) // Text shows the bytes as <0xE9>, which Key would take for a text that looks so
		}
		ids, pieces = append(ids, id), append(pieces, piece)
	}
	keys := make([]string, t.VocabSize())
	for i, key := range embeddings.Keys(pieces) {
		keys[ids[i]] = key
	}
	return keys
}
