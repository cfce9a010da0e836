package train

import (
	"math"
	"sync"
	"sync/atomic"
)

const (
	sizeBits       = 5 // of an edge: characters of its piece
	maxPieceLength = 1<<sizeBits - 1
	maxPieces      = 1 << (32 - sizeBits)
)

// unigram is the model in the making.
type unigram struct {
	cfg   UnigramConfig
	t     *unigramText
	at    []int32   // by piece: a place where it stands
	size  []uint8   // by piece: characters
	score []float64 // by piece: logarithm of its probability
	// The pieces that start at each place of the text: number << sizeBits | size, between first of the place and of the next one.
	// Pieces only go away, so the edges are found once.
	edges []uint32
	first []int32
	scale float64 // what a character costs on average, so that probabilities of whole parts keep within float64
}

// newUnigram makes the first pieces and the edges.
func newUnigram(cfg UnigramConfig, t *unigramText) *unigram {
	// The tree is needed no longer than this: its nodes become numbers, and the ways from each place to the root become edges.
	tree := findSeeds(cfg, t)
	number, n := tree.choose(max(cfg.SeedPieces, len(t.chars)))
	m := &unigram{cfg: cfg, t: t, at: make([]int32, n), size: make([]uint8, n), score: make([]float64, n), first: make([]int32, len(t.text)+1), scale: 2}
	total := 0.0
	for i, node := range tree.nodes {
		if p := number[i]; p >= 0 {
			m.at[p], m.size[p] = node.at, node.size
			m.score[p] = float64(node.weight) * float64(node.size)
			total += m.score[p]
		}
	}
	for p := range m.score {
		m.score[p] = math.Log(m.score[p] / total)
	}
	// The first pass counts, so that the edges, the largest thing there is, are allocated once and to the byte.
	for pass := range 2 {
		n := int32(0)
		for i := range t.text {
			m.first[i] = n
			for node := tree.leaf[i]; node >= 0; node = tree.nodes[node].parent {
				if p := number[node]; p >= 0 {
					if pass == 1 {
						m.edges[n] = uint32(p)<<sizeBits | uint32(m.size[p])
					}
					n++
				}
			}
		}
		m.first[len(t.text)] = n
		if pass == 0 {
			m.edges = make([]uint32, n)
		}
	}
	return m
}

// chunkParts is how many parts a goroutine takes at once.
const chunkParts = 1024

// parallel calls f on ranges of 0..n from as many goroutines as there are threads, each with its own number.
func (m *unigram) parallel(n, chunk int, f func(thread, from, to int)) {
	var turn atomic.Int64
	var done sync.WaitGroup
	for thread := range m.cfg.Threads {
		done.Go(func() {
			for {
				to := int(turn.Add(int64(chunk)))
				if to-chunk >= n {
					return
				}
				f(thread, to-chunk, min(to, n))
			}
		})
	}
	done.Wait()
}

// expectedUnit is what one expected occurrence counts: whole numbers, so that the sum does not depend on the order.
const expectedUnit = 1 << 16

// expect returns how often each piece is expected to occur, times expectedUnit, and the logarithm of the text's likelihood.
func (m *unigram) expect() (expected []int64, likelihood float64) {
	// Probabilities are multiplied and not their logarithms added, which would take an exponential and a logarithm an edge. A part of a
	// hundred characters would be less than the least float64: each character brings a factor that makes up for the average.
	prob := make([]float64, len(m.score))
	for p, s := range m.score {
		prob[p] = math.Exp(s + float64(m.scale*float64(m.size[p])))
	}
	walks := make([]*walk, m.cfg.Threads)
	m.parallel(len(m.t.counts), chunkParts, func(thread, from, to int) {
		w := walks[thread]
		if w == nil {
			w = &walk{m: m, prob: prob, expected: make([]int64, len(prob))}
			walks[thread] = w
		}
		for part := from; part < to; part++ {
			w.part(int(m.t.starts[part]), int(m.t.starts[part+1])-1, m.t.counts[part])
		}
	})
	sum, chars := int64(0), int64(0)
	for _, w := range walks {
		if w == nil {
			continue
		}
		sum, chars = sum+w.likelihood, chars+w.chars
		if expected == nil {
			expected = w.expected
			continue
		}
		for p, n := range w.expected {
			expected[p] += n
		}
	}
	likelihood = float64(sum) / expectedUnit
	m.scale = -likelihood / float64(max(chars, 1))
	return expected, likelihood
}

// walk is one goroutine's sums.
type walk struct {
	m           *unigram
	prob        []float64
	alpha, beta []float64
	expected    []int64
	likelihood  int64 // times expectedUnit
	chars       int64
}

// part adds the expected pieces of the text between two places: alpha of a place is the probability of all ways to spell what is before
// it, beta of what is behind.
func (w *walk) part(from, to int, count int64) {
	n := to - from
	if n <= 0 {
		return
	}
	if len(w.alpha) <= n {
		w.alpha, w.beta = make([]float64, 2*n+1), make([]float64, 2*n+1)
	}
	alpha, beta, edges, first := w.alpha[:n+1], w.beta[:n+1], w.m.edges, w.m.first[from:to+1]
	clear(alpha)
	alpha[0] = 1
	for i, x := range alpha[:n] {
		if x = alpha[i]; x == 0 {
			continue
		}
		for _, e := range edges[first[i]:first[i+1]] {
			if j := i + int(e&maxPieceLength); j <= n {
				alpha[j] += float64(x * w.prob[e>>sizeBits]) // the conversion keeps processors from rounding only once
			}
		}
	}
	if z := alpha[n]; !(z > 1e-280 && z < 1e280) && n > 1 {
		// Probabilities this small can't be told apart: the two halves can.
		w.part(from, from+n/2, count)
		w.part(from+n/2, to, count)
		return
	}
	// A piece from i to j is in as much of the text's probability as alpha[i] * prob * beta[j], of alpha[n] in all.
	unit := float64(count) * expectedUnit / alpha[n]
	beta[n] = 1
	for i := n - 1; i >= 0; i-- {
		sum, x := 0.0, alpha[i]*unit
		for _, e := range edges[first[i]:first[i+1]] {
			if j := i + int(e&maxPieceLength); j <= n {
				y := float64(w.prob[e>>sizeBits] * beta[j])
				sum += y
				w.expected[e>>sizeBits] += int64(float64(x*y) + 0.5)
			}
		}
		beta[i] = sum
	}
	w.chars += int64(n) * count
	w.likelihood += int64((math.Log(alpha[n]) - float64(w.m.scale*float64(n))) * float64(count) * expectedUnit)
}
