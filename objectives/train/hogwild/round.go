package hogwild

import (
	"context"
	"sync"

	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives/metrics"
)

// roundWords is how many words a goroutine trains on between two additions of a deterministic run. It does not see what others learn meanwhile.
const roundWords = 2000

// rounds is work for a deterministic run. Goroutine i takes the steps from+i, from+i+threads, ... and trains each in pieces of about roundWords words: while a
// piece is under way the tables do not change, each goroutine keeps its own changes in its delta, and after it the deltas are added in the order of
// the goroutines (torch.AddDeltas). What comes out depends on the seed and the number of goroutines alone. Where ctx ends, the steps under way are finished.
func (w workers) rounds(ctx context.Context, from, until int) ([]metrics.Mean, error) {
	losses := make([]metrics.Mean, until-from)
	threads := len(w.chunks)
	for at := from; at < until; at += threads {
		if ctx.Err() != nil {
			return losses[:at-from], nil
		}
		now := min(threads, until-at)
		if err := w.together(at, losses[at-from:][:now]); err != nil {
			return nil, err
		}
	}
	return losses, nil
}

// share is a goroutine's part of the chunks under way.
type share struct {
	sentence int // next
	rng      uint64
	rate     float32
	err      error
}

// together trains on chunks side by side, one a goroutine, until all are done.
func (w workers) together(first int, losses []metrics.Mean) error {
	shares := make([]share, len(losses))
	each := func(do func(i int, s *share)) {
		var group sync.WaitGroup
		for i := range shares {
			group.Go(func() {
				defer caught(&shares[i].err)
				do(i, &shares[i])
			})
		}
		group.Wait()
	}
	each(func(i int, s *share) {
		step := first + i
		s.rng, s.rate = w.rng(step), float32(w.config.learningRate(w.wordsBefore(step), w.all))
		s.err = w.Corpus.Read(step%w.Corpus.Chunks(), &w.chunks[i])
	})
	for open := true; open; {
		each(func(i int, s *share) { w.piece(i, s, &losses[i]) })
		open = false
		for i := range shares {
			if shares[i].err != nil {
				return shares[i].err
			}
			open = open || shares[i].sentence < len(w.chunks[i].Ends)
		}
		torch.AddDeltas(w.deltas, shares[0].rate)
	}
	return nil
}

// piece trains on the next sentences of a goroutine's chunk, about roundWords words.
func (w workers) piece(i int, s *share, loss *metrics.Mean) {
	chunk := &w.chunks[i]
	begin := int32(0)
	if s.sentence > 0 {
		begin = chunk.Ends[s.sentence-1]
	}
	from := s.sentence
	for s.sentence < len(chunk.Ends) && (s.sentence == from || chunk.Ends[s.sentence-1]-begin < roundWords) {
		s.sentence++
	}
	if from == s.sentence || s.err != nil {
		return
	}
	ends := make([]int32, 0, s.sentence-from)
	for _, end := range chunk.Ends[from:s.sentence] {
		ends = append(ends, end-begin)
	}
	sum, terms := w.deltas[i].Train(chunk.Tokens[begin:], ends, s.rate, &s.rng)
	loss.Add(sum, float64(terms))
}
