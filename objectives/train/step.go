package train

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-cloze/cloze/models/torch"
)

// train makes one step: forward and backward over its micro-batches, one division by what the whole step counted, clipping, update.
// Nothing is changed where the loss or the gradient is not finite, nor where there was nothing to learn, nor by a long step that is given up.
func (r *run) train(step int, data *stepData) error {
	start := time.Now()
	before := r.loss
	var read, asked, eligible int64
	for i := range data.micro {
		read += int64(len(data.micro[i].IDs))
		asked, eligible = asked+int64(data.micro[i].Counted), eligible+int64(data.micro[i].Eligible)
	}
	err := torch.Do(func() error {
		r.sums.reset()
		r.optimizer.setRates(r.Rate, step, r.updates)
		if r.undo = nil; r.stepTime == 0 || r.stepTime > longStep {
			r.undo = torch.RNGState()
		}
		if err := r.backward(data); err != nil {
			return err
		}
		r.tokens += read
		r.asked, r.eligible = r.asked+asked, r.eligible+eligible
		if len(r.sums.terms) == 0 {
			r.skipped++
			return nil
		}
		return r.update(step, before, r.divisor*r.scaler.factor(data))
	})
	if err != nil {
		return fmt.Errorf("step %d: %w", step, err)
	}
	r.step = step
	r.stepTime = time.Since(start)
	r.meter.add(read, r.stepTime)
	return nil
}

// longStep is how long a step takes, at least, to be given up in its middle when the run is interrupted; a shorter one is finished.
const longStep = 500 * time.Millisecond

// giveUp returns why the step under way is not to be finished, and makes it as if it had not begun.
func (r *run) giveUp() error {
	if r.undo == nil {
		return nil
	}
	err := r.stopped()
	if err != nil {
		r.optimizer.zeroGrad()
		err = errors.Join(err, torch.SetRNGState(r.undo))
	}
	return err
}

// backward adds up the gradients of all micro-batches, undivided but multiplied by the loss scaler's factor.
func (r *run) backward(data *stepData) (err error) {
	factor, totals := r.scaler.factor(data), []float64(nil)
	r.divisor = 0
	if len(data.micro) > 1 {
		totals = totalsOf(r.Loss, data)
	}
	for i := range data.micro {
		batch := &data.micro[i]
		if !batch.Asks() {
			continue
		}
		if err := r.giveUp(); err != nil {
			return err
		}
		torch.Scope(func() {
			terms := r.Loss.Terms(r.Model, batch)
			if len(terms) > 1 && len(data.micro) > 1 && totals == nil {
				err = fmt.Errorf("a loss of %d terms cannot be accumulated: set train.gradient_accumulation_steps to 1 and raise train.batch_size", len(terms))
				return
			}
			if err = r.giveUp(); err != nil {
				return
			}
			if total, by := objectiveOf(terms, totals); total != nil {
				if totals == nil { // a single term's counts add up
					by += r.divisor
				}
				r.divisor = by
				if factor != 1 {
					total = total.MulScalar(factor)
				}
				total.Backward()
				r.optimizer.gather()
				r.sums.add(terms)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// update divides the gradients by count, clips them and moves the weights.
func (r *run) update(step int, before, count float64) error {
	defer r.optimizer.zeroGrad()
	rate := r.rate(step)
	loss := r.sums.loss()
	stop := r.diverged
	if r.scaler.on() {
		stop = r.overflow
	}
	if !finite(loss) {
		return stop(fmt.Sprintf("the loss is %g", loss), step, before)
	}
	norm := torch.GradNorm(r.optimizer.tensors) / count
	if !finite(norm) {
		return stop(fmt.Sprintf("the loss is %.4f but the gradient norm is %g", loss, norm), step, before)
	}
	// One pass over the gradients divides and clips (Pascanu et al. 2013, arXiv:1211.5063, with PyTorch's 1e-6).
	shrink := 1 / count
	if r.config.MaxGradNorm > 0 {
		shrink *= min(1, r.config.MaxGradNorm/(norm+1e-6))
	}
	torch.ScaleGrads(r.optimizer.tensors, shrink)
	r.updates++
	r.optimizer.update(rate, r.updates)
	r.scaler.worked()
	r.loss, r.norm = loss, norm
	targets := r.sums.terms[0].mean.Count
	r.sinceLog.Add(loss*targets, targets)
	return nil
}
