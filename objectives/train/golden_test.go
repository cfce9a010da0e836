package train

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// goldenSteps is testdata/objectives/train_steps.json; the constants below are those of testdata/gen/train_steps.py.
type goldenSteps struct {
	Losses        []float64          `json:"losses"`
	GradNorms     []float64          `json:"grad_norms"`
	LearningRates []float64          `json:"learning_rates"`
	Sums          map[string]float64 `json:"sums"`
	Layered       *goldenSteps       `json:"layered"` // with the rates of layeredRate
}

// layeredRate is layered of the script: the embeddings stand still, the first block until step 5.
func layeredRate(p models.Param, step int) float64 {
	if p.Layer == 0 || p.Layer == 1 && step < 5 {
		return 0
	}
	return math.Pow(0.5, float64(3-p.Layer))
}

func goldenConfig() Config {
	c := DefaultConfig()
	c.Steps, c.WarmupSteps, c.LearningRate, c.MinLearningRate = 10, 3, 2e-3, 2e-4
	c.AdamBeta2, c.MaxGradNorm, c.GradientAccumulationSteps, c.BlockSize = 0.95, 0.5, 2, 8
	return c
}

// Case: ten steps of AdamW with decay groups, clipping, warm-up, cosine and accumulation; again with a rate for each layer, some of them 0.
// Tolerances: losses 1e-6 relative, norms 1e-5, and the sum of each parameter's absolute values after them 1e-4.
func TestTenStepsEqualPyTorch(t *testing.T) {
	var want goldenSteps
	data, err := os.ReadFile("../../testdata/objectives/train_steps.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	useThreads(t, 1)
	t.Run("alike", func(t *testing.T) { tenSteps(t, want, nil) })
	t.Run("by layers", func(t *testing.T) { tenSteps(t, *want.Layered, layeredRate) })
}

func tenSteps(t *testing.T, want goldenSteps, rate func(models.Param, int) float64) {
	config := models.DefaultGPT()
	config.VocabSize, config.NumContext, config.Dim, config.NumLayers, config.NumHeads = 23, 12, 16, 2, 2
	model := newModel(t, config)
	loadWaves(t, model)
	before := map[string][]float64{}
	mustDo(t, func() {
		for p := range model.Params().All() {
			before[p.Name] = p.Tensor.Float64s()
		}
	})
	job := Job{Model: model, Objective: objectives.NextToken{}, Loss: loss.NextToken{}, Train: fakeBlocks{1}, Rate: rate}
	r, err := newRun(goldenConfig(), job)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	for i := range want.Losses {
		step := i + 1
		if err := r.train(step, goldenBatch(step)); err != nil {
			t.Fatal(err)
		}
		checkNear(t, "loss", step, r.loss, want.Losses[i], 1e-6)
		checkNear(t, "gradient norm", step, r.norm, want.GradNorms[i], 1e-5)
		checkNear(t, "learning rate", step, r.config.LearningRateAt(step), want.LearningRates[i], 1e-12)
	}
	mustDo(t, func() {
		for p := range model.Params().All() {
			after := p.Tensor.Float64s()
			if rate != nil && p.Layer == 0 && !slices.Equal(after, before[p.Name]) {
				t.Errorf("%s is frozen and changed", p.Name)
			}
			var sum float64
			for _, x := range after {
				sum += math.Abs(x)
			}
			tolerance := 1e-4
			if strings.HasSuffix(p.Name, "c_attn.bias") {
				tolerance = 1e-3 // softmax ignores the keys' bias: its gradient is 0, and AdamW follows the rounding of it
			}
			checkNear(t, p.Name, 10, sum, want.Sums[p.Name], tolerance)
		}
	})
}

func checkNear(t *testing.T, what string, step int, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance*math.Abs(want) {
		t.Errorf("step %d: %s %.8f, want %.8f", step, what, got, want)
	}
}

// goldenBatch is the two micro-batches of a step, of 3 and 4 rows.
func goldenBatch(step int) *stepData {
	data := &stepData{micro: make([]objectives.Batch, 2)}
	for micro := range data.micro {
		id := func(row, t int) int32 { return int32((step*31 + micro*17 + row*7 + t*t*(row+2)) % 23) }
		var seqs []objectives.Sequence
		for row := range 3 + micro {
			seq := objectives.Sequence{Next: id(row, 8)}
			for t := range 8 {
				seq.IDs = append(seq.IDs, id(row, t))
			}
			if row == 0 {
				seq.Next = objectives.IgnoreIndex
			}
			seqs = append(seqs, seq)
		}
		data.micro[micro].Reset()
		objectives.NextToken{}.Examples(&data.micro[micro], seqs, nil)
	}
	return data
}

// loadWaves gives a model the weights of the script: sine waves, numbered by the names in order.
func loadWaves(t *testing.T, model models.Model) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "waves.safetensors")
	mustDo(t, func() {
		if err := model.Params().Save(path); err != nil {
			t.Fatal(err)
		}
	})
	file, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tensors := slices.Clone(file.Tensors())
	slices.SortFunc(tensors, func(a, b safetensors.Tensor) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	var sources []safetensors.Source
	for k, tensor := range tensors {
		norm := isNormWeight(tensor.Name)
		var bytes []byte
		for i := range numEl(tensor.Shape) {
			x := 0.15 * math.Sin(0.7*float64(i)+0.013*float64(i)*float64(i)+float64(k))
			if norm {
				x++
			}
			bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(float32(x)))
		}
		sources = append(sources, safetensors.Source{Name: tensor.Name, DType: safetensors.F32, Shape: tensor.Shape, Data: bytes})
	}
	waves := filepath.Join(t.TempDir(), "waves.safetensors")
	if err := safetensors.Write(waves, sources, nil); err != nil {
		t.Fatal(err)
	}
	mustDo(t, func() {
		if err := model.Params().Load(waves); err != nil {
			t.Fatal(err)
		}
	})
}

func isNormWeight(name string) bool {
	return strings.HasSuffix(name, "weight") && (strings.Contains(name, "ln_") || strings.Contains(name, "norm"))
}

func numEl(shape []int64) int64 {
	n := int64(1)
	for _, s := range shape {
		n *= s
	}
	return n
}

// fakeBlocks has blocks of nothing, for tests that bring their own batches.
type fakeBlocks struct{ n int }

func (b fakeBlocks) Len() int { return b.n }

func (b fakeBlocks) Sequences(_ int, dst []objectives.Sequence) []objectives.Sequence { return dst }

// tinyModel makes a tinyGPT. Its layers are too small to be shared out: a second thread would only wait, and on a busy machine for long.
func tinyModel(t testing.TB) *models.GPT {
	useThreads(t, 1)
	return newModel(t, tinyGPT())
}

// newModel makes a model that is freed when the test ends.
func newModel(t testing.TB, config models.GPTConfig) *models.GPT {
	t.Helper()
	var model *models.GPT
	mustDo(t, func() {
		var err error
		if model, err = models.NewGPT(config, 1); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { mustDo(t, func() { model.Params().Free() }) })
	return model
}

// useThreads sets libtorch's threads until the test ends.
func useThreads(t testing.TB, n int) {
	mustDo(t, func() {
		before := torch.Threads()
		torch.SetThreads(n)
		t.Cleanup(func() { mustDo(t, func() { torch.SetThreads(before) }) })
	})
}

// mustDo runs f on libtorch's thread.
func mustDo(t testing.TB, f func()) {
	t.Helper()
	if err := torch.Do(func() error { f(); return nil }); err != nil {
		t.Fatal(err)
	}
}
