package loss

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
)

const maskedFolder = "../../testdata/objectives/bert_masked"

// goldenMasked is testdata/objectives/masked.json, made by testdata/gen/objectives_masked.py.
type goldenMasked struct {
	Rows, Labels, Segments [][]int32
	Pairs                  []int32
	Masked, Sentence       float64
	GradNorm               float64   `json:"grad_norm"`
	MaskedSteps            []float64 `json:"masked_steps"`
	BothSteps              []float64 `json:"both_steps"`
}

func readMasked(t *testing.T) (g goldenMasked) {
	t.Helper()
	data, err := os.ReadFile("../../testdata/objectives/masked.json")
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// batch is rows of the golden as a packed batch.
func (g goldenMasked) batch(rows ...int) *objectives.Batch {
	b := new(objectives.Batch)
	b.Reset()
	for _, r := range rows {
		for i, id := range g.Rows[r] {
			b.IDs, b.Positions = append(b.IDs, id), append(b.Positions, int32(i))
			b.Targets, b.Segments = append(b.Targets, g.Labels[r][i]), append(b.Segments, g.Segments[r][i])
			if g.Labels[r][i] != objectives.IgnoreIndex {
				b.Counted++
			}
		}
		b.RowOffsets = append(b.RowOffsets, int32(len(b.IDs)))
		b.Labels = append(b.Labels, objectives.Label{Class: g.Pairs[r]})
	}
	return b
}

// withBERT runs f with the golden network.
func withBERT(t *testing.T, f func(m models.Network)) {
	t.Helper()
	err := torch.Do(func() error {
		torch.SetThreads(1) // the model is too small to be shared out
		config, err := models.ReadConfig(filepath.Join(maskedFolder, "config.json"))
		if err != nil {
			return err
		}
		m, err := models.Load(config, filepath.Join(maskedFolder, "model.safetensors"))
		if err != nil {
			return err
		}
		defer m.Params().Free()
		f(m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
		t.Errorf("%s is %.8f, want %.8f", what, got, want)
	}
}

// Tolerances: losses 1e-5 relative, each gradient 1e-4 of its length, the norm of both terms' together 1e-5.
func TestMaskedTokenEqualsTransformers(t *testing.T) {
	g := readMasked(t)
	gradients, err := safetensors.Open(filepath.Join(maskedFolder, "gradients.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer gradients.Close()
	withBERT(t, func(m models.Network) {
		terms := MaskedToken{Sentence: "next-sentence"}.Terms(m, g.batch(0, 1, 2, 3))
		if len(terms) != 2 || terms[1].Count != 4 || terms[1].Name != "next-sentence" {
			t.Fatalf("terms %+v", terms)
		}
		near(t, "the masked-token loss", terms[0].Sum.Item()/terms[0].Count, g.Masked, 1e-5)
		near(t, "the next-sentence loss", terms[1].Sum.Item()/terms[1].Count, g.Sentence, 1e-5)
		terms[0].Sum.MulScalar(1 / terms[0].Count).BackwardKeep()
		compareGradients(t, m, gradients)
		terms[1].Sum.MulScalar(1 / terms[1].Count).Backward()
		var params []*torch.Tensor
		for p := range m.Params().All() {
			params = append(params, p.Tensor)
		}
		near(t, "the gradient norm", torch.GradNorm(params), g.GradNorm, 1e-5)
	})
}

// compareGradients compares those of the encoder's tensors that a file holds under the same name; the network holds queries, keys and values in one.
func compareGradients(t *testing.T, m models.Network, want *safetensors.File) {
	t.Helper()
	compared := 0
	for p := range m.Params().All() {
		tensor, ok := want.Tensor(p.Name)
		if !ok {
			continue
		}
		grad := p.Tensor.Grad()
		if grad == nil {
			t.Errorf("%s has no gradient", p.Name)
			continue
		}
		data, err := tensor.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		var difference, length float64
		for i, x := range grad.Float32s() {
			difference += math.Pow(float64(x-data[i]), 2)
			length += math.Pow(float64(data[i]), 2)
		}
		if math.Sqrt(difference) > 1e-4*math.Sqrt(length) {
			t.Errorf("the gradient of %s is off by %.2g of its length", p.Name, math.Sqrt(difference/length))
		}
		compared++
	}
	if compared < 20 {
		t.Errorf("only %d gradients compared", compared)
	}
}

// Case C67: a batch that asks for nothing has sums and counts of zero, of finite numbers, with and without sentences.
func TestMaskedTokenOfNothingIsZero(t *testing.T) {
	g := readMasked(t)
	b := g.batch(1)
	for i := range b.Targets {
		b.Targets[i] = objectives.IgnoreIndex
	}
	b.Counted, b.Labels[0].Class = 0, objectives.IgnoreIndex
	withBERT(t, func(m models.Network) {
		for _, term := range (MaskedToken{Sentence: "sentence-order"}).Terms(m, b) {
			if term.Sum.Item() != 0 || term.Count != 0 {
				t.Errorf("%s: sum %v, count %v, want zeros", term.Name, term.Sum.Item(), term.Count)
			}
		}
		b.Labels[0].Class = 1
		terms := MaskedToken{Sentence: "sentence-order"}.Terms(m, b)
		if terms[0].Count != 0 || terms[0].Sum.Item() != 0 || !(terms[1].Sum.Item() > 0) || terms[1].Count != 1 {
			t.Errorf("terms %+v, want the second alone", terms)
		}
	})
}

// What else is in a batch changes nothing: the sum of a batch is that of its rows. Tolerance 1e-5 relative.
func TestMaskedTokenIsTheSumOfItsRows(t *testing.T) {
	g := readMasked(t)
	withBERT(t, func(m models.Network) {
		var sum, count float64
		for r := range g.Rows {
			term := MaskedToken{}.Terms(m, g.batch(r))[0]
			sum, count = sum+term.Sum.Item(), count+term.Count
		}
		whole := MaskedToken{}.Terms(m, g.batch(0, 1, 2, 3))[0]
		near(t, "the sum", whole.Sum.Item(), sum, 1e-5)
		near(t, "the count", whole.Count, count, 0)
	})
}

// Both halves together: what the objective makes the loss can take, and the same draws give the same bits.
func TestMaskedTokenSameSeedSameBits(t *testing.T) {
	config := objectives.DefaultMask()
	config.MLMProbability = 0.5
	objective, err := objectives.NewMaskedToken(config, objectives.Roles{CLS: 1, SEP: 2, Mask: 3, EndOfText: 2, Special: []int32{0}, VocabSize: 61})
	if err != nil {
		t.Fatal(err)
	}
	withBERT(t, func(m models.Network) {
		var sums []float64
		for range 2 {
			var b objectives.Batch
			b.Reset()
			rng := rand.New(rand.NewPCG(1, 2))
			objective.Examples(&b, []objectives.Sequence{{IDs: []int32{2, 9, 8, 7, 6, 5, 4, 10, 11, 12, 13}}, {IDs: []int32{30, 31, 32, 33, 34, 35}}}, rng)
			sums = append(sums, MaskedToken{}.Terms(m, &b)[0].Sum.Item())
		}
		if sums[0] != sums[1] || sums[0] == 0 {
			t.Errorf("the same seed gives %v and %v", sums[0], sums[1])
		}
	})
}
