package train

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/go-cloze/cloze/models/torch"
)

// train makes one step: forward and backward over its micro-batches, one division by what the whole step counted, clipping, update.
// Nothing is changed where the loss or the gradient is not finite, nor where there was nothing to learn.
func (r *run) train(step int, data *stepData) error {
	start := time.Now()
	before := r.loss
	var read int64
	for i := range data.micro {
		read += int64(len(data.micro[i].IDs))
	}
	err := torch.Do(func() error {
		r.sums.reset()
		if err := r.backward(data); err != nil {
			return err
		}
		r.tokens += read
		if len(r.sums.terms) == 0 {
			r.skipped++
			return nil
		}
		return r.update(step, before)
	})
	if err != nil {
		return fmt.Errorf("step %d: %w", step, err)
	}
	r.step = step
	r.meter.add(read, time.Since(start))
	return nil
}

// backward adds up the gradients of all micro-batches, undivided.
func (r *run) backward(data *stepData) (err error) {
	for i := range data.micro {
		batch := &data.micro[i]
		if batch.Counted == 0 {
			continue
		}
		torch.Scope(func() {
			terms := r.Loss.Terms(r.Model, batch)
			if len(terms) > 1 && len(data.micro) > 1 {
				err = fmt.Errorf("a loss of %d terms cannot be accumulated: set train.gradient_accumulation_steps to 1 and raise train.batch_size", len(terms))
				return
			}
			if total := objectiveOf(terms); total != nil {
				total.Backward()
				r.sums.add(terms)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// update divides, clips and moves the weights.
func (r *run) update(step int, before float64) error {
	defer r.optimizer.zeroGrad()
	rate := r.config.LearningRateAt(step)
	loss := r.sums.loss()
	if !finite(loss) {
		return r.diverged(fmt.Sprintf("the loss is %g", loss), step, before)
	}
	count := r.sums.terms[0].mean.Count
	norm := torch.GradNorm(r.optimizer.tensors) / count
	if !finite(norm) {
		return r.diverged(fmt.Sprintf("the loss is %.4f but the gradient norm is %g", loss, norm), step, before)
	}
	// One pass over the gradients divides and clips (Pascanu et al. 2013, arXiv:1211.5063, with PyTorch's 1e-6).
	factor := 1 / count
	if r.config.MaxGradNorm > 0 {
		factor *= min(1, r.config.MaxGradNorm/(norm+1e-6))
	}
	torch.ScaleGrads(r.optimizer.tensors, factor)
	r.updates++
	r.optimizer.update(rate, r.updates)
	r.loss, r.norm = loss, norm
	r.sinceLog.Add(loss*count, count)
	return nil
}

// diverged is the error of a run whose numbers are no longer finite.
func (r *run) diverged(what string, step int, before float64) error {
	return fmt.Errorf("%s, at learning rate %.3g, after a loss of %s the step before; the weights were not changed and %s: lower train.learning_rate or train.max_grad_norm",
		what, r.config.LearningRateAt(step), formatLoss(before), r.kept())
}

// kept says what a run that ends in an error leaves.
func (r *run) kept() string {
	if r.last == "" {
		return "no checkpoint was written"
	}
	return "the last checkpoint is " + r.last
}

// formatLoss is a loss as messages say it.
func formatLoss(x float64) string { return strconv.FormatFloat(x, 'f', 4, 64) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
