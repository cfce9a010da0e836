package models

import (
	"math"
	"slices"

	"github.com/go-cloze/cloze/models/torch"
)

// Attributed is what each token of a row gave to an output.
type Attributed struct {
	Tokens           []float64 // [T]; together they are Output - Baseline, but for the error of so many steps
	Output, Baseline float64   // of the row, and of the row of baseline tokens
}

// Explainer is a classifier that can say what its tokens gave.
type Explainer interface {
	// Attribute returns the integrated gradients (Sundararajan et al. 2017, eq. 1) of output class of a row, as a probability where problem makes it
	// one, with respect to the tokens' vectors in the token table: the path runs straight from the vectors of the row baseline, of the same length, to
	// those of ids, positions and segments being as they are, and is summed at the nodes of Gauss and Legendre, as captum does. Segments may be nil.
	Attribute(ids, baseline, segments []int32, problem string, class, steps int) Attributed
}

// explainTokens is how many tokens go through the network at once with a record for gradients, about 150 KB each of a MiniLM.
const explainTokens = 1024

// Attribute is part of Explainer. The network must have Config.Classes. Run it inside torch.Do.
func (m *BERT) Attribute(ids, baseline, segments []int32, problem string, class, steps int) Attributed {
	defer m.freeze()()
	words, blank := m.wordVectors(ids), m.wordVectors(baseline)
	way := make([]float64, len(words))
	for i := range way {
		way[i] = float64(words[i]) - float64(blank[i])
	}
	path := explainedPath{m, len(ids), segments, problem, class}
	ends := path.outputs(slices.Concat(blank, words))
	a := Attributed{Tokens: make([]float64, len(ids)), Baseline: float64(ends[0]), Output: float64(ends[1])}
	nodes, weights := legendre(steps)
	dim := m.Config.Dim
	for at, each := 0, max(1, explainTokens/len(ids)); at < steps; at += each {
		some := nodes[at:min(at+each, steps)]
		points := make([]float32, 0, len(some)*len(way))
		for _, alpha := range some {
			for i, w := range way {
				points = append(points, float32(float64(blank[i])+alpha*w))
			}
		}
		for i, g := range path.gradients(points) {
			a.Tokens[i%len(way)/dim] += weights[at+i/len(way)] * float64(g) * way[i%len(way)]
		}
	}
	return a
}

// freeze takes the parameters out of what gradients are computed for, until its answer is called.
func (m *BERT) freeze() (thaw func()) {
	var frozen []*torch.Tensor
	for p := range m.params.All() {
		if p.Tensor.RequiresGrad() {
			p.Tensor.SetRequiresGrad(false)
			frozen = append(frozen, p.Tensor)
		}
	}
	return func() {
		for _, t := range frozen {
			t.SetRequiresGrad(true)
		}
	}
}

// wordVectors are the rows of the token table for ids, [N,D].
func (m *BERT) wordVectors(ids []int32) (vectors []float32) {
	torch.Scope(func() {
		torch.NoGrad(func() { vectors = m.tokens.Forward(torch.FromInt32(ids, int64(len(ids)))).Float32s() })
	})
	return vectors
}

// explainedPath asks for one output of rows that differ in the vectors of their tokens alone.
type explainedPath struct {
	model    *BERT
	tokens   int
	segments []int32
	problem  string
	class    int
}

// outputs are those of rows of vectors [R,T,D].
func (p explainedPath) outputs(vectors []float32) (outputsR []float32) {
	torch.Scope(func() {
		torch.NoGrad(func() { outputsR = p.forward(p.leaf(vectors)).Float32s() })
	})
	return outputsR
}

// gradients are those of the outputs with respect to the vectors, [R,T,D].
func (p explainedPath) gradients(vectors []float32) (gradients []float32) {
	torch.Scope(func() {
		torch.WithGrad(func() {
			words := p.leaf(vectors).SetRequiresGrad(true)
			p.forward(words).Sum().Backward()
			gradients = words.Grad().Float32s()
		})
	})
	return gradients
}

func (p explainedPath) leaf(vectors []float32) *torch.Tensor {
	dim := p.model.Config.Dim
	return torch.FromFloat32(vectors, int64(len(vectors)/dim), int64(dim))
}

func (p explainedPath) forward(wordsND *torch.Tensor) *torch.Tensor {
	rows := int(wordsND.Size(0)) / p.tokens
	offsets := make([]int32, rows+1)
	for i := range offsets {
		offsets[i] = int32(i * p.tokens)
	}
	in := NewInput(make([]int32, rows*p.tokens), RowPositions(offsets), offsets, torch.CPU, false) // its ids are not looked at
	in.Segments = Kinds(slices.Repeat(p.segments, rows), torch.CPU)
	hidden := p.model.hiddenAtOf(p.model.embedOf(wordsND, in), in, torch.FromInt32(offsets[:rows], int64(rows)))
	logits := p.model.Classify(hidden, false)
	switch p.problem {
	case SingleLabel:
		logits = logits.Softmax(1)
	case MultiLabel:
		logits = logits.Sigmoid()
	}
	return logits.Select(1, int64(p.class))
}

// legendre returns the n nodes of Gauss's quadrature between 0 and 1 and their weights, which sum to 1: the roots of Legendre's polynomial by Newton's
// method (Abramowitz and Stegun 25.4.29), to about 1e-15.
func legendre(n int) (nodes, weights []float64) {
	nodes, weights = make([]float64, n), make([]float64, n)
	for i := range n {
		x := -math.Cos(math.Pi * (float64(i) + 0.75) / (float64(n) + 0.5))
		var slope float64
		for range 100 {
			value, before := 1.0, 0.0
			for k := range n { // the recurrence of the polynomials
				value, before = ((2*float64(k)+1)*x*value-float64(k)*before)/float64(k+1), value
			}
			slope = float64(n) * (x*value - before) / (x*x - 1)
			step := value / slope
			if x -= step; math.Abs(step) < 1e-15 {
				break
			}
		}
		nodes[i], weights[i] = (x+1)/2, 1/((1-x*x)*slope*slope)
	}
	return nodes, weights
}
