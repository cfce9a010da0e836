package train

import (
	"fmt"
	"math"
	"strconv"
)

// Values of Config.OnDivergence.
const (
	StopOnDivergence    = "stop"    // end with an error; the checkpoint written last stays
	BackoffOnDivergence = "backoff" // go back to the last checkpoint with half the learning rate
)

var onDivergence = []string{StopOnDivergence, BackoffOnDivergence}

// maxBackoffs is how often a run goes back: at 1/32 of the learning rate that was asked for, something else is wrong.
const maxBackoffs = 5

// divergence is the error of a run whose numbers are no longer finite.
type divergence struct {
	step int
	what string // is not finite
	rate float64
	loss float64 // before
	kept string  // what checkpoint there is
}

func (d *divergence) Error() string {
	return fmt.Sprintf("%s, at learning rate %.3g, after a loss of %s before; it changed nothing and %s: lower train.learning_rate or train.max_grad_norm, or set train.on_divergence to backoff",
		d.what, d.rate, formatLoss(d.loss), d.kept)
}

// diverged makes the error for a step; before is the loss of the step before.
func (r *run) diverged(what string, step int, before float64) error {
	kept := r.saver.kept
	if err := r.saver.wait(); err != nil {
		kept = err.Error
	}
	return &divergence{step: step, what: what, rate: r.rate(step), loss: before, kept: kept()}
}

// goBack puts the run back to its last checkpoint with half the learning rate, where it is to do so; else it returns the error.
func (r *run) goBack(d *divergence, err error) error {
	switch {
	case r.config.OnDivergence != BackoffOnDivergence || r.saver.last == "":
		return err
	case r.backoffs >= maxBackoffs:
		return fmt.Errorf("%w; the run went back %d times already, to %g of the learning rate", err, r.backoffs, r.rateFactor)
	}
	// From the disk and checked, as after a kill: what is in memory is what went wrong.
	state, verifyErr := r.Folder.verify(r.saver.last)
	if verifyErr != nil {
		return fmt.Errorf("%w; the run cannot go back to it: %w", err, verifyErr)
	}
	if err := r.restore(checkpoint{r.saver.last, state}); err != nil {
		return err
	}
	r.backoffs++
	r.rateFactor /= 2
	// At once, so that a kill does not bring the old rate back.
	if err := r.saver.restate(r.state(), false); err != nil {
		return err
	}
	if _, err := r.Folder.cutMetrics(r.step, r.evalStep); err != nil {
		return err
	}
	r.note(fmt.Sprintf("step %d: %s, at learning rate %.3g, after a loss of %s; back to %s with half the learning rate, %g of what was asked for (time %d of at most %d)",
		d.step, d.what, d.rate, formatLoss(d.loss), r.saver.last, r.rateFactor, r.backoffs, maxBackoffs))
	r.read()
	return nil
}

// formatLoss is a loss as messages say it.
func formatLoss(x float64) string { return strconv.FormatFloat(x, 'f', 4, 64) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
