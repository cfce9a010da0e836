package hogwild

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives/metrics"
	"github.com/go-cloze/cloze/objectives/wordvec"
)

// workers are the goroutines that train. Each has its chunk; the tables are everybody's.
type workers struct {
	*run
	chunks []wordvec.Chunk
	deltas []*torch.WordDelta // of a deterministic run
}

func newWorkers(r *run) workers {
	w := workers{run: r, chunks: make([]wordvec.Chunk, max(r.config.Threads, 1))}
	r.Model.Threads = len(w.chunks)
	if r.config.Deterministic && len(w.chunks) > 1 {
		for range w.chunks {
			w.deltas = append(w.deltas, r.Model.NewDelta())
		}
	}
	return w
}

func (w workers) free() {
	for _, d := range w.deltas {
		d.Free()
	}
}

// stretch is how many steps are done between two meetings: enough that waiting for the last goroutine costs little.
func (w workers) stretch() int { return max(200, 16*len(w.chunks)) }

// rng is the state that a step draws from.
func (r *run) rng(step int) uint64 { return mix(r.config.Seed*golden + uint64(step) + 1) }

// work does the steps from up to until, fewer where ctx ends, and returns the loss of each. All steps before those that are not done are done.
func (w workers) work(ctx context.Context, from, until int) ([]metrics.Mean, error) {
	if w.deltas != nil {
		return w.rounds(ctx, from, until)
	}
	losses := make([]metrics.Mean, until-from)
	var next atomic.Int64
	next.Store(int64(from))
	var group sync.WaitGroup
	errs := make([]error, len(w.chunks))
	for i := range w.chunks {
		group.Go(func() {
			for ctx.Err() == nil && errs[i] == nil {
				step := int(next.Add(1)) - 1
				if step >= until {
					return
				}
				losses[step-from], errs[i] = w.step(step, &w.chunks[i])
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return losses[:min(int(next.Load()), until)-from], nil
}

// step trains on one chunk.
func (w workers) step(step int, chunk *wordvec.Chunk) (loss metrics.Mean, err error) {
	if err := w.Corpus.Read(step%w.Corpus.Chunks(), chunk); err != nil {
		return loss, err
	}
	defer caught(&err)
	rng := w.rng(step)
	rate := w.config.learningRate(w.wordsBefore(step), w.all)
	sum, terms := w.Model.Train(chunk.Tokens, chunk.Ends, float32(rate), &rng)
	loss.Add(sum, float64(terms))
	return loss, nil
}

// caught makes an error of what an operation of package torch panics with.
func caught(err *error) {
	switch p := recover().(type) {
	case nil:
	case *torch.Error:
		*err = fmt.Errorf("training: %w", p)
	default:
		panic(p)
	}
}
