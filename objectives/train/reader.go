package train

import (
	"math/rand/v2"

	"github.com/go-cloze/cloze/objectives"
)

// reader makes the batches of a step. It reads the blocks epoch after epoch, each epoch in an order of its own, and an epoch's last step goes
// on into the next one. What step s reads is a function of (seed, s) alone.
type reader struct {
	blocks       objectives.Blocks
	objective    objectives.Objective
	batchSize    int // blocks in a micro-batch
	accumulation int // micro-batches in a step
	seed         uint64
}

// position is a place in the sequence of blocks: the next block to be read.
type position struct {
	Epoch uint64 `json:"epoch"` // passes over the training set that are complete
	Block int    `json:"block"` // blocks read of the pass that is not, in its shuffled order
}

// at is the place of the first block of a step, counted from 1.
func (r *reader) at(step int) position {
	read := uint64(step-1) * uint64(r.batchSize*r.accumulation)
	n := uint64(r.blocks.Len())
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
	at, n := r.at(step), r.blocks.Len()
	order := objectives.NewPermutation(n, r.seed, at.Epoch)
	rng := rand.New(&dst.pcg)
	for i := range dst.micro {
		batch := &dst.micro[i]
		batch.Reset()
		batch.Train = true
		for range r.batchSize {
			block := order.At(at.Block)
			dst.seqs = r.blocks.Sequences(block, dst.seqs[:0])
			objectives.SeedSample(&dst.pcg, r.seed, at.Epoch, uint64(block))
			r.objective.Examples(batch, dst.seqs, rng)
			if at.Block++; at.Block == n {
				at = position{Epoch: at.Epoch + 1}
				order = objectives.NewPermutation(n, r.seed, at.Epoch)
			}
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
