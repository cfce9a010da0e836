package train

import (
	"context"
	"errors"
	"time"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// readAhead is how many steps' batches are made in advance. One would do while batches take less time than steps; the second rides out a pause.
const readAhead = 2

// Job is what a run trains, on what, and who hears of it.
type Job struct {
	Model     models.Model         // trained in place; belongs to the caller
	Objective objectives.Objective // makes the examples
	Loss      loss.Loss            // and its other half

	Train      objectives.Blocks // at least one block
	Order      objectives.Order  // in which Train is read; nil is pass after pass, each shuffled by config.Seed
	Valid      objectives.Blocks // evaluated whole; nil or empty for none
	ValidBytes int64             // bytes of text in Valid, for bits per byte; 0 when unknown

	// Measure evaluates in place of reading Valid, by a measure of its own; nil for none. It may set Evaluation.Score.
	Measure func(ctx context.Context) (Evaluation, error)

	// Rate is what the learning rate of a parameter is multiplied by in a step, counted from 1; nil is 1 for all. At 0 the parameter stands still, and
	// no gradient is computed for it.
	Rate func(p models.Param, step int) float64

	Checkpoint CheckpointConfig
	Folder     *Folder // where metrics and checkpoints go, and where the run goes on from; nil writes nothing
	DataSet    string  // fingerprint of the training set, and
	Tokenizer  string  // sha256 of the tokenizer, kept in checkpoints to notice a change

	Baseline float64 // validation loss that guessing by frequency reaches (objectives.Preflight), to be beaten; 0 when unknown

	// Hooks, called on the goroutine of Run; nil ones are skipped.
	OnStep func(Progress)                    // after each step
	OnBest func() error                      // after an evaluation that beats all before, with the weights as they are; an error ends the run
	OnEval func(step int, e Evaluation)      // after each evaluation
	OnSave func(step int, checkpoint string) // when a checkpoint is on the disk, with its path in the run folder
	OnNote func(text string)                 // when something happens that was not asked for; it is in Result.Notes too
}

// Why a run ended.
const (
	AllSteps    = "all steps done"
	EarlyStop   = "stopped early: the validation loss no longer falls"
	Interrupted = "interrupted"
	Failed      = "stopped by an error"
)

// Result is what a run did.
type Result struct {
	Ended           string        `json:"ended"`               // AllSteps, EarlyStop, Interrupted or Failed
	Steps           int           `json:"steps"`               // done
	Skipped         int           `json:"skipped"`             // of them, steps that had nothing to learn and changed nothing
	Overflows       int           `json:"overflows,omitempty"` // of them, steps whose gradients overflowed float16, which changed nothing
	Tokens          int64         `json:"tokens"`              // read
	Loss            *float64      `json:"loss"`                // training loss over the last LogEvery steps, nats a target; nil when they had nothing to learn
	Eval            *Evaluation   `json:"eval"`                // the last evaluation, nil without validation
	Best            Best          `json:"best"`                // the lowest validation loss
	Last            string        `json:"last"`                // newest checkpoint, a path in the run folder; "" without folder
	BestCheckpoint  string        `json:"best_checkpoint"`
	Elapsed         time.Duration `json:"elapsed_ns"`
	TokensPerSecond float64       `json:"tokens_per_second"`     // over the whole run, evaluations and checkpoints included
	AskedShare      float64       `json:"asked_share,omitempty"` // of the tokens that chance could have made targets, those that it did; 0 where no chance is in it
	Notes           []string      `json:"notes,omitempty"`
}

// Run trains a model until its steps are done, the validation loss stops falling, or ctx ends; in each case it finishes the step it is in, or
// gives a long one up, and writes a checkpoint. Checkpoints are written beside the training, from a copy of weights and moments in memory. A
// folder that OpenFolder opened is gone on with: the same config, job and number of threads give the same bits, however often a run was
// killed and gone on with. A loss or gradient that is no longer finite is handled as Config.OnDivergence says, before the weights change.
func Run(ctx context.Context, config Config, job Job) (Result, error) {
	r, err := newRun(config, job)
	if err != nil {
		return Result{}, err
	}
	defer r.close()
	r.stopped = ctx.Err
	r.read()
	ended := ""
	for ended == "" && err == nil {
		ended, err = r.turn(ctx)
		var d *divergence
		if errors.As(err, &d) {
			err = r.goBack(d, err)
		}
	}
	if err == nil {
		err = r.saveLast()
	}
	if err != nil {
		return r.result(Failed), err
	}
	return r.result(ended), nil
}

// turn does what is due after the steps so far, and then the next step, unless the run has ended, and why is returned.
func (r *run) turn(ctx context.Context) (ended string, err error) {
	interrupted := func(err error) bool { return err != nil && errors.Is(err, ctx.Err()) }
	if err := r.evaluate(ctx); interrupted(err) {
		return Interrupted, nil
	} else if err != nil {
		return "", err
	}
	if err := r.saveIfDue(); err != nil {
		return "", err
	}
	switch {
	case r.noLongerFalls():
		return EarlyStop, nil
	case r.step >= r.config.Steps:
		return AllSteps, nil
	case ctx.Err() != nil:
		return Interrupted, nil
	}
	if err := r.train(r.step+1, r.next()); interrupted(err) {
		return Interrupted, nil
	} else if err != nil {
		return "", err
	}
	return "", r.log()
}
