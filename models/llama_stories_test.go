package models

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
)

// llama2C reads a checkpoint of llama2.c and writes it as a safetensors file under Hugging Face's names. The layout:
// seven int32, then float32 tensors, each holding all layers.
func llama2C(path, out string) (LlamaConfig, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return LlamaConfig{}, err
	}
	var header struct{ Dim, Inner, Layers, Heads, KVHeads, Vocab, Context int32 }
	reader := bytes.NewReader(data)
	if err := binary.Read(reader, binary.LittleEndian, &header); err != nil {
		return LlamaConfig{}, err
	}
	c := DefaultLlama()
	c.NumLayers, c.NumHeads, c.NumKVHeads, c.Dim = int(header.Layers), int(header.Heads), int(header.KVHeads), int(header.Dim)
	c.InnerDim, c.VocabSize, c.NumContext, c.TiedHead = int(header.Inner), int(header.Vocab), int(header.Context), true
	numbers := make([]float32, reader.Len()/4)
	if err := binary.Read(reader, binary.LittleEndian, numbers); err != nil {
		return c, err
	}
	if int64(len(numbers)) != c.NumParams()+int64(c.NumContext*c.headDim()) { // two rotary tables follow the weights
		return c, errors.New("the file is not as long as its header says")
	}
	var sources []safetensors.Source
	take := func(name string, shape ...int64) {
		n := shapeNumEl(shape)
		sources, numbers = append(sources, safetensors.Float32Source(name, numbers[:n], shape...)), numbers[n:]
	}
	// pairs are neighbours there, i and i + K/2 in Hugging Face's order
	halves := func(values []float32) []float32 {
		k, out := c.headDim(), make([]float32, len(values))
		for row := range len(values) / c.Dim {
			head, i := row/k, row%k
			to := head*k + i/2 + i%2*k/2
			copy(out[to*c.Dim:(to+1)*c.Dim], values[row*c.Dim:])
		}
		return out
	}
	dim, inner, shared := int64(c.Dim), int64(c.InnerDim), int64(c.numKVHeads()*c.headDim())
	take(llamaTokens, int64(c.VocabSize), dim)
	for _, tensor := range []struct {
		name  string
		shape []int64
	}{
		{"input_layernorm", []int64{dim}}, {"self_attn.q_proj", []int64{dim, dim}}, {"self_attn.k_proj", []int64{shared, dim}},
		{"self_attn.v_proj", []int64{shared, dim}}, {"self_attn.o_proj", []int64{dim, dim}}, {"post_attention_layernorm", []int64{dim}},
		{"mlp.gate_proj", []int64{inner, dim}}, {"mlp.down_proj", []int64{dim, inner}}, {"mlp.up_proj", []int64{inner, dim}},
	} {
		for layer := range c.NumLayers {
			if n := shapeNumEl(tensor.shape); tensor.name == "self_attn.q_proj" || tensor.name == "self_attn.k_proj" {
				copy(numbers[:n], halves(numbers[:n]))
			}
			take(llamaBlockPrefix(layer)+tensor.name+".weight", tensor.shape...)
		}
	}
	take(llamaFinalNorm+".weight", dim)
	return c, safetensors.Write(out, sources, nil)
}

// TestTheTrainedStoriesModelTellsTheReferencesStory: loss of a passage and 200 greedy tokens of the 260k-parameter
// model equal those of transformers and of run.c, token by token (testdata/gen/llama_stories.py).
func TestTheTrainedStoriesModelTellsTheReferencesStory(t *testing.T) {
	data := os.Getenv("CLOZE_DATA")
	if data == "" {
		t.Skip("CLOZE_DATA is not set")
	}
	var golden struct {
		IDs, Greedy []int32
		Loss        float64
		RunCLoss    float64   `json:"run_c_loss"`
		LastLogits  []float32 `json:"last_logits"`
	}
	text, err := os.ReadFile(filepath.Join(testdata, "llama_stories.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), WeightsFile)
	config, err := llama2C(filepath.Join(data, "models", "stories260K", "stories260K.bin"), path)
	if err != nil {
		t.Fatal(err)
	}
	if n := config.NumParams(); n != 260032 {
		t.Errorf("%d parameters, published are 260,032", n)
	}
	onTorch(t, func() {
		model, err := LoadLlama(config, path)
		if err != nil {
			t.Fatal(err)
		}
		defer model.Params().Free()
		run := func(ids []int32) *torch.Tensor {
			offsets := []int32{0, int32(len(ids))}
			return logits(model, NewInput(ids, RowPositions(offsets), offsets, torch.CPU, false))
		}
		torch.NoGrad(func() {
			n := len(golden.IDs) - 1
			all := run(golden.IDs)
			loss := torch.CrossEntropySum(all.Narrow(0, 0, int64(n)), torch.FromInt32(golden.IDs[1:], int64(n))).Item() / float64(n)
			t.Logf("perplexity %.6f, transformers %.6f, run.c %.6f", math.Exp(loss), math.Exp(golden.Loss), math.Exp(golden.RunCLoss))
			// 1e-5 absolute: the two references differ by 1e-7 on the loss and by 3e-5 on logits.
			if math.Abs(loss-golden.Loss) > 1e-5 || math.Abs(loss-golden.RunCLoss) > 1e-5 {
				t.Errorf("loss %.7f, transformers %.7f, run.c %.7f", loss, golden.Loss, golden.RunCLoss)
			}
			if d := largestDifference(all.Narrow(0, int64(n), 1).Float32s(), golden.LastLogits); d > 1e-4 {
				t.Errorf("logits differ by %g", d)
			}
			// Greedy text is the references' when, after each beginning of it, their next token is the likeliest.
			next := run(append([]int32{1}, golden.Greedy[:len(golden.Greedy)-1]...)).Float32s()
			for i, want := range golden.Greedy {
				row := next[i*config.VocabSize : (i+1)*config.VocabSize]
				if got := slices.Index(row, slices.Max(row)); got != int(want) {
					t.Errorf("token %d is %d, the references' %d", i, got, want)
				}
			}
		})
	})
}
