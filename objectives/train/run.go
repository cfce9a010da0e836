package train

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives/metrics"
)

// run is a run that is under way.
type run struct {
	Job
	config    Config
	reader    reader
	params    *models.Params
	optimizer *adamW
	scaler    lossScaler

	start   time.Time
	step    int // done
	updates int64
	tokens  int64
	skipped int

	asked, eligible int64 // targets, and tokens that chance could have made targets

	overflows int // steps that overflowed float16 and changed nothing

	sums     tally        // of the step
	divisor  float64      // of its gradients
	sinceLog metrics.Mean // loss since the last line of metrics.jsonl
	loss     float64      // of the last step that had one
	norm     float64      // gradient norm of the last step
	logged   float64      // loss of the last line
	meter    meter

	eval      *Evaluation
	evalStep  int
	best      Best
	sinceBest int

	saver   saver
	savedAt time.Time

	rateFactor float64 // that the learning rate is multiplied by
	backoffs   int     // times that the run went back

	stopped  func() error  // why the step under way should not be finished, nil without a reason
	stepTime time.Duration // of the last step; 0 before the first
	undo     []byte        // state of the generator before the step under way; nil where the step is short and will be finished

	next  func() *stepData // batches of the next step
	stop  func()           // ends reading ahead
	notes []string
}

func newRun(config Config, job Job) (*run, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if err := job.Checkpoint.Validate(); err != nil {
		return nil, err
	}
	if m, ok := job.Model.(interface{ CheckpointGradients(bool) }); ok {
		m.CheckpointGradients(config.GradientCheckpointing)
	} else if config.GradientCheckpointing {
		return nil, fmt.Errorf("train.gradient_checkpointing is on, but this model (%T) cannot do it: leave the key out", job.Model)
	}
	if job.Train.Len() == 0 {
		return nil, fmt.Errorf("the training set has no blocks of %d tokens: give more text", config.BlockSize)
	}
	now := time.Now()
	r := &run{
		Job: job, config: config, params: job.Model.Params(), start: now, savedAt: now, loss: math.NaN(), norm: math.NaN(), logged: math.NaN(), rateFactor: 1,
		saver:   saver{folder: job.Folder, keep: job.Checkpoint.Keep, onSave: job.OnSave, step: -1},
		scaler:  newLossScaler(config.dtype()),
		stopped: func() error { return nil },
		reader: reader{blocks: job.Train, order: job.Order, objective: job.Objective, batchSize: config.BatchSize,
			accumulation: config.GradientAccumulationSteps, seed: config.Seed},
	}
	err := torch.Do(func() error {
		torch.Seed(int64(config.Seed))
		r.params.ComputeIn(config.dtype())
		r.optimizer = newAdamW(r.params, config)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := r.resume(); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *run) close() {
	if r.stop != nil {
		r.stop()
	}
	_ = r.saver.wait() // nobody is left to hear of it: an error that came before ends the run
	_ = torch.Do(func() error {
		r.optimizer.zeroGrad()
		r.optimizer.free()
		r.params.ComputeIn(torch.Float32)
		return nil
	})
}

// rate is the learning rate of a step.
func (r *run) rate(step int) float64 { return r.rateFactor * r.config.LearningRateAt(step) }

// log reports the step that is done, and writes a line every LogEvery steps.
func (r *run) log() error {
	speed := r.meter.tokensPerSecond()
	rate := r.rate(r.step)
	elapsed := time.Since(r.start)
	if r.OnStep != nil {
		r.OnStep(Progress{Step: r.step, Steps: r.config.Steps, Loss: r.loss, LearningRate: rate, GradNorm: r.norm,
			TokensPerSecond: speed, Elapsed: elapsed, Remaining: remaining(elapsed, r.step, r.config.Steps)})
	}
	if r.step%r.config.LogEvery != 0 && r.step != r.config.Steps {
		return nil
	}
	if r.sinceLog.Count > 0 {
		r.logged = r.sinceLog.Value()
		r.sinceLog.Reset()
	}
	if r.Folder == nil {
		return nil
	}
	return r.Folder.Log(stepRecord{Step: r.step, Loss: number(r.logged), LearningRate: rate, GradNorm: number(r.norm),
		TokensPerSecond: speed, Tokens: r.tokens, ElapsedSeconds: elapsed.Seconds(), LossScale: r.scaler.scale, Terms: r.sums.means(), AskedShare: share(r.asked, r.eligible)})
}

// stepRecord is a line of metrics.jsonl about training.
type stepRecord struct {
	Step            int      `json:"step"`
	Loss            *float64 `json:"loss"`              // nats a target, over the steps since the line before; null when they had nothing to learn
	LearningRate    float64  `json:"learning_rate"`     // of the step
	GradNorm        *float64 `json:"grad_norm"`         // of the step, before clipping
	TokensPerSecond float64  `json:"tokens_per_second"` // read over the last steps
	Tokens          int64    `json:"tokens"`            // read since the run began
	ElapsedSeconds  float64  `json:"elapsed_seconds"`
	LossScale       float64  `json:"loss_scale,omitempty"` // after the step; only in float16

	Terms      map[string]float64 `json:"terms,omitempty"`       // of the step: the mean of each part of a loss that has several
	AskedShare float64            `json:"asked_share,omitempty"` // since the run began: targets of the tokens that chance could have made targets
}

// evalRecord is a line of metrics.jsonl about an evaluation.
type evalRecord struct {
	Step int        `json:"step"`
	Eval Evaluation `json:"eval"`
}

// share is a part of a whole, 0 of nothing.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// number is x as JSON can hold it: NaN is null.
func number(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}

// evaluate measures the model on the validation set when it is time, at the last step too. After resuming it makes up for one that was not made.
func (r *run) evaluate(ctx context.Context) error {
	due := r.config.EvalEvery > 0 && r.step%r.config.EvalEvery == 0 || r.step == r.config.Steps
	if !due || r.step == r.evalStep || r.Measure == nil && (r.Valid == nil || r.Valid.Len() == 0) {
		return nil
	}
	e, err := r.measure(ctx)
	if err != nil {
		return err
	}
	if !finite(e.Loss) {
		return fmt.Errorf("step %d: %w", r.step, r.diverged(fmt.Sprintf("the validation loss is %g", e.Loss), r.step, r.loss))
	}
	r.eval, r.evalStep = &e, r.step
	if r.sinceBest++; e.better(r.best) {
		r.best, r.sinceBest = Best{Step: r.step, Loss: e.Loss, Score: e.Score}, 0
		if r.OnBest != nil {
			if err := r.OnBest(); err != nil {
				return err
			}
		}
	}
	if r.Folder != nil {
		if err := r.Folder.Log(evalRecord{r.step, e}); err != nil {
			return err
		}
	}
	if r.OnEval != nil {
		r.OnEval(r.step, e)
	}
	return nil
}

// noLongerFalls says whether EarlyStoppingPatience evaluations in a row were no better than the best.
func (r *run) noLongerFalls() bool {
	return r.config.EarlyStoppingPatience > 0 && r.sinceBest >= r.config.EarlyStoppingPatience
}

// bestNow says whether the weights as they are have the lowest validation loss so far.
func (r *run) bestNow() bool { return r.best.Step > 0 && r.best.Step == r.step }

// saveIfDue writes a checkpoint every Checkpoint.Every, whenever the validation loss is the lowest so far, and, where the run may have to go
// back, before the first step. It takes note of the one that is being written.
func (r *run) saveIfDue() error {
	if err := r.saver.poll(); err != nil {
		return err
	}
	first := r.step == 0 && r.config.OnDivergence == BackoffOnDivergence
	if first || r.bestNow() || r.evaluatedLate() || r.Checkpoint.Every.due(r.step, r.savedAt) {
		return r.save()
	}
	return nil
}

// evaluatedLate says whether there is a checkpoint of the weights as they are that does not know their evaluation: an interrupt had prevented it.
func (r *run) evaluatedLate() bool { return r.saver.step == r.step && r.saver.evalStep != r.evalStep }

// save begins to write a checkpoint of the weights as they are, unless there is one.
func (r *run) save() error {
	if r.Folder == nil || r.saver.step == r.step && !r.evaluatedLate() {
		return nil
	}
	r.savedAt = time.Now()
	if r.saver.step != r.step {
		return r.saver.start(r.state(), r.params, r.optimizer, r.bestNow())
	}
	if err := r.saver.wait(); err != nil {
		return err
	}
	return r.saver.restate(r.state(), r.bestNow())
}

// saveLast writes a checkpoint of the weights as they are, unless there is one, and waits until it is on the disk.
func (r *run) saveLast() error {
	if err := r.save(); err != nil {
		return err
	}
	return r.saver.wait()
}

// result sums the run up.
func (r *run) result(ended string) Result {
	elapsed := time.Since(r.start)
	if r.sinceLog.Count > 0 {
		r.logged = r.sinceLog.Value()
	}
	result := Result{
		Ended: ended, Steps: r.step, Skipped: r.skipped, Overflows: r.overflows, Tokens: r.tokens, Loss: number(r.logged), Eval: r.eval, Best: r.best,
		Last: r.saver.last, BestCheckpoint: r.saver.best, Elapsed: elapsed, TokensPerSecond: float64(r.tokens) / elapsed.Seconds(), AskedShare: share(r.asked, r.eligible), Notes: r.notes,
	}
	if r.skipped > 0 {
		result.Notes = append(result.Notes, fmt.Sprintf("%d of %d steps had nothing to learn and changed nothing", r.skipped, r.step))
	}
	if r.overflows > 0 {
		result.Notes = append(result.Notes, fmt.Sprintf("%d of %d steps overflowed float16 and changed nothing; the loss scale ended at %g", r.overflows, r.step, r.scaler.scale))
	}
	if r.eval != nil && r.Baseline > 0 && r.best.Loss >= r.Baseline {
		result.Notes = append(result.Notes, fmt.Sprintf("the validation loss %.4f did not fall below the %.4f of guessing by frequency: train longer, with a higher train.learning_rate, or on more text",
			r.best.Loss, r.Baseline))
	}
	return result
}
