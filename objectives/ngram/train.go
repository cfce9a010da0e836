package ngram

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/go-cloze/cloze/embeddings/fasttext"
)

// Progress is where a training is.
type Progress struct {
	Epoch int     // from 1
	Done  float64 // share of the whole
	Loss  float64 // mean over the epoch's texts so far, nats
}

// Result is what a training did.
type Result struct {
	Words    int       `json:"words"`    // in the dictionary
	Features int       `json:"features"` // words, pieces and n-grams that occur
	Rows     int       `json:"rows"`     // vectors that were trained for them
	Losses   []float64 `json:"losses"`   // mean of each epoch, nats
}

// Train trains a classifier. weights [C] multiply what an example of a label counts; nil is 1 for each. The names of the labels must stay
// different when blanks in them become hyphens, since a .bin has none. progress, unless nil, is called now and then.
func Train(ctx context.Context, examples []Example, labels []string, weights []float64, c Config, seed uint64, progress func(Progress)) (*fasttext.Model, Result, error) {
	if err := c.Validate(); err != nil {
		return nil, Result{}, err
	}
	if len(examples) == 0 || len(labels) == 0 {
		return nil, Result{}, fmt.Errorf("%d texts and %d labels; nothing can be learnt", len(examples), len(labels))
	}
	dict, err := dictionary(examples, labels, c)
	if err != nil {
		return nil, Result{}, fmt.Errorf("the labels or words cannot stand in a fastText model: %w", err)
	}
	t := newTrainer(group(examples, dict, ptr(c.args())), examples, len(labels), weights, c, seed)
	result := Result{Words: len(dict.Words), Rows: len(t.size)}
	for _, g := range t.index {
		if g >= 0 {
			result.Features++
		}
	}
	for epoch := range c.Epochs {
		loss, err := t.epoch(ctx, epoch, progress)
		if err != nil {
			return nil, result, err
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return nil, result, fmt.Errorf("the loss is %v in epoch %d; lower ngram.lr, which is %g", loss, epoch+1, c.LR)
		}
		result.Losses = append(result.Losses, loss)
	}
	a := c.args()
	input := &fasttext.Matrix{Rows: len(t.index), Cols: c.Dim, Data: t.packed(t.rows), Index: t.index}
	output := &fasttext.Matrix{Rows: len(labels), Cols: c.Dim, Data: t.packed(t.output)}
	return &fasttext.Model{Args: a, Dictionary: dict, Input: input, Output: output}, result, nil
}

func ptr[T any](x T) *T { return &x }

// trainer holds what the steps change. Rows are padded with zeros to stride floats, whole cache lines.
type trainer struct {
	*grouped
	c        Config
	seed     uint64
	examples []Example
	weights  []float64
	stride   int
	rows     []float32 // [G,stride]
	output   []float32 // [C,stride]
	hidden   []float32 // [stride]
	gradient []float32 // [stride]
	scores   []float32 // [C]
}

// newTrainer draws the rows: uniform in ±1/D for a feature, so that h begins as small as the original's. A group's is shorter by the root of its
// size, since the sum of so many independent draws would be. The output begins at zero.
func newTrainer(g *grouped, examples []Example, labels int, weights []float64, c Config, seed uint64) *trainer {
	t := &trainer{grouped: g, c: c, seed: seed, examples: examples, weights: weights, stride: (c.Dim + 15) &^ 15}
	t.rows = make([]float32, len(g.size)*t.stride)
	t.output = make([]float32, labels*t.stride)
	t.hidden, t.gradient, t.scores = make([]float32, t.stride), make([]float32, t.stride), make([]float32, labels)
	if weights == nil {
		t.weights = make([]float64, labels)
		for i := range t.weights {
			t.weights[i] = 1
		}
	}
	rng := rand.New(rand.NewPCG(seed, 0x9a3))
	for i, n := range g.size {
		width := 1 / (float32(c.Dim) * float32(math.Sqrt(float64(n))))
		row := t.rows[i*t.stride:][:c.Dim]
		for j := 0; j < len(row); j += 2 { // two of 24 bits from each draw of 64
			x := rng.Uint64()
			row[j] = (float32(x>>40)*0x1p-23 - 1) * width
			if j+1 < len(row) {
				row[j+1] = (float32(x&0xffffff)*0x1p-23 - 1) * width
			}
		}
	}
	return t
}

// packed is a matrix without the padding.
func (t *trainer) packed(m []float32) []float32 {
	n := len(m) / t.stride
	for i := range n {
		copy(m[i*t.c.Dim:(i+1)*t.c.Dim], m[i*t.stride:])
	}
	return m[: n*t.c.Dim : n*t.c.Dim]
}

// epoch passes over all examples once, in an order drawn from seed and epoch or in theirs.
func (t *trainer) epoch(ctx context.Context, epoch int, progress func(Progress)) (float64, error) {
	rng := rand.New(rand.NewPCG(t.seed, uint64(epoch)))
	order := rng.Perm(len(t.examples))
	if !t.c.Shuffle {
		slices.Sort(order)
	}
	loss, counted := 0.0, 0.0
	for done, i := range order {
		share := (float64(epoch) + float64(done)/float64(len(order))) / float64(t.c.Epochs)
		if done%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if progress != nil {
				progress(Progress{Epoch: epoch + 1, Done: share, Loss: loss / max(counted, 1)})
			}
		}
		labels := t.examples[i].Labels
		if t.total[i] == 0 || len(labels) == 0 && t.c.Loss != "ova" {
			continue
		}
		lr := t.c.LR * (1 - share)
		loss += t.step(i, labels, lr, rng)
		counted++
	}
	return loss / max(counted, 1), nil
}

// step learns from example i and returns its loss before. With h the mean of the rows, o the output and p what is predicted:
//
//	∂loss/∂o_c = (p_c - y_c) h    ∂loss/∂row = Σ (p_c - y_c) o_c / n
func (t *trainer) step(i int, labels []int, lr float64, rng *rand.Rand) float64 {
	list := t.list[t.start[i]:t.start[i+1]]
	inverse := 1 / t.total[i]
	sumRows(t.hidden, t.rows, list, t.size)
	for j := range t.hidden {
		t.hidden[j] *= inverse
	}
	for c := range t.scores {
		t.scores[c] = dot(t.hidden, t.output[c*t.stride:][:t.stride])
	}
	var loss, weight float64
	if t.c.Loss == "ova" {
		loss, weight = t.sigmoids(labels)
	} else {
		label := labels[0]
		if len(labels) > 1 { // of several labels one is drawn, as in the original
			label = labels[rng.IntN(len(labels))]
		}
		loss, weight = softmaxLoss(t.scores, label), t.weights[label]
	}
	// The scores are y - p now.
	clear(t.gradient)
	for c, s := range t.scores {
		alpha := float32(lr*weight) * s
		addScaled(t.gradient, t.output[c*t.stride:][:t.stride], alpha)
		addScaled(t.output[c*t.stride:][:t.stride], t.hidden, alpha)
	}
	for j := range t.gradient {
		t.gradient[j] *= inverse
	}
	addToRows(t.rows, list, t.gradient)
	return loss
}

// softmaxLoss turns scores into y - p, and returns -ln p of the label.
func softmaxLoss(scores []float32, label int) float64 {
	largest, sum := scores[0], 0.0
	for _, s := range scores {
		largest = max(largest, s)
	}
	own := float64(scores[label] - largest)
	for c, s := range scores {
		e := math.Exp(float64(s - largest))
		scores[c] = float32(e)
		sum += e
	}
	for c := range scores {
		scores[c] = -scores[c] / float32(sum)
	}
	scores[label]++
	return math.Log(sum) - own
}

// sigmoids turns scores into y - p of each label by itself, an own label's times its weight, and returns the sum of their losses.
func (t *trainer) sigmoids(labels []int) (loss, weight float64) {
	at := 0
	for c, s := range t.scores {
		own := at < len(labels) && labels[at] == c
		x, w := float64(s), 1.0
		if own {
			at++
			x, w = -x, t.weights[c]
		}
		// -ln σ(-x) = ln(1+e^x), without overflow.
		loss += w * (max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))))
		wrong := float32(w / (1 + math.Exp(-x)))
		if own {
			t.scores[c] = wrong
		} else {
			t.scores[c] = -wrong
		}
	}
	return loss, 1
}
