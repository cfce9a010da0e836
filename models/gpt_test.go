package models

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
)

const testdata = "../testdata/models"

// gptGolden is what testdata/gen/models_gpt2.py wrote down of transformers' GPT-2.
type gptGolden struct {
	IDs, Targets     []int32
	Segments         []int32 // of encoders; nil for all 0
	Languages        []int32
	Rows             []int32 // tokens of each row
	Logits           []float32
	Loss             float64
	GradNorm         float64            `json:"grad_norm"`
	LossByActivation map[string]float64 `json:"loss_by_activation"`
	AdamW            struct {
		LR, Beta1, Beta2, Eps, Clip float64
		WeightDecay                 float64 `json:"weight_decay"`
		Losses                      []float64
	}
}

func readGolden(t *testing.T) (golden gptGolden) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, "gpt2_tiny.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	return golden
}

func (g gptGolden) rowOffsets() []int32 {
	offsets := []int32{0}
	for _, n := range g.Rows {
		offsets = append(offsets, offsets[len(offsets)-1]+n)
	}
	return offsets
}

func (g gptGolden) input(train bool) Input {
	offsets := g.rowOffsets()
	in := NewInput(g.IDs, RowPositions(offsets), offsets, torch.CPU, train)
	if g.Segments != nil {
		in.Segments = torch.FromInt32(g.Segments, int64(len(g.Segments)))
	}
	if g.Languages != nil {
		in.Languages = torch.FromInt32(g.Languages, int64(len(g.Languages)))
	}
	return in
}

func (g gptGolden) config(t *testing.T) GPTConfig {
	t.Helper()
	config, err := ReadGPTConfig(filepath.Join(testdata, "gpt2_tiny", "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// load opens the golden model, which is freed at the end of the test.
func (g gptGolden) load(t *testing.T, config GPTConfig) *GPT {
	t.Helper()
	model, err := LoadGPT(config, filepath.Join(testdata, "gpt2_tiny", "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func logits(m Model, in Input) *torch.Tensor {
	weight, bias := m.Head()
	return m.Transform(m.Hidden(in)).Linear(weight, bias)
}

// meanLoss is the mean cross-entropy over the golden's targets, in nats.
func (g gptGolden) meanLoss(m Model, in Input) *torch.Tensor {
	count := 0
	for _, target := range g.Targets {
		if target >= 0 {
			count++
		}
	}
	targets := torch.FromInt32(g.Targets, int64(len(g.Targets)))
	return torch.CrossEntropySum(logits(m, in), targets).MulScalar(1 / float64(count))
}

// onTorch runs a test's body where tensors live and checks that it leaves none behind.
func onTorch(t *testing.T, body func()) {
	t.Helper()
	before := torch.Live()
	err := torch.Do(func() error { body(); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if after := torch.Live(); after != before {
		t.Errorf("%d tensors before, %d after", before, after)
	}
}

func largestDifference(a, b []float32) (largest float64) {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	for i := range a {
		d := math.Abs(float64(a[i]) - float64(b[i]))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		largest = max(largest, d)
	}
	return largest
}

func TestGPTLogitsAndLossEqualTransformers(t *testing.T) {
	golden := readGolden(t)
	onTorch(t, func() {
		model := golden.load(t, golden.config(t))
		defer model.Params().Free()
		// 1e-5 absolute on logits of size 10: float32 with sums in another order.
		if d := largestDifference(logits(model, golden.input(false)).Float32s(), golden.Logits); d > 1e-5 {
			t.Errorf("logits differ by %g", d)
		}
		if loss := golden.meanLoss(model, golden.input(false)).Item(); math.Abs(loss-golden.Loss) > 1e-6 {
			t.Errorf("loss %.8f, transformers %.8f", loss, golden.Loss)
		}
	})
}

func TestGPTActivationsEqualTransformers(t *testing.T) {
	golden := readGolden(t)
	if len(golden.LossByActivation) != len(activations) {
		t.Errorf("%d activations, the golden has %d", len(activations), len(golden.LossByActivation))
	}
	for name, want := range golden.LossByActivation {
		onTorch(t, func() {
			config := golden.config(t)
			config.Activation = name
			model := golden.load(t, config)
			defer model.Params().Free()
			if loss := golden.meanLoss(model, golden.input(false)).Item(); math.Abs(loss-want) > 1e-6 {
				t.Errorf("%s: loss %.8f, transformers %.8f", name, loss, want)
			}
		})
	}
}

func TestGPTGradientsEqualTransformers(t *testing.T) {
	golden := readGolden(t)
	onTorch(t, func() {
		model := golden.load(t, golden.config(t))
		defer model.Params().Free()
		golden.compareGradients(t, model, filepath.Join(testdata, "gpt2_tiny", "gradients.safetensors"))
	})
}

// compareGradients compares every gradient of the mean loss with those of a file.
func (g gptGolden) compareGradients(t *testing.T, model Model, path string) {
	t.Helper()
	file, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	g.meanLoss(model, g.input(false)).Backward()
	compared := 0
	for param := range model.Params().All() {
		for _, part := range param.files() {
			want, ok := file.Tensor(part.name)
			for other, name := range model.Params().Ties() {
				if name == part.name && !ok {
					want, ok = file.Tensor(other)
				}
			}
			if grad := param.Tensor.Grad(); !ok || grad == nil {
				if ok || grad != nil {
					t.Errorf("%s has a gradient: transformers' %v, ours %v", part.name, ok, grad != nil)
				}
				continue
			}
			compared++
			numbers, err := want.Float32s()
			if err != nil {
				t.Fatal(err)
			}
			// 2e-6 absolute on gradients of size 0.1 to 1.
			if d := largestDifference(part.of(param.Tensor.Grad()).Float32s(), numbers); d > 2e-6 {
				t.Errorf("gradient of %s differs by %g", part.name, d)
			}
		}
	}
	if compared != file.Len() {
		t.Errorf("%d gradients, transformers has %d", compared, file.Len())
	}
}

func TestGPTTenAdamWStepsEqualTransformers(t *testing.T) {
	golden := readGolden(t)
	onTorch(t, func() {
		model := golden.load(t, golden.config(t))
		defer model.Params().Free()
		golden.compareSteps(t, model)
	})
}

// compareSteps trains ten steps and compares the losses.
func (golden gptGolden) compareSteps(t *testing.T, model Model) {
	t.Helper()
	step := newAdamW(model.Params())
	defer step.free()
	for i, want := range golden.AdamW.Losses {
		torch.Scope(func() {
			loss := golden.meanLoss(model, golden.input(true))
			loss.Backward()
			// 1e-4 relative: ten steps at a rate of 0.01 amplify what float32 rounds.
			if got := loss.Item(); math.Abs(got-want) > 1e-4*want {
				t.Errorf("step %d: loss %.7f, transformers %.7f", i+1, got, want)
			}
			norm := torch.GradNorm(model.Params().Tensors())
			if i == 0 && math.Abs(norm-golden.GradNorm) > 1e-5 {
				t.Errorf("gradient norm %.7f, transformers %.7f", norm, golden.GradNorm)
			}
			torch.ScaleGrads(model.Params().Tensors(), min(1, golden.AdamW.Clip/(norm+1e-6)))
			step.apply(golden)
		})
	}
}

// adamW is the optimiser as a test needs it: two groups, decaying and not.
type adamW struct {
	params, m, v [2][]*torch.Tensor
	steps        int64
}

func newAdamW(params *Params) *adamW {
	a := &adamW{}
	for param := range params.All() {
		group := 0
		if param.Decay {
			group = 1
		}
		a.params[group] = append(a.params[group], param.Tensor)
		a.m[group] = append(a.m[group], torch.Zeros(torch.Float32, torch.CPU, param.Shape...).Keep())
		a.v[group] = append(a.v[group], torch.Zeros(torch.Float32, torch.CPU, param.Shape...).Keep())
	}
	return a
}

func (a *adamW) apply(golden gptGolden) {
	a.steps++
	o := golden.AdamW
	for group, decay := range []float64{0, o.WeightDecay} {
		var grads []*torch.Tensor
		for _, p := range a.params[group] {
			grads = append(grads, p.Grad())
		}
		torch.FusedAdamW(a.params[group], grads, a.m[group], a.v[group], o.LR, o.Beta1, o.Beta2, o.Eps, decay, a.steps)
		for _, p := range a.params[group] {
			p.ZeroGrad()
		}
	}
}

func (a *adamW) free() {
	for group := range a.params {
		torch.Free(a.m[group]...)
		torch.Free(a.v[group]...)
	}
}

// TestGPTDocumentsNeverSeeEachOther: C69. Lengths 3 and 2 in one pack, positions 0 1 2 0 1.
func TestGPTDocumentsNeverSeeEachOther(t *testing.T) {
	golden := readGolden(t)
	onTorch(t, func() {
		model := golden.load(t, golden.config(t))
		defer model.Params().Free()
		offsets := []int32{0, 3, 5}
		positions := RowPositions(offsets)
		if want := []int32{0, 1, 2, 0, 1}; !slices.Equal(positions, want) {
			t.Fatalf("positions %v, want %v", positions, want)
		}
		run := func(ids, positions, offsets []int32) []float32 {
			return logits(model, NewInput(ids, positions, offsets, torch.CPU, false)).Float32s()
		}
		v := model.Config.VocabSize
		first := run([]int32{5, 6, 7, 8, 9}, positions, offsets)
		second := run([]int32{50, 6, 7, 8, 9}, positions, offsets)
		if d := largestDifference(first[3*v:], second[3*v:]); d != 0 {
			t.Errorf("document 2 changes by %g with document 1", d)
		}
		if largestDifference(first[:3*v], second[:3*v]) == 0 {
			t.Error("document 1 does not change with its own first token")
		}
		third := run([]int32{5, 6, 7, 8, 60}, positions, offsets)
		if d := largestDifference(first[:4*v], third[:4*v]); d != 0 {
			t.Errorf("earlier tokens change by %g with a later one", d)
		}
		// Alone or packed: 1e-5 absolute, as another number of rows may block the matrix products otherwise.
		alone := run([]int32{8, 9}, []int32{0, 1}, []int32{0, 2})
		if d := largestDifference(first[3*v:], alone); d > 1e-5 {
			t.Errorf("document 2 alone differs by %g", d)
		}
	})
}

func TestGPTSameSeedSameBits(t *testing.T) {
	golden := readGolden(t)
	config := golden.config(t)
	config.EmbedDrop, config.ResidDrop, config.AttnDrop = 0.1, 0.1, 0.1
	onTorch(t, func() { golden.sameSeedSameBits(t, config) })
}

// sameSeedSameBits trains a fresh network for a step, twice with one seed and once with another. It runs inside torch.Do.
func (g gptGolden) sameSeedSameBits(t *testing.T, config Config) {
	t.Helper()
	run := func(seed uint64) (bits []float32) {
		model, err := New(config, seed)
		if err != nil {
			t.Fatal(err)
		}
		defer model.Params().Free()
		torch.Seed(int64(seed))
		loss := g.meanLoss(model, g.input(true))
		loss.Backward()
		bits = loss.Float32s()
		for param := range model.Params().All() {
			bits = append(bits, param.Tensor.Float32s()...)
			grad := param.Tensor.Grad()
			if grad != nil {
				bits = append(bits, grad.Float32s()...)
			} else if config.Shape().Causal { // of an encoder the loss may leave heads alone
				t.Errorf("%s has no gradient", param.Name)
			}
		}
		return bits
	}
	first := run(1)
	if !slices.Equal(first, run(1)) {
		t.Error("the same seed gives other weights, loss or gradients")
	}
	if slices.Equal(first, run(2)) {
		t.Error("another seed gives the same")
	}
}

func TestGPTDropsOutOnlyInTraining(t *testing.T) {
	golden := readGolden(t)
	config := golden.config(t)
	config.EmbedDrop, config.ResidDrop, config.AttnDrop = 0.2, 0.2, 0.2
	onTorch(t, func() {
		model := golden.load(t, config)
		defer model.Params().Free()
		torch.Seed(1)
		// 1e-6 as above.
		if loss := golden.meanLoss(model, golden.input(false)).Item(); math.Abs(loss-golden.Loss) > 1e-6 {
			t.Errorf("loss %g outside training, want %g", loss, golden.Loss)
		}
		a, b := golden.meanLoss(model, golden.input(true)).Item(), golden.meanLoss(model, golden.input(true)).Item()
		if a == b {
			t.Errorf("two passes in training both give %g", a)
		}
	})
}

func TestGPTWithoutBiasesEqualsZeroBiases(t *testing.T) {
	golden := readGolden(t)
	config := golden.config(t)
	config.Bias = false
	config.Activation = "gelu"
	dir := t.TempDir()
	onTorch(t, func() {
		bare, err := NewGPT(config, 3)
		if err != nil {
			t.Fatal(err)
		}
		defer bare.Params().Free()
		for param := range bare.Params().All() {
			if len(param.Shape) == 1 && filepath.Ext(param.Name) == ".bias" {
				t.Errorf("%s exists", param.Name)
			}
		}
		written, _, err := SaveHF(bare, dir, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		full, err := Load(written, filepath.Join(dir, WeightsFile))
		if err != nil {
			t.Fatal(err)
		}
		defer full.Params().Free()
		// 1e-6 absolute: adding a zero may fuse otherwise.
		if d := largestDifference(logits(bare, golden.input(false)).Float32s(), logits(full, golden.input(false)).Float32s()); d > 1e-6 {
			t.Errorf("logits differ by %g", d)
		}
	})
}

func TestGPTComputesInBFloat16(t *testing.T) {
	golden := readGolden(t)
	onTorch(t, func() {
		model := golden.load(t, golden.config(t))
		defer model.Params().Free()
		half := Convert(model, torch.BFloat16)
		defer half.Params().Free()
		hidden, want := half.Hidden(golden.input(false)), model.Hidden(golden.input(false))
		if hidden.DType() != torch.BFloat16 {
			t.Errorf("hidden states are %v", hidden.DType())
		}
		// 0.1 absolute on numbers of size 2: two layers in 8 bits of precision.
		if d := largestDifference(hidden.Float32s(), want.Float32s()); d > 0.1 {
			t.Errorf("hidden states differ by %g", d)
		}
	})
}

func TestGPTFreshWeightsFollowThePaper(t *testing.T) {
	config, err := GPTPreset("gpt-nano")
	if err != nil {
		t.Fatal(err)
	}
	config.VocabSize = 500
	onTorch(t, func() {
		model, err := NewGPT(config, 7)
		if err != nil {
			t.Fatal(err)
		}
		defer model.Params().Free()
		for name, want := range map[string]float64{
			"transformer.wte.weight": 0.02, "transformer.h.1.attn.c_attn.weight": 0.02, "transformer.h.3.mlp.c_fc.weight": 0.02,
			"transformer.h.0.attn.c_proj.weight": 0.02 / math.Sqrt(8), "transformer.h.2.mlp.c_proj.weight": 0.02 / math.Sqrt(8),
		} {
			param, _ := model.Params().Get(name)
			var sum, squares float64
			values := param.Tensor.Float64s()
			for _, x := range values {
				sum, squares = sum+x, squares+x*x
			}
			n := float64(len(values))
			// Five standard errors.
			if std := math.Sqrt(squares / n); math.Abs(std/want-1) > 5/math.Sqrt(2*n) || math.Abs(sum/n) > 5*want/math.Sqrt(n) {
				t.Errorf("%s: mean %g, standard deviation %g, want 0 and %g", name, sum/n, std, want)
			}
		}
		for param := range model.Params().All() {
			if want := len(param.Shape) == 2; param.Decay != want {
				t.Errorf("%s decays: %v", param.Name, param.Decay)
			}
			if len(param.Shape) == 1 {
				values := param.Tensor.Float32s()
				want := float32(0)
				if filepath.Ext(param.Name) == ".weight" {
					want = 1
				}
				if slices.Min(values) != want || slices.Max(values) != want {
					t.Errorf("%s is not all %g", param.Name, want)
				}
			}
		}
	})
}

func ExampleGPTConfig_NumParams() {
	config, _ := GPTPreset("gpt2")
	fmt.Println(config.NumParams())
	// Output: 124439808
}
