package train

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
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

	start   time.Time
	step    int // done
	updates int64
	tokens  int64
	skipped int

	sums     tally        // of the step
	sinceLog metrics.Mean // loss since the last line of metrics.jsonl
	loss     float64      // of the last step that had one
	norm     float64      // gradient norm of the last step
	logged   float64      // loss of the last line
	meter    meter

	eval      *Evaluation
	evalStep  int
	best      Best
	sinceBest int

	last, bestCheckpoint string
	savedStep            int
	notes                []string
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
	r := &run{
		Job: job, config: config, params: job.Model.Params(), start: time.Now(), loss: math.NaN(), logged: math.NaN(),
		reader: reader{blocks: job.Train, order: job.Order, objective: job.Objective, batchSize: config.BatchSize,
			accumulation: config.GradientAccumulationSteps, seed: config.Seed},
	}
	return r, torch.Do(func() error {
		torch.Seed(int64(config.Seed))
		r.optimizer = newAdamW(r.params, config)
		return nil
	})
}

func (r *run) close() {
	_ = torch.Do(func() error {
		r.optimizer.zeroGrad()
		r.optimizer.free()
		return nil
	})
}

// log reports the step that is done, and writes a line every LogEvery steps.
func (r *run) log() error {
	speed := r.meter.tokensPerSecond()
	rate := r.config.LearningRateAt(r.step)
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
		TokensPerSecond: speed, Tokens: r.tokens, ElapsedSeconds: elapsed.Seconds()})
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
}

// evalRecord is a line of metrics.jsonl about an evaluation.
type evalRecord struct {
	Step int        `json:"step"`
	Eval Evaluation `json:"eval"`
}

// number is x as JSON can hold it: NaN is null.
func number(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}

// evaluate measures the model on the validation set when it is time, at the last step too.
func (r *run) evaluate(ctx context.Context) error {
	due := r.config.EvalEvery > 0 && r.step%r.config.EvalEvery == 0 || r.step == r.config.Steps
	if !due || r.Valid == nil || r.Valid.Len() == 0 {
		return nil
	}
	e, err := Evaluate(ctx, r.Model, r.Loss, r.Objective, r.Valid, r.config.BatchSize, r.ValidBytes)
	if err != nil {
		return err
	}
	if !finite(e.Loss) {
		return fmt.Errorf("step %d: the validation loss is %g, at learning rate %.3g, after a training loss of %s; %s: lower train.learning_rate or train.max_grad_norm",
			r.step, e.Loss, r.config.LearningRateAt(r.step), formatLoss(r.loss), r.kept())
	}
	r.eval, r.evalStep = &e, r.step
	if r.sinceBest++; r.best.Step == 0 || e.Loss < r.best.Loss {
		r.best, r.sinceBest = Best{Step: r.step, Loss: e.Loss}, 0
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

// saveIfDue writes a checkpoint every Checkpoint.Every steps, and whenever the validation loss is the lowest so far.
func (r *run) saveIfDue() error {
	if r.Checkpoint.Every.due(r.step, r.start) || r.bestNow() {
		return r.saveLast()
	}
	return nil
}

// saveLast writes a checkpoint of the weights as they are, unless there is one. The checkpoint before goes, unless it is the best.
func (r *run) saveLast() error {
	if r.Folder == nil || r.savedStep == r.step {
		return nil
	}
	var name string
	err := torch.Do(func() (err error) {
		name, err = r.Folder.save(r.state(), r.params, r.optimizer)
		return err
	})
	if err != nil {
		return fmt.Errorf("step %d: the checkpoint was not written, the one before stays: %w", r.step, err)
	}
	old := []string{r.last, r.bestCheckpoint}
	r.last, r.savedStep = name, r.step
	if err := r.Folder.point(LastFile, name); err != nil {
		return err
	}
	if r.bestNow() {
		r.bestCheckpoint = name
		if err := r.Folder.point(BestFile, name); err != nil {
			return err
		}
	}
	for _, checkpoint := range old {
		if checkpoint != "" && checkpoint != r.last && checkpoint != r.bestCheckpoint {
			if err := os.RemoveAll(filepath.Join(r.Folder.path, checkpoint)); err != nil {
				return fmt.Errorf("%s: the older checkpoint cannot be removed: %w", checkpoint, cause(err))
			}
		}
	}
	if r.OnSave != nil {
		r.OnSave(r.step, name)
	}
	return nil
}

// state is what a checkpoint remembers beside tensors. Call it inside torch.Do.
func (r *run) state() State {
	s := State{
		Step: r.step, Updates: r.updates, Tokens: r.tokens, Seed: r.config.Seed, Reader: r.reader.at(r.step + 1),
		Generator: torch.RNGState(), Best: r.best, SinceBest: r.sinceBest, DataSet: r.DataSet, Tokenizer: r.Tokenizer,
	}
	if r.evalStep == r.step {
		s.Evaluation = r.eval
	}
	return s
}

// result sums the run up.
func (r *run) result(ended string) Result {
	elapsed := time.Since(r.start)
	if r.sinceLog.Count > 0 {
		r.logged = r.sinceLog.Value()
	}
	result := Result{
		Ended: ended, Steps: r.step, Skipped: r.skipped, Tokens: r.tokens, Loss: number(r.logged), Eval: r.eval, Best: r.best,
		Last: r.last, BestCheckpoint: r.bestCheckpoint, Elapsed: elapsed, TokensPerSecond: float64(r.tokens) / elapsed.Seconds(), Notes: r.notes,
	}
	if r.skipped > 0 {
		result.Notes = append(result.Notes, fmt.Sprintf("%d of %d steps had nothing to learn and changed nothing", r.skipped, r.step))
	}
	if r.eval != nil && r.Baseline > 0 && r.best.Loss >= r.Baseline {
		result.Notes = append(result.Notes, fmt.Sprintf("the validation loss %.4f did not fall below the %.4f of guessing by frequency: train longer, with a higher train.learning_rate, or on more text",
			r.best.Loss, r.Baseline))
	}
	return result
}
