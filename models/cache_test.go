package models

import (
	"math"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// packed is an input of rows, the i-th at its positions from starts[i] on.
func packed(rows [][]int32, starts []int32) Input {
	var ids, positions []int32
	offsets := []int32{0}
	for i, row := range rows {
		for j, id := range row {
			ids, positions = append(ids, id), append(positions, starts[i]+int32(j))
		}
		offsets = append(offsets, int32(len(ids)))
	}
	return NewInput(ids, positions, offsets, torch.CPU, false)
}

func logitsOf(g Network, in Input) []float32 {
	weight, bias := g.Head()
	return g.Hidden(in).Linear(weight, bias).Float32s()
}

// within fails where two lists differ by more than limit.
func within(t *testing.T, what string, got, want []float32, limit float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= limit) {
			t.Fatalf("%s: number %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

// TestCacheChangesNoLogits: three rows of unequal lengths, in a start, two tokens more, then one token at a time, by the plain way
// and by the native step; each row's last logits are those of the whole row without a cache. Logits are of size 3; 1e-5 absolute.
func TestCacheChangesNoLogits(t *testing.T) {
	gpt := func(change func(*GPTConfig)) Config {
		c := DefaultGPT()
		c.NumLayers, c.NumHeads, c.Dim, c.NumContext, c.VocabSize, c.InitStd = 2, 4, 32, 16, 61, 0.2
		change(&c)
		return c
	}
	llama := func(change func(*LlamaConfig)) Config {
		c := DefaultLlama()
		c.NumLayers, c.NumHeads, c.NumKVHeads, c.Dim, c.InnerDim = 2, 4, 2, 32, 45
		c.NumContext, c.VocabSize, c.InitStd = 16, 61, 0.2
		change(&c)
		return c
	}
	variants := map[string]Config{
		"gelu_new":      gpt(func(*GPTConfig) {}),
		"gelu, no bias": gpt(func(c *GPTConfig) { c.Bias, c.Activation = false, "gelu" }),
		"relu, untied":  gpt(func(c *GPTConfig) { c.Activation, c.TiedHead = "relu", false }),
		"silu":          gpt(func(c *GPTConfig) { c.Activation = "silu" }),
		"odd widths":    gpt(func(c *GPTConfig) { c.NumHeads, c.Dim, c.InnerDim = 3, 33, 45 }),
		"Llama":         llama(func(*LlamaConfig) {}),
		"Llama, biases": llama(func(c *LlamaConfig) { c.AttnBias, c.MLPBias, c.NumKVHeads = true, true, 4 }),
		"Llama, scaled": llama(func(c *LlamaConfig) { c.RopeScaling = RopeScaling{Type: "linear", Factor: 4}; c.TiedHead = true }),
	}
	rows := [][]int32{{5, 9, 1, 30, 7, 7, 12, 60, 2, 3}, {44, 2, 8, 19, 50, 31, 0, 4}, {1, 17, 3, 21, 22, 23, 24, 25, 26, 27, 28}}
	cut := []int{4, 1, 6}
	for name, config := range variants {
		before := torch.Live()
		err := torch.Do(func() error {
			g, err := New(config, 3)
			if err != nil {
				return err
			}
			defer g.Params().Free()
			torch.NoGrad(func() { compareCached(t, name, g.(causal), rows, cut) })
			return nil
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if after := torch.Live(); after != before {
			t.Errorf("%s: %d tensors before, %d after", name, before, after)
		}
	}
}

func compareCached(t *testing.T, name string, g causal, rows [][]int32, cut []int) {
	want := func(row, n int) []float32 { // logits after n tokens of a row, without a cache
		all := logitsOf(g, packed([][]int32{rows[row][:n]}, []int32{0}))
		return all[(n-1)*g.Configuration().Shape().VocabSize:]
	}
	for _, native := range []bool{false, true} {
		cache := g.NewCache(len(rows)+1, g.Configuration().Shape().NumContext)
		cache.Rows = []int32{2, 0, 3} // any order; one stays empty
		var start [][]int32
		for i, row := range rows {
			start = append(start, row[:cut[i]])
		}
		in := packed(start, make([]int32, len(rows)))
		in.Cache = cache
		last := logitsOf(g, in)
		vocab, end := g.Configuration().Shape().VocabSize, 0
		for i := range rows {
			end += cut[i]
			within(t, name+" start", last[(end-1)*vocab:end*vocab], want(i, cut[i]), 1e-5)
		}
		more := [][]int32{rows[0][4:6], {}, rows[2][6:9]} // several at once, and none
		in = packed(more, []int32{4, 1, 6})
		in.Cache = cache
		last = logitsOf(g, in)
		within(t, name+" more", last[vocab:2*vocab], want(0, 6), 1e-5)
		within(t, name+" more", last[4*vocab:], want(2, 9), 1e-5)
		held := []int{6, 1, 9}
		for step := range 2 {
			var ids, positions []int32
			var single [][]int32
			for i := range rows {
				ids, positions = append(ids, rows[i][held[i]+step]), append(positions, int32(held[i]+step))
				single = append(single, ids[i:i+1])
			}
			if native {
				last = cache.Decode(g.Decoder(), ids, cache.Rows, positions)
			} else {
				in = packed(single, positions)
				in.Cache = cache
				last = logitsOf(g, in)
			}
			for i := range rows {
				within(t, name+" step", last[i*vocab:(i+1)*vocab], want(i, held[i]+step+1), 1e-5)
			}
		}
		cache.Free()
	}
}
