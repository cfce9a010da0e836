package models

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
)

func halfNetworks() map[string]Config {
	gpt, llama := DefaultGPT(), DefaultLlama()
	gpt.NumLayers, gpt.NumHeads, gpt.Dim, gpt.NumContext, gpt.VocabSize, gpt.InitStd = 2, 4, 32, 16, 61, 0.2
	llama.NumLayers, llama.NumHeads, llama.NumKVHeads, llama.Dim, llama.InnerDim = 2, 4, 2, 32, 45
	llama.NumContext, llama.VocabSize, llama.InitStd = 16, 61, 0.2
	return map[string]Config{"gpt2": gpt, "llama": llama}
}

// Case C75: a cache in half precision, in a start, with no keys before some rows, with no new token for one or for all, and with scores beyond
// float16: each row's logits are finite, and those of the whole row without a cache within 3e-2 (logits are of size 3).
func TestCacheInHalfPrecision(t *testing.T) {
	rows := [][]int32{{5, 9, 1, 30, 7, 7, 12}, {44, 2, 8}, {1, 17}}
	for name, config := range halfNetworks() {
		for _, dtype := range []torch.DType{torch.BFloat16, torch.Float16} {
			for _, factor := range []float64{1, 300} {
				onTorch(t, func() {
					full, err := New(config, 3)
					if err != nil {
						t.Fatal(err)
					}
					defer full.Params().Free()
					torch.NoGrad(func() {
						for p := range full.Params().All() { // queries and keys; in GPT-2 values too
							if strings.HasSuffix(p.Name, "c_attn.weight") || strings.HasSuffix(p.Name, "q_proj.weight") || strings.HasSuffix(p.Name, "k_proj.weight") {
								p.Tensor.MulScalar_(factor)
							}
						}
						g := Convert(full, dtype)
						defer g.Params().Free()
						cachedInHalf(t, name, g.(causal), rows)
					})
				})
			}
		}
	}
}

func cachedInHalf(t *testing.T, name string, g causal, rows [][]int32) {
	vocab := g.Configuration().Shape().VocabSize
	cache := g.NewCache(3, 16)
	defer cache.Free()
	check := func(what string, got []float32, row, n int) {
		t.Helper()
		want := logitsOf(g, packed([][]int32{rows[row][:n]}, []int32{0}))[(n-1)*vocab:]
		for _, x := range got {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				t.Fatalf("%s %s: the logits are not finite", name, what)
			}
		}
		within(t, name+" "+what, got, want, 3e-2*max(1, largestOf(want)/3))
	}
	in := packed([][]int32{rows[0][:3], {}, {}}, []int32{0, 0, 0})
	in.Cache = cache
	check("start", logitsOf(g, in)[2*vocab:], 0, 3)
	in = packed([][]int32{rows[0][3:5], rows[1][:2], rows[2][:1]}, []int32{3, 0, 0}) // no keys before two of them
	in.Cache = cache
	got := logitsOf(g, in)
	check("more", got[vocab:2*vocab], 0, 5)
	check("more", got[3*vocab:4*vocab], 1, 2)
	check("more", got[4*vocab:], 2, 1)
	in = packed([][]int32{{}, {}, {}}, []int32{5, 2, 1})
	in.Cache = cache
	if got := logitsOf(g, in); len(got) != 0 {
		t.Errorf("%s: no tokens give %d logits", name, len(got))
	}
}

func largestOf(xs []float32) (largest float64) {
	for _, x := range xs {
		largest = max(largest, math.Abs(float64(x)))
	}
	return largest
}

// While a network computes in half precision its weights are the float32 numbers: an optimiser moves them, files hold them, loading sets them.
func TestWeightsStayFloat32WhileANetworkComputesInHalfPrecision(t *testing.T) {
	for name, config := range halfNetworks() {
		onTorch(t, func() {
			g, err := New(config, 3)
			if err != nil {
				t.Fatal(err)
			}
			whole := save(t, g)
			g.Params().ComputeIn(torch.BFloat16)
			g.Params().ComputeIn(torch.BFloat16) // twice is once
			again := save(t, g)
			if a, b := bytesOf(t, whole), bytesOf(t, again); string(a) != string(b) {
				t.Errorf("%s: what is saved changed", name)
			}
			table := g.InputTable()
			if hidden := g.Hidden(packed([][]int32{{1, 2, 3}}, []int32{0})); hidden.DType() != torch.BFloat16 || table.DType() != torch.BFloat16 {
				t.Errorf("%s: the network computes in %v", name, hidden.DType())
			}
			var first Param
			for p := range g.Params().All() {
				first = p
				break
			}
			torch.NoGrad(func() { first.Weights().Fill_(0.2) })
			g.Params().Round()
			if x := first.Tensor.Float32s()[0]; x != 0.2001953125 {
				t.Errorf("%s: 0.2 is rounded to %v", name, x)
			}
			if err := g.Params().Load(whole); err != nil {
				t.Fatal(err)
			}
			g.Params().ComputeIn(torch.Float32)
			if last := save(t, g); string(bytesOf(t, last)) != string(bytesOf(t, whole)) {
				t.Errorf("%s: the weights are not those that were loaded", name)
			}
			for p := range g.Params().All() {
				if p.Tensor.DType() != torch.Float32 || p.Weights() != p.Tensor || !p.Tensor.RequiresGrad() {
					t.Errorf("%s: %s is %v", name, p.Name, p.Tensor.DType())
				}
			}
			file, err := safetensors.Open(whole)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if file.Tensors()[0].DType != safetensors.F32 {
				t.Errorf("%s: saved as %v", name, file.Tensors()[0].DType)
			}
			g.Params().Free()
		})
	}
}

func bytesOf(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
