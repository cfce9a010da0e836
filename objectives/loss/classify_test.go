package loss

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
)

const classifyFolder = "../../testdata/models/classify_tiny"

// goldenClassify is what testdata/gen/models_classify.py wrote of one classifier.
type goldenClassify struct {
	IDs, Segments, Rows []int32
	Problem             string
	Logits              []float64
	Loss                float64
	GradNorm            float64 `json:"grad_norm"`
	Labels              json.RawMessage
}

// batch is the rows of the golden, packed.
func (g goldenClassify) batch(t *testing.T) *objectives.Batch {
	t.Helper()
	labels := make([]objectives.Label, len(g.Rows))
	var values []float32
	var sets [][]float64
	switch g.Problem {
	case models.MultiLabel:
		if err := json.Unmarshal(g.Labels, &sets); err != nil {
			t.Fatal(err)
		}
		for r, set := range sets {
			for class, in := range set {
				if in == 1 {
					labels[r].Classes = append(labels[r].Classes, int32(class))
				}
			}
		}
	default:
		if err := json.Unmarshal(g.Labels, &values); err != nil {
			t.Fatal(err)
		}
		for r, x := range values {
			labels[r].Value = x
			if g.Problem == models.SingleLabel {
				labels[r] = objectives.Label{Class: int32(x)}
			}
		}
	}
	var seqs []objectives.Sequence
	at := int32(0)
	for r, n := range g.Rows {
		q := objectives.Sequence{IDs: g.IDs[at : at+n], Label: labels[r]}
		if g.Segments != nil {
			for _, s := range g.Segments[at : at+n] {
				q.Segments = append(q.Segments, int8(s))
			}
		}
		seqs, at = append(seqs, q), at+n
	}
	b := new(objectives.Batch)
	b.Reset()
	objectives.Classify{}.Examples(b, seqs, nil)
	return b
}

// eachClassifier runs f for every golden network.
func eachClassifier(t *testing.T, f func(t *testing.T, name string, g goldenClassify, m models.Network)) {
	t.Helper()
	data, err := os.ReadFile(classifyFolder + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var goldens struct{ Models map[string]goldenClassify }
	if err := json.Unmarshal(data, &goldens); err != nil {
		t.Fatal(err)
	}
	if len(goldens.Models) != 6 {
		t.Fatalf("%d goldens", len(goldens.Models))
	}
	for name, g := range goldens.Models {
		t.Run(name, func(t *testing.T) {
			err := torch.Do(func() error {
				torch.SetThreads(1) // the model is too small to be shared out
				config, err := models.ReadConfig(filepath.Join(classifyFolder, name, "config.json"))
				if err != nil {
					return err
				}
				m, err := models.Load(config, filepath.Join(classifyFolder, name, "model.safetensors"))
				if err != nil {
					return err
				}
				defer m.Params().Free()
				f(t, name, g, m)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Tolerances: the loss 1e-5 relative, each gradient 1e-4 of its length, the norm 1e-4.
func TestClassifyEqualsTransformers(t *testing.T) {
	eachClassifier(t, func(t *testing.T, name string, g goldenClassify, m models.Network) {
		term := Classify{Problem: g.Problem}.Terms(m, g.batch(t))[0]
		near(t, "the loss", term.Sum.Item()/term.Count, g.Loss, 1e-5)
		term.Sum.MulScalar(1 / term.Count).Backward()
		gradients, err := safetensors.Open(filepath.Join(classifyFolder, name, "gradients.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		defer gradients.Close()
		compareGradients(t, m, gradients)
		var params []*torch.Tensor
		for p := range m.Params().All() {
			params = append(params, p.Tensor)
		}
		near(t, "the gradient norm", torch.GradNorm(params), g.GradNorm, 1e-4)
	})
}

// Weights, smoothing and focus beside the formulas on the golden logits, in float64. Tolerance 1e-5 relative.
func TestClassifyWeighsSmoothsAndFocuses(t *testing.T) {
	eachClassifier(t, func(t *testing.T, name string, g goldenClassify, m models.Network) {
		if g.Problem != models.SingleLabel {
			return
		}
		b := g.batch(t)
		for _, l := range []Classify{
			{Problem: g.Problem, Weights: []float64{0.5, 2, 3}}, {Problem: g.Problem, Smoothing: 0.2}, {Problem: g.Problem, FocalGamma: 2},
			{Problem: g.Problem, Weights: []float64{1, 0, 4}, Smoothing: 0.1},
		} {
			var sum, count float64
			for r, label := range b.Labels {
				row := g.Logits[3*r : 3*r+3]
				total := math.Exp(row[0]) + math.Exp(row[1]) + math.Exp(row[2])
				for class, x := range row {
					p := math.Exp(x) / total
					share := l.Smoothing / 3
					if int(label.Class) == class {
						share += 1 - l.Smoothing
						count += l.weight(class)
					}
					sum -= share * l.weight(class) * math.Pow(1-p, l.FocalGamma) * math.Log(p)
				}
			}
			term := l.Terms(m, b)[0]
			near(t, "the sum", term.Sum.Item(), sum, 1e-5)
			near(t, "the count", term.Count, count, 1e-12)
		}
	})
}
