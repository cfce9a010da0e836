package hogwild

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/go-cloze/cloze/objectives/metrics"
	"github.com/go-cloze/cloze/objectives/train"
	"github.com/go-cloze/cloze/objectives/wordvec"
)

// Job is what a run trains, on what, and who hears of it.
type Job struct {
	Model  *Model          // trained in place; belongs to the caller
	Corpus *wordvec.Corpus // of the model's vocabulary

	Folder     *train.Folder // where metrics and checkpoints go, and where the run goes on from; nil writes nothing
	Checkpoint train.CheckpointConfig
	DataSet    string // fingerprint of the corpus, kept in checkpoints to notice a change

	// Hooks, called on the goroutine of Run; nil ones are skipped.
	OnProgress func(Progress)             // when the goroutines have met
	OnEpoch    func(epoch int, e float64) // after an epoch, with its mean loss
	OnNote     func(text string)          // when something happens that was not asked for; it is in Result.Notes too
}

// Progress is how far a run is.
type Progress struct {
	Words          int64   // trained on
	All            int64   // of so many
	Epoch          int     // from 1
	Loss           float64 // mean since the progress before, nats a prediction
	LearningRate   float64
	WordsPerSecond float64 // since the progress before
}

// Result is what a run did.
type Result struct {
	Ended          string        `json:"ended"`        // train.AllSteps, train.Interrupted or train.Failed
	Steps          int           `json:"steps"`        // chunks done, and
	AllSteps       int           `json:"all_steps"`    // there are
	Words          int64         `json:"words"`        // trained on, those of earlier calls of a resumed run too
	EpochLosses    []float64     `json:"epoch_losses"` // mean loss of each epoch that was finished, nats a prediction
	Last           string        `json:"last"`         // newest checkpoint, a path in the run folder
	Elapsed        time.Duration `json:"elapsed_ns"`   // training, checkpoints included
	WordsPerSecond float64       `json:"words_per_second"`
	Notes          []string      `json:"notes,omitempty"`
}

// run is a run that is under way.
type run struct {
	Job
	config  Config
	workers workers

	step, steps int // chunks done, and all
	words, all  int64
	epoch       metrics.Mean // loss of the epoch under way
	losses      []float64    // of those that are done
	loss        float64      // mean at the last meeting; NaN before it

	start   time.Time // moved back by what earlier calls took
	saved   int       // step of the newest checkpoint, -1 for none
	savedAt time.Time
	last    string
	began   int64 // words that earlier calls trained on
	notes   []string
}

// other is train.State.Other.
type other struct {
	Epoch  metrics.Mean `json:"epoch"` // loss of the epoch under way
	Losses []float64    `json:"epoch_losses"`
}

// Run trains until all epochs are done or ctx ends; then it finishes the chunks under way and writes a checkpoint. A folder that
// train.OpenFolder opened is gone on with from its newest checkpoint. A loss or a vector that is no longer finite, or a loss far above that of
// guessing, is an error, and no checkpoint holds it.
func Run(ctx context.Context, config Config, job Job) (Result, error) {
	r := &run{Job: job, config: config, loss: math.NaN(), start: time.Now(), savedAt: time.Now(), saved: -1}
	r.steps = job.Corpus.Chunks() * config.Epochs
	r.all = job.Corpus.WordsBefore(job.Corpus.Chunks()) * int64(config.Epochs)
	if err := errors.Join(config.Validate(), job.Checkpoint.Validate()); err != nil {
		return Result{}, err
	}
	if err := r.resume(); err != nil {
		return Result{}, err
	}
	r.workers = newWorkers(r)
	defer r.workers.free()
	ended, err := r.train(ctx)
	if err == nil {
		err = r.save()
	}
	if err != nil {
		ended = train.Failed
	}
	return r.result(ended), err
}

// train is the loop: the goroutines work, meet, and work again.
func (r *run) train(ctx context.Context) (ended string, err error) {
	chunks := r.Corpus.Chunks()
	for r.step < r.steps {
		if ctx.Err() != nil {
			return train.Interrupted, nil
		}
		from, start := r.step, time.Now()
		until := min(from+r.workers.stretch(), (from/chunks+1)*chunks)
		losses, err := r.workers.work(ctx, from, until)
		r.step = from + len(losses)
		if err != nil {
			return "", err
		}
		if err := r.meet(from, losses, time.Since(start)); err != nil {
			return "", err
		}
		if r.due() {
			if err := r.save(); err != nil {
				return "", err
			}
		}
	}
	return train.AllSteps, nil
}

// wordsBefore is how many words the steps before one train on.
func (r *run) wordsBefore(step int) int64 {
	chunks := r.Corpus.Chunks()
	return int64(step/chunks)*r.Corpus.WordsBefore(chunks) + r.Corpus.WordsBefore(step%chunks)
}

// meet looks at the losses of the steps that were just done, in their order, and writes them down.
func (r *run) meet(from int, losses []metrics.Mean, took time.Duration) error {
	var sum metrics.Mean
	for _, l := range losses {
		sum.Merge(l)
	}
	r.words = r.wordsBefore(r.step)
	if len(losses) == 0 {
		return nil
	}
	rate := r.config.learningRate(r.wordsBefore(from), r.all)
	before := r.loss
	if sum.Count > 0 {
		r.loss = sum.Value()
	}
	if limit := r.config.lossLimit(); !(r.loss <= limit) && !math.IsNaN(r.loss+before) || sum.Count > 0 && math.IsNaN(sum.Sum) {
		return r.diverged(from, rate, before)
	}
	r.epoch.Merge(sum)
	speed := float64(r.words-r.wordsBefore(from)) / took.Seconds()
	p := Progress{Words: r.words, All: r.all, Epoch: from/r.Corpus.Chunks() + 1, Loss: r.loss, LearningRate: rate, WordsPerSecond: speed}
	if r.OnProgress != nil {
		r.OnProgress(p)
	}
	if err := r.log(stepRecord{r.step, p.Epoch, number(p.Loss), rate, speed, r.words, time.Since(r.start).Seconds()}); err != nil {
		return err
	}
	if r.step%r.Corpus.Chunks() != 0 {
		return nil
	}
	mean := r.epoch.Value()
	r.losses = append(r.losses, mean)
	r.epoch.Reset()
	if r.OnEpoch != nil {
		r.OnEpoch(p.Epoch, mean)
	}
	return r.log(epochRecord{r.step, p.Epoch, number(mean)})
}

// stepRecord is a line of metrics.jsonl.
type stepRecord struct {
	Step           int      `json:"step"`  // chunks done
	Epoch          int      `json:"epoch"` // from 1
	Loss           *float64 `json:"loss"`  // mean since the line before, nats a prediction; null where all words were passed over
	LearningRate   float64  `json:"learning_rate"`
	WordsPerSecond float64  `json:"words_per_second"` // since the line before
	Words          int64    `json:"words"`            // since the run began
	ElapsedSeconds float64  `json:"elapsed_seconds"`
}

// epochRecord is a line of metrics.jsonl after an epoch.
type epochRecord struct {
	Step      int      `json:"step"`
	Epoch     int      `json:"epoch"`
	EpochLoss *float64 `json:"epoch_loss"` // mean over the whole epoch, nats a prediction
}

func number(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}

func (r *run) log(record any) error {
	if r.Folder == nil {
		return nil
	}
	return r.Folder.Log(record)
}

// lossLimit is a loss that no run has that learns: guessing costs ln 2 a decision, that is negative+1 of them a prediction, or a code's length.
func (c Config) lossLimit() float64 {
	decisions := float64(c.Negative + 1)
	if c.HS {
		decisions = 64
	}
	return 10 * math.Ln2 * decisions
}

// diverged makes the error of a run whose loss says that its vectors are lost.
func (r *run) diverged(step int, rate, before float64) error {
	kept := "no checkpoint was written"
	if r.last != "" {
		kept = "the last checkpoint is " + r.last
	}
	was := ""
	if !math.IsNaN(before) {
		was = fmt.Sprintf(" after %.4f before", before)
	}
	return fmt.Errorf("step %d to %d: the loss is %.4g%s, at learning rate %.3g: the vectors have diverged; %s: lower lr", step+1, r.step, r.loss, was, rate, kept)
}

// due says whether it is time for a checkpoint.
func (r *run) due() bool {
	every := r.Checkpoint.Every
	return every.Steps > 0 && r.step-max(r.saved, 0) >= every.Steps || every.Time > 0 && time.Since(r.savedAt) >= every.Time
}

// save writes a checkpoint of the vectors as they are, unless there is one.
func (r *run) save() (err error) {
	if r.Folder == nil || r.saved == r.step {
		return nil
	}
	data, err := json.Marshal(other{r.epoch, r.losses})
	if err != nil {
		return err
	}
	state := train.State{Step: r.step, Tokens: r.words, Seed: r.config.Seed, RateFactor: 1, ElapsedSecs: time.Since(r.start).Seconds(), DataSet: r.DataSet, Other: data}
	name, err := r.Folder.Publish(state, r.Model.sources(), r.Checkpoint.Keep)
	if err != nil {
		return fmt.Errorf("the checkpoint of step %d was not finished: %w", r.step, err)
	}
	r.last, r.saved, r.savedAt = name, r.step, time.Now()
	return nil
}

// resume goes to where the folder's newest checkpoint left the run.
func (r *run) resume() error {
	if r.Folder == nil {
		return nil
	}
	state, weights, ok := r.Folder.Resumed()
	if ok {
		var o other
		switch {
		case state.Other == nil || json.Unmarshal(state.Other, &o) != nil:
			return fmt.Errorf("%s: is not of a run of word vectors; take the objective that the run began with", weights)
		case state.DataSet != r.DataSet:
			return fmt.Errorf("%s: the text is another than the run began with: fingerprint %s then, %s now; take the same text, or start a new run", weights, state.DataSet, r.DataSet)
		case state.Seed != r.config.Seed:
			return fmt.Errorf("%s: the run began with seed %d, now it is %d; take the first", weights, state.Seed, r.config.Seed)
		case state.Step > r.steps:
			return fmt.Errorf("%s: %d steps are done, the run has %d; take the epochs that the run began with", weights, state.Step, r.steps)
		}
		if err := r.Model.restore(weights); err != nil {
			return err
		}
		r.step, r.saved, r.last = state.Step, state.Step, filepath.Join(train.CheckpointsDir, filepath.Base(filepath.Dir(weights)))
		r.epoch, r.losses = o.Epoch, o.Losses
		r.words = r.wordsBefore(r.step)
		r.began = r.words
		r.start = time.Now().Add(-time.Duration(state.ElapsedSecs * float64(time.Second)))
	}
	notes, err := r.Folder.Begin()
	for _, note := range notes {
		r.notes = append(r.notes, note)
		if r.OnNote != nil {
			r.OnNote(note)
		}
	}
	return err
}

// result sums the run up.
func (r *run) result(ended string) Result {
	elapsed := time.Since(r.start)
	return Result{Ended: ended, Steps: r.step, AllSteps: r.steps, Words: r.words, EpochLosses: r.losses, Last: r.last,
		Elapsed: elapsed, WordsPerSecond: float64(r.words) / elapsed.Seconds(), Notes: r.notes}
}
