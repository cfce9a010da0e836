package train

import (
	"math/rand/v2"

	"github.com/go-cloze/cloze/objectives"
)

// reader makes the batches of a step. It reads the blocks in its order, by default epoch after epoch, each epoch in an order of its own; an
// epoch's last step goes on into the next one. What step s reads is a function of (seed, s) alone.
type reader struct {
	blocks       objectives.Blocks
	order        objectives.Order // nil is objectives.Shuffled
	objective    objectives.Objective
	batchSize    int // blocks in a micro-batch
	accumulation int // micro-batches in a step
	seed         uint64
}

// position is a place in the sequence of blocks: the next block to be read. Epoch times the number of blocks, plus Block, have been read; with a
// mix of corpora a pass is as many blocks as all of them have, whichever they were.
type position struct {
	Epoch uint64 `json:"epoch"` // passes over the training set that are complete
	Block int    `json:"block"` // blocks read of the pass that is not, in its shuffled order
}

// sample is the number of the first block of a step, among all that the run reads. Steps are counted from 1.
func (r *reader) sample(step int) uint64 { return uint64(step-1) * uint64(r.batchSize*r.accumulation) }

// at is the place of the first block of a step.
func (r *reader) at(step int) position {
	read, n := r.sample(step), uint64(r.blocks.Len())
	return position{Epoch: read / n, Block: int(read % n)}
}

// stepData is what a step reads, and the memory it was made in.
type stepData struct {
	micro []objectives.Batch
	seqs  []objectives.Sequence
	pcg   rand.PCG
}

// fill makes the batches of a step in dst, reusing its memory.
func (r *reader) fill(step int, dst *stepData) {
	if dst.micro == nil {
		dst.micro = make([]objectives.Batch, r.accumulation)
	}
	sample, order := r.sample(step), r.order
	if order == nil {
		order = objectives.Shuffled{N: r.blocks.Len(), Seed: r.seed}
	}
	rng := rand.New(&dst.pcg)
	for i := range dst.micro {
		batch := &dst.micro[i]
		batch.Reset()
		batch.Train = true
		for range r.batchSize {
			block, epoch := order.At(sample)
			dst.seqs = r.blocks.Sequences(block, dst.seqs[:0])
			objectives.SeedSample(&dst.pcg, r.seed, epoch, uint64(block))
			r.objective.Examples(batch, dst.seqs, rng)
			sample++
		}
	}
}

// start reads steps first to last. next gives them one after another; what it gave is overwritten by the call after. ahead is the number of
// steps that a goroutine makes in advance, 0 for none. stop ends that goroutine and waits for it.
func (r *reader) start(first, last, ahead int) (next func() *stepData, stop func()) {
	if ahead == 0 {
		step, data := first, new(stepData)
		return func() *stepData {
			r.fill(step, data)
			step++
			return data
		}, func() {}
	}
	// Both have room for all there are, so that only an empty one makes anybody wait.
	full, free := make(chan *stepData, ahead+1), make(chan *stepData, ahead+1)
	quit, done := make(chan struct{}), make(chan struct{})
	for range ahead + 1 {
		free <- new(stepData)
	}
	go func() {
		defer close(done)
		for step := first; step <= last; step++ {
			select {
			case data := <-free:
				r.fill(step, data)
				full <- data
			case <-quit:
				return
			}
		}
	}()
	var used *stepData
	next = func() *stepData {
		if used != nil {
			free <- used
		}
		used = <-full
		return used
	}
	return next, func() { close(quit); <-done }
}
