package pipeline

import (
	"math"
	"math/rand/v2"
	"slices"
)

// sampler draws ids from logits; its scratch is reused from call to call.
type sampler struct {
	options GenerateOptions
	rng     *rand.Rand
	order   []int32   // ids by falling logit
	weights []float64 // of order, not yet divided by their sum
}

// newSampler draws from that stream of the seed.
func newSampler(o GenerateOptions, stream int) *sampler {
	return &sampler{options: o, rng: rand.New(rand.NewPCG(o.Seed, uint64(stream)))}
}

// next draws the id that follows, given logits [V]: temperature first, then the TopK largest, then the
// smallest set that holds TopP of what is left (Holtzman et al. 2020, section 3.1). Equal logits are ordered by
// id, so that a seed repeats everywhere. Temperature 0 is the largest logit.
func (s *sampler) next(logits []float32) int32 {
	if s.options.Temperature == 0 {
		return largest(logits)
	}
	s.rank(logits)
	s.weights = s.weights[:0]
	top, sum := float64(logits[s.order[0]]), 0.0
	for _, id := range s.order {
		w := math.Exp((float64(logits[id]) - top) / s.options.Temperature)
		s.weights, sum = append(s.weights, w), sum+w
	}
	if p := s.options.TopP; p > 0 && p < 1 {
		kept := 0.0
		for i, w := range s.weights {
			if kept += w; kept >= p*sum {
				s.weights, sum = s.weights[:i+1], kept
				break
			}
		}
	}
	at := s.rng.Float64() * sum
	for i, w := range s.weights {
		if at -= w; at < 0 {
			return s.order[i]
		}
	}
	return s.order[len(s.weights)-1] // rounding left a trace above the sum
}

// rank fills order with the ids that may be drawn: all of them, or the TopK largest; ordered by falling logit
// where that matters.
func (s *sampler) rank(logits []float32) {
	s.order = s.order[:0]
	for id := range logits {
		s.order = append(s.order, int32(id))
	}
	k, p := s.options.TopK, s.options.TopP
	if k == 0 && (p == 0 || p == 1) {
		s.order[0], s.order[largest(logits)] = s.order[largest(logits)], s.order[0] // weights refer to the first
		return
	}
	if k > 0 && k < len(s.order) {
		s.keepLargest(logits, k)
	}
	slices.SortFunc(s.order, func(a, b int32) int {
		if before(logits, a, b) {
			return -1
		}
		return 1 // no id stands in order twice
	})
}

// before says whether a comes before b: the larger logit, of equals the lower id.
func before(logits []float32, a, b int32) bool {
	return logits[a] > logits[b] || logits[a] == logits[b] && a < b
}

// keepLargest cuts order to the k that come first, in any order: a heap of k whose root comes last of them, against which most of
// the others lose at once. Sorting a whole vocabulary would take longer than a small network.
func (s *sampler) keepLargest(logits []float32, k int) {
	heap := s.order[:k]
	sink := func(i int) {
		for {
			last := i
			for child := 2*i + 1; child <= 2*i+2 && child < k; child++ {
				if before(logits, heap[last], heap[child]) {
					last = child
				}
			}
			if last == i {
				return
			}
			heap[i], heap[last] = heap[last], heap[i]
			i = last
		}
	}
	for i := k/2 - 1; i >= 0; i-- {
		sink(i)
	}
	for _, id := range s.order[k:] {
		if before(logits, id, heap[0]) {
			heap[0] = id
			sink(0)
		}
	}
	s.order = heap
}

// largest is the id of the largest logit, the lowest of equals.
func largest(logits []float32) int32 {
	best := 0
	for id, x := range logits {
		if x > logits[best] {
			best = id
		}
	}
	return int32(best)
}
