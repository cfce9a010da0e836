package torch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
)

// wordCase is a form of the objective.
type wordCase struct {
	dim, window, negative                   int
	cbow, hierarchical, sub, positions, cut bool
	threads                                 int
}

func (c wordCase) String() string {
	return fmt.Sprintf("dim=%d window=%d negative=%d cbow=%v hs=%v sub-words=%v positions=%v sampled=%v threads=%d",
		c.dim, c.window, c.negative, c.cbow, c.hierarchical, c.sub, c.positions, c.cut, c.threads)
}

const testWords = 23

// model makes random tables, noise and paths for testWords words.
func (c wordCase) model() *WordVectors {
	r := rand.New(rand.NewPCG(5, 7))
	table := func(rows, dim int, mean, spread float64) *Tensor {
		data := make([]float32, rows*WordStride(dim))
		for i := range data {
			if i%WordStride(dim) < dim {
				data[i] = float32(mean + spread*r.NormFloat64())
			}
		}
		return FromFloat32(data, int64(rows), int64(WordStride(dim)))
	}
	w := &WordVectors{Dim: c.dim, Stride: WordStride(c.dim), Window: c.window, Negative: c.negative, CBOW: c.cbow, Hierarchical: c.hierarchical, Threads: c.threads}
	rows := testWords
	if c.sub { // word i has its own row and up to 8 of 40 others, one of them twice
		rows += 40
		w.RowOffsets = []int64{0}
		for i := range testWords {
			w.RowIDs = append(w.RowIDs, int32(i))
			for range i % 9 {
				w.RowIDs = append(w.RowIDs, int32(testWords+r.IntN(40)))
			}
			if i%9 > 2 {
				w.RowIDs = append(w.RowIDs, w.RowIDs[len(w.RowIDs)-1])
			}
			w.RowOffsets = append(w.RowOffsets, int64(len(w.RowIDs)))
		}
	}
	w.Input, w.Output = table(rows, c.dim, 0, 0.3), table(testWords, c.dim, 0, 0.3)
	if c.positions {
		w.PositionWeights = table(2*c.window, c.dim, 1, 0.3)
	}
	if c.cut {
		for i := range testWords {
			w.Keep = append(w.Keep, math.MaxUint32/testWords*uint32(i+1))
		}
	}
	if !c.hierarchical {
		for range testWords {
			w.Noise = append(w.Noise, uint64(r.Uint32())<<32|uint64(r.IntN(testWords)))
		}
		return w
	}
	w.CodeOffsets = []int64{0}
	for i := range testWords { // leaves of a heap
		for node := testWords - 1 + i; node > 0; node = (node - 1) / 2 {
			w.Codes, w.Points = append(w.Codes, uint8(node&1)), append(w.Points, int32((node-1)/2))
		}
		w.CodeOffsets = append(w.CodeOffsets, int64(len(w.Codes)))
	}
	return w
}

// prediction is one term of the loss: the mean of rows of Input, weighted by rows of PositionWeights, and rows of Output with their labels.
type prediction struct {
	rows, places, out []int32
	signs             []float64
}

// wordReference draws what the kernel draws, and keeps what is predicted instead of learning it.
type wordReference struct {
	*WordVectors
	rng   uint64
	queue []int32
	terms []prediction
}

func (w *wordReference) draw() uint64 {
	w.rng += 0x9e3779b97f4a7c15
	z := w.rng
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (w *wordReference) noise() int32 {
	r := w.draw()
	i := r >> 32 * uint64(len(w.Noise)) >> 32
	if r&math.MaxUint32 < w.Noise[i]>>32 {
		return int32(i)
	}
	return int32(w.Noise[i] & math.MaxUint32)
}

// outputs are what the prediction of a word multiplies with.
func (w *wordReference) outputs(word int32) (out []int32, signs []float64) {
	if w.Hierarchical {
		for i := w.CodeOffsets[word]; i < w.CodeOffsets[word+1]; i++ {
			out, signs = append(out, w.Points[i]), append(signs, 1-2*float64(w.Codes[i]))
		}
		return
	}
	out, signs = append(out, word), append(signs, 1)
	for range w.Negative {
		id := w.queue[0]
		w.queue = append(w.queue[1:], w.noise())
		if id != word {
			out, signs = append(out, id), append(signs, -1)
		}
	}
	return
}

func (w *wordReference) rows(word int32) []int32 {
	if w.RowOffsets == nil {
		return []int32{word}
	}
	return w.RowIDs[w.RowOffsets[word]:w.RowOffsets[word+1]]
}

// place adds the predictions of place i of a sentence.
func (w *wordReference) place(s []int32, i int) {
	around := w.draw() >> 32 * uint64(w.Window) >> 32
	var places []int
	for j := max(0, i-1-int(around)); j <= min(len(s)-1, i+1+int(around)); j++ {
		if j != i {
			places = append(places, j)
		}
	}
	if len(places) == 0 {
		return
	}
	switch {
	case w.CBOW:
		var p prediction
		for _, j := range places {
			weight := w.Window + j - i
			if j > i {
				weight--
			}
			for _, row := range w.rows(s[j]) {
				p.rows, p.places = append(p.rows, row), append(p.places, int32(weight))
			}
		}
		p.out, p.signs = w.outputs(s[i])
		w.terms = append(w.terms, p)
	default:
		for left := len(places); left > 0; {
			groups := (left + 5) / 6
			n := (left + groups - 1) / groups
			out, signs := w.outputs(s[i])
			for _, j := range places[:n] {
				w.terms = append(w.terms, prediction{rows: w.rows(s[j]), out: out, signs: signs})
			}
			places, left = places[n:], left-n
		}
	}
}

func (w *wordReference) all(tokens, ends []int32) {
	for range 16 {
		if !w.Hierarchical {
			w.queue = append(w.queue, w.noise())
		}
	}
	from := int32(0)
	for _, end := range ends {
		var s []int32
		for _, id := range tokens[from:end] {
			if w.Keep == nil || uint32(w.draw()>>32) <= w.Keep[id] {
				s = append(s, id)
			}
		}
		for i := range s {
			w.place(s, i)
		}
		from = end
	}
}

// loss is the objective on libtorch in float64, differentiable by the three tables. The gradient of a mean goes to its rows as that of a
// sum would; that of position weights is the true one.
func (w *wordReference) loss(input, output, positions *Tensor) *Tensor {
	total := Zeros(Float64, CPU)
	for _, p := range w.terms {
		rows := input.IndexSelect(0, FromInt32(p.rows, int64(len(p.rows))))
		share := 1 / float64(len(p.rows))
		hidden := rows.SumDims(false, 0)
		mean := rows.MeanDims(false, 0)
		if positions != nil {
			weights := positions.IndexSelect(0, FromInt32(p.places, int64(len(p.places))))
			mean = weights.Mul(rows).MeanDims(false, 0)
			hidden = weights.Detach().Mul(rows).SumDims(false, 0).Add(weights.Mul(rows.Detach()).SumDims(false, 0).MulScalar(share))
		}
		hidden = hidden.Add(mean.Sub(hidden).Detach()) // the value is the mean
		z := output.IndexSelect(0, FromInt32(p.out, int64(len(p.out)))).MatMul(hidden)
		total = total.Sub(z.Mul(FromFloat64(p.signs, int64(len(p.signs)))).Sigmoid().Log().Sum())
	}
	return total
}

var wordSentences = func() (tokens, ends []int32) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 30, 0, 7, 3} {
		for range n {
			tokens = append(tokens, int32(r.IntN(testWords)))
		}
		ends = append(ends, int32(len(tokens)))
	}
	return
}

func eachWordKernel(t *testing.T, f func(t *testing.T)) {
	defer wordKernels(1)
	for most := range 2 {
		t.Run(fmt.Sprintf("kernels%d", most), func(t *testing.T) {
			if wordKernels(most) != most {
				t.Skip("this processor has no AVX2")
			}
			f(t)
		})
	}
}

// A pass at a rate of 0 gives the loss of libtorch. A pass at a small rate changes each table by its gradient times the rate, but for
// what predictions see of the updates before them, a series in the rate whose next two terms three rates remove (Richardson). Tolerances: loss 1e-6
// of itself; gradients 2e-3 of the largest (numbers near 1 that change by 2e-3 times a gradient, in dozens of roundings).
func TestWordVectorsLossAndGradientsEqualAutograd(t *testing.T) {
	tokens, ends := wordSentences()
	eachWordKernel(t, func(t *testing.T) {
		for _, c := range []wordCase{
			{dim: 8, window: 3, negative: 5}, {dim: 5, window: 1, negative: 1}, {dim: 100, window: 5, negative: 5, cut: true},
			{dim: 17, window: 1, negative: 70}, {dim: 17, window: 9, negative: 3}, {dim: 20, window: 4, hierarchical: true},
			{dim: 8, window: 7, hierarchical: true, sub: true, cut: true},
			{dim: 24, window: 3, negative: 4, sub: true}, {dim: 9, window: 5, negative: 5, cbow: true}, {dim: 30, window: 2, hierarchical: true, cbow: true},
			{dim: 12, window: 4, negative: 5, cbow: true, sub: true}, {dim: 16, window: 3, negative: 5, cbow: true, positions: true, cut: true},
			{dim: 20, window: 4, hierarchical: true, threads: 2}, {dim: 30, window: 2, hierarchical: true, cbow: true, threads: 20},
			{dim: 33, window: 5, cbow: true, hierarchical: true, sub: true, positions: true}, {dim: 1, window: 5, negative: 2, cbow: true, positions: true},
		} {
			do(t, func() {
				start := c.model()
				if err := start.Check(); err != nil {
					t.Fatal(err)
				}
				reference := &wordReference{WordVectors: start, rng: 42}
				reference.all(tokens, ends)
				leaves := doubles(start)
				want := reference.loss(leaves[0], leaves[1], leaves[2])
				want.Backward()
				rng := uint64(42)
				loss, terms := c.model().Train(tokens, ends, 0, &rng)
				if terms != int64(len(reference.terms)) || rng != reference.rng || !(math.Abs(loss-want.Item()) < 1e-6*want.Item()) {
					t.Errorf("%v: loss %v of %d terms, want %v of %d; draws end at %x, want %x", c, loss, terms, want.Item(), len(reference.terms), rng, reference.rng)
				}
				descent := func(lr float32) [3]*Tensor {
					w, rng := c.model(), uint64(42)
					w.Train(tokens, ends, lr, &rng)
					changed := doubles(w)
					for i, x := range changed {
						if x != nil {
							changed[i] = leaves[i].Sub(x).MulScalar(1 / float64(lr))
						}
					}
					return changed
				}
				lr := 8e-3 * 5 / float32(max(c.negative, 5))
				whole, half, quarter := descent(lr), descent(lr/2), descent(lr/4)
				for i, x := range leaves {
					if x == nil {
						continue
					}
					got := quarter[i].MulScalar(8).Sub(half[i].MulScalar(6)).Add(whole[i]).MulScalar(1. / 3)
					if err := nearLargest(got.Float64s(), x.Grad().Float64s(), 2e-3); err != nil {
						t.Errorf("%v: table %d: %v", c, i, err)
					}
				}
			})
		}
	})
}

// doubles are the tables in float64, as leaves of a graph.
func doubles(w *WordVectors) (leaves [3]*Tensor) {
	for i, x := range []*Tensor{w.Input, w.Output, w.PositionWeights} {
		if x != nil {
			leaves[i] = x.To(Float64).Detach().SetRequiresGrad(true)
		}
	}
	return
}

// A delta's changes are those of Train where one goroutine trains, to rounding; those of two are the sum of both.
func TestWordDeltaAddsWhatTrainChanges(t *testing.T) {
	tokens, ends := wordSentences()
	for _, c := range []wordCase{
		{dim: 20, window: 5, negative: 5, cut: true}, {dim: 20, window: 5, negative: 5, sub: true}, {dim: 20, window: 3, hierarchical: true, cbow: true, positions: true},
	} {
		do(t, func() {
			direct, apart := c.model(), c.model()
			start := apart.Input.Float32s()
			d := apart.NewDelta()
			defer d.Free()
			for round := range 3 {
				a, b := uint64(round), uint64(round)
				loss, terms := direct.Train(tokens, ends, 0.05, &a)
				gotLoss, gotTerms := d.Train(tokens, ends, 0.05, &b)
				if loss == 0 || math.Abs(gotLoss-loss) > 1e-4*loss || gotTerms != terms || a != b {
					t.Errorf("%v: loss %v of %d, want %v of %d", c, gotLoss, gotTerms, loss, terms)
				}
				if round == 0 {
					if err := near(float64sOf(apart.Input.Float32s()), float64sOf(start), 0); err != nil {
						t.Errorf("%v: the delta changed the tables: %v", c, err)
					}
				}
				AddDeltas([]*WordDelta{d}, 0.05)
				for i, want := range []*Tensor{direct.Input, direct.Output} {
					if err := nearLargest([]*Tensor{apart.Input, apart.Output}[i].Float64s(), want.Float64s(), 1e-5); err != nil {
						t.Errorf("%v: round %d, table %d: %v", c, round, i, err)
					}
				}
			}
			AddDeltas([]*WordDelta{d}, 0.05) // of nothing
		})
	}
}

func float64sOf(s []float32) []float64 {
	r := make([]float64, len(s))
	for i, x := range s {
		r[i] = float64(x)
	}
	return r
}

// Two goroutines in rounds of deltas give the same bits whenever they run; one goroutine does so without deltas.
func TestWordDeltasGiveTheSameBits(t *testing.T) {
	tokens, ends := wordSentences()
	run := func(w *WordVectors) []float32 {
		deltas := []*WordDelta{w.NewDelta(), w.NewDelta()}
		states := []uint64{1, 2}
		for range 20 {
			var wg sync.WaitGroup
			for i, d := range deltas {
				wg.Go(func() { d.Train(tokens, ends, 0.05, &states[i]) })
			}
			wg.Wait()
			AddDeltas(deltas, 0.05)
		}
		for _, d := range deltas {
			d.Free()
		}
		return w.Input.Float32s()
	}
	do(t, func() {
		c := wordCase{dim: 20, window: 5, negative: 5, cut: true}
		first, second := run(c.model()), run(c.model())
		for i := range first {
			if math.Float32bits(first[i]) != math.Float32bits(second[i]) {
				t.Fatalf("number %d is %v, then %v", i, first[i], second[i])
			}
		}
	})
}

// Training learns: of sentences whose words stand in a ring, the loss falls far and neighbours come near.
func TestWordVectorsLearnARing(t *testing.T) {
	var tokens, ends []int32
	for i := range 2000 {
		for j := range 8 {
			tokens = append(tokens, int32((i*5+j)%testWords))
		}
		ends = append(ends, int32(len(tokens)))
	}
	do(t, func() {
		for _, c := range []wordCase{{dim: 16, window: 2, negative: 5}, {dim: 16, window: 2, hierarchical: true}, {dim: 16, window: 2, negative: 5, cbow: true},
			{dim: 16, window: 2, negative: 5, sub: true}, {dim: 16, window: 2, hierarchical: true, threads: 2}} {
			w := c.model()
			w.Noise = nil
			for i := range testWords {
				w.Noise = append(w.Noise, math.MaxUint32<<32|uint64(i))
			}
			rng := uint64(1)
			var means []float64
			for _, lr := range []float32{0, 0.05, 0.01, 0} {
				loss, terms := w.Train(tokens, ends, lr, &rng)
				means = append(means, loss/float64(terms))
			}
			if !(means[3] < 0.5*means[0]) {
				t.Errorf("%v: mean losses of the passes %v", c, means)
			}
		}
	})
}

func TestWordVectorsCheckRefusesWhatDoesNotFit(t *testing.T) {
	do(t, func() {
		for name, spoil := range map[string]func(w *WordVectors){
			"stride":   func(w *WordVectors) { w.Stride = 8 },
			"input":    func(w *WordVectors) { w.Input = w.Input.Narrow(0, 0, 3) },
			"output":   func(w *WordVectors) { w.Output = w.Output.To(Float64) },
			"position": func(w *WordVectors) { w.PositionWeights = w.Output.Narrow(0, 0, 1) },
			"noise":    func(w *WordVectors) { w.Noise[3] = testWords },
			"keep":     func(w *WordVectors) { w.Keep = make([]uint32, 2) },
			"row":      func(w *WordVectors) { w.RowIDs[4] = 63 },
			"offsets":  func(w *WordVectors) { w.RowOffsets[4] = 1000 },
			"window":   func(w *WordVectors) { w.Window = 0 },
		} {
			w := wordCase{dim: 20, window: 2, negative: 5, sub: true}.model()
			if err := w.Check(); err != nil {
				t.Fatal(err)
			}
			if spoil(w); w.Check() == nil {
				t.Errorf("%s: accepted", name)
			}
		}
		w := wordCase{dim: 20, window: 2, negative: 5}.model()
		for name, bad := range map[string][2][]int32{"id": {{1, 2, testWords}, {3}}, "negative id": {{-1, 2}, {2}}, "end": {{1, 2}, {3}}, "order": {{1, 2}, {2, 1}}} {
			func() {
				defer func() {
					if _, ok := recover().(*Error); !ok {
						t.Errorf("%s: accepted", name)
					}
				}()
				rng := uint64(0)
				w.Train(bad[0], bad[1], 0.1, &rng)
			}()
		}
	})
}
