package train

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives/metrics"
)

// resume puts the run where its folder's newest checkpoint left it, and makes the folder ready to be written to.
func (r *run) resume() error {
	if r.Folder == nil {
		return nil
	}
	if c := r.Folder.found.newest; c != nil {
		if err := r.fits(c.state); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(r.Folder.path, c.name), err)
		}
		if err := r.restore(*c); err != nil {
			return err
		}
	}
	notes, err := r.Folder.begin(r.best)
	for _, note := range notes {
		r.note(note)
	}
	if r.best.Step > 0 && r.Folder.Has(checkpointName(r.best.Step)) {
		r.saver.best = checkpointName(r.best.Step)
	}
	return err
}

// note says something that the user did not ask for, now and in the result.
func (r *run) note(text string) {
	r.notes = append(r.notes, text)
	if r.OnNote != nil {
		r.OnNote(text)
	}
}

// read begins to read the batches of the step after those that are done.
func (r *run) read() {
	if r.stop != nil {
		r.stop()
	}
	r.next, r.stop = r.reader.start(r.step+1, r.config.Steps, readAhead)
}

// fits refuses a checkpoint of another run: going on with it would give what neither run alone gives.
func (r *run) fits(s State) error {
	at := r.reader.at(s.Step + 1)
	switch {
	case s.Other != nil:
		return fmt.Errorf("it is of a run with another objective (word2vec, fasttext): take the objective that the run began with")
	case s.Tokenizer != r.Tokenizer:
		return fmt.Errorf("the tokenizer is another than the run began with: sha256 %.16s then, %.16s now; take the one in the run folder", s.Tokenizer, r.Tokenizer)
	case s.DataSet != r.DataSet:
		return fmt.Errorf("the training set is another than the run began with: fingerprint %s then, %s now; take the same texts and the same keys of corpus and data", s.DataSet, r.DataSet)
	case s.Seed != r.config.Seed:
		return fmt.Errorf("the run began with train.seed %d, now it is %d; take the first", s.Seed, r.config.Seed)
	case s.Reader != at:
		return fmt.Errorf("its next block is %d of epoch %d, now it would be %d of epoch %d: train.batch_size, train.block_size, train.gradient_accumulation_steps or the mix are others; take those that the run began with",
			s.Reader.Block, s.Reader.Epoch, at.Block, at.Epoch)
	case s.Step > r.config.Steps:
		return fmt.Errorf("train.steps is %d but %d are done; give at least as many", r.config.Steps, s.Step)
	}
	return nil
}

// restore loads a checkpoint into model, optimiser, generator and the run itself.
func (r *run) restore(c checkpoint) error {
	dir, s := filepath.Join(r.Folder.path, c.name), c.state
	err := torch.Do(func() error {
		if err := r.params.Load(filepath.Join(dir, WeightsFile)); err != nil {
			return err
		}
		if err := r.optimizer.load(filepath.Join(dir, OptimizerFile)); err != nil {
			return err
		}
		r.optimizer.zeroGrad()
		return torch.SetRNGState(s.Generator)
	})
	if err != nil {
		return err
	}
	r.step, r.updates, r.skipped, r.tokens = s.Step, s.Updates, s.Skipped, s.Tokens
	r.asked, r.eligible = s.Asked, s.Eligible
	r.rateFactor, r.backoffs = s.RateFactor, s.Backoffs
	r.overflows = s.Overflows
	if r.scaler.on() && s.LossScale > 0 {
		r.scaler = lossScaler{s.LossScale, s.GoodSteps}
	}
	r.loss, r.norm, r.logged = value(s.Loss), value(s.GradNorm), value(s.LoggedLoss)
	r.sinceLog = metrics.Mean(s.SinceLog)
	r.eval, r.evalStep, r.best, r.sinceBest = s.Evaluation, s.EvalStep, s.Best, s.SinceBest
	r.start = time.Now().Add(-time.Duration(s.ElapsedSecs * float64(time.Second)))
	r.savedAt = time.Now()
	r.saver.last, r.saver.step, r.saver.evalStep, r.saver.files = c.name, s.Step, s.EvalStep, s.Files
	return nil
}

// state is what a checkpoint remembers beside tensors: restore the other way round.
func (r *run) state() State {
	return State{
		Step: r.step, Updates: r.updates, Skipped: r.skipped, Tokens: r.tokens, Asked: r.asked, Eligible: r.eligible, Seed: r.config.Seed, Reader: r.reader.at(r.step + 1), Generator: generator(),
		RateFactor: r.rateFactor, Backoffs: r.backoffs, LossScale: r.scaler.scale, GoodSteps: r.scaler.good, Overflows: r.overflows,
		Loss: number(r.loss), GradNorm: number(r.norm), LoggedLoss: number(r.logged), SinceLog: meanState(r.sinceLog),
		Evaluation: r.eval, EvalStep: r.evalStep, Best: r.best, SinceBest: r.sinceBest,
		ElapsedSecs: time.Since(r.start).Seconds(), DataSet: r.DataSet, Tokenizer: r.Tokenizer,
	}
}

// generator is the state of libtorch's random generator.
func generator() (state []byte) {
	_ = torch.Do(func() error { state = torch.RNGState(); return nil })
	return state
}
