package embeddings

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
)

// model2vecFolder copies a model, with a tokenizer where it has none of its own.
func model2vecFolder(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("CLOZE_DATA")
	if root == "" {
		t.Skip("CLOZE_DATA is not set")
	}
	root = filepath.Join(root, "models/model2vec")
	folder := t.TempDir()
	for _, from := range []string{"test-model-float32/tokenizer.json", name + "/tokenizer.json", name + "/model.safetensors", name + "/config.json"} {
		content, err := os.ReadFile(filepath.Join(root, from))
		if err != nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(from)), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// Texts have the vectors that model2vec gives them: float32, float16, int8, and a
// quantised vocabulary with mapping and weights.
func TestModel2VecTextsEqualThePythonPackages(t *testing.T) {
	text, err := os.ReadFile(goldenDir + "/model2vec.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Models map[string][][2]json.RawMessage
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Models) != 4 {
		t.Fatal(err)
	}
	sizes := map[string][2]int{"float32": {29528, 2}, "float16": {29528, 2}, "int8": {29528, 2}, "vocab-quantized": {29524, 64}}
	for name, texts := range golden.Models {
		folder := model2vecFolder(t, "test-model-"+name)
		v, err := Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		if v.Len() != sizes[name][0] || v.Dim() != sizes[name][1] || v.Report().Format != Model2Vec {
			t.Errorf("%s: %v", name, v.Report())
		}
		for _, pair := range texts {
			var text string
			var want []float64
			if json.Unmarshal(pair[0], &text) != nil || json.Unmarshal(pair[1], &want) != nil {
				t.Fatal(name)
			}
			if text == "" {
				if v.CanCompose(text) {
					t.Error("an empty text is composed of something")
				}
				continue
			}
			got, err := v.Compose(text)
			if err != nil {
				t.Fatal(name, err)
			}
			tolerance := 1e-6
			if name == "float16" {
				tolerance = 1e-3 // the package computes in float16
			}
			for i, x := range want {
				if math.Abs(float64(got[i])-x) > tolerance {
					t.Errorf("%s: %q: number %d is %g, want %g", name, text, i, got[i], x)
				}
			}
		}
	}
}

// The vectors that lie beside the models.
func TestModel2VecPublishedVectors(t *testing.T) {
	for file, c := range map[string]struct{ model, text string }{
		"embeddings_short.json":           {"test-model-float32", "hello world"},
		"embeddings_long.json":            {"test-model-float32", strings.Repeat("hello ", 1000)},
		"embeddings_vocab_quantized.json": {"test-model-vocab-quantized", strings.Repeat("hello ", 1000)},
	} {
		folder := model2vecFolder(t, c.model)
		content, err := os.ReadFile(filepath.Join(os.Getenv("CLOZE_DATA"), "models/model2vec", file))
		if err != nil {
			t.Fatal(err)
		}
		var want [][]float64
		if err := json.Unmarshal(content, &want); err != nil {
			t.Fatal(err)
		}
		v, err := Open(filepath.Join(folder, "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.Compose(c.text)
		if err != nil || len(want) != 1 || len(want[0]) != len(got) {
			t.Fatal(file, err, len(want))
		}
		for i, x := range want[0] { // float32 sums of 512 rows on the other side
			if math.Abs(float64(got[i])-x) > 1e-5 {
				t.Errorf("%s: number %d is %g, want %g", file, i, got[i], x)
			}
		}
	}
}

const tinyTokenizer = `{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
"pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,
"model":{"type":"WordLevel","vocab":{"[UNK]":0,"a":1,"b":2},"unk_token":"[UNK]"}}`

// tinyModel2Vec writes a model of three tokens.
func tinyModel2Vec(t testing.TB, tokenizer string, tensors ...safetensors.Source) string {
	t.Helper()
	folder := t.TempDir()
	if err := safetensors.Write(filepath.Join(folder, model2vecRows), tensors, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, model2vecTokens), []byte(tokenizer), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestModel2VecFoldersAreChecked(t *testing.T) {
	rows := safetensors.Float32Source("embeddings", []float32{9, 9, 1, 0, 0, 2}, 3, 2)
	v, err := Open(tinyModel2Vec(t, tinyTokenizer, rows))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, v, []string{"[UNK]", "a", "b"}, 9, 9, 1, 0, 0, 2)
	if got, err := v.Compose("a b a z"); err != nil || got[0] != float32(2./3) || got[1] != float32(2./3) {
		t.Errorf("%v %v", got, err) // z is unknown and left out; no config, no scaling
	}
	if v.CanCompose("z z") {
		t.Error("a text of unknown tokens is composed")
	}
	mapping := safetensors.Source{Name: "mapping", DType: safetensors.I32, Shape: []int64{3}, Data: []byte{1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}}
	small := safetensors.Float32Source("embeddings", []float32{1, 2, 3, 4}, 2, 2)
	weights := safetensors.Float32Source("weights", []float32{1, 10, 100}, 3)
	if v, err = Open(tinyModel2Vec(t, tinyTokenizer, small, mapping, weights)); err != nil {
		t.Fatal(err)
	}
	holds(t, v, []string{"[UNK]", "a", "b"}, 3, 4, 10, 20, 300, 400)
	for _, c := range []struct {
		tokenizer string
		tensors   []safetensors.Source
		want      string
	}{
		{tinyTokenizer, []safetensors.Source{small}, "2 vectors for the 3 tokens"},
		{"{}", []safetensors.Source{rows}, "tokenizer beside it"},
		{tinyTokenizer, []safetensors.Source{small, {Name: "mapping", DType: safetensors.I32, Shape: []int64{2}, Data: make([]byte, 8)}}, "tensor mapping"},
		{tinyTokenizer, []safetensors.Source{small, {Name: "mapping", DType: safetensors.I32, Shape: []int64{3}, Data: []byte{2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}}}, "row 2 of 2"},
		{tinyTokenizer, []safetensors.Source{rows, safetensors.Float32Source("weights", []float32{1}, 1)}, "tensor weights"},
	} {
		_, err := Open(tinyModel2Vec(t, c.tokenizer, c.tensors...))
		refused(t, err, c.want)
	}
	refused(t, v.Write(filepath.Join(t.TempDir(), "x"), Model2Vec), "read and not written")
}
