package train

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// hardConfig is a run with everything on that a resume could forget: accumulation, shuffled passes, evaluations, best-tracking, a schedule.
func hardConfig() Config {
	c := tinyConfig()
	c.Steps, c.EvalEvery, c.LogEvery = 24, 5, 3
	return c
}

// hardJob has dropout, so that libtorch's generator matters.
func hardJob(t testing.TB, folder *Folder) Job {
	t.Helper()
	gpt := tinyGPT()
	gpt.EmbedDrop, gpt.ResidDrop = 0.1, 0.1
	job := tinyJob(t, gpt)
	job.Folder, job.DataSet, job.Tokenizer = folder, "d", "t"
	job.Checkpoint = CheckpointConfig{Every: EverySteps(4), Keep: 2}
	return job
}

// runIn opens the run folder and runs the job in it, after change.
func runIn(t testing.TB, dir string, ctx context.Context, config Config, change func(*Job)) (Result, error) {
	t.Helper()
	folder, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if !folder.Has(ConfigFile) {
		if err := folder.Write(File{ConfigFile, []byte("train:\n")}); err != nil {
			t.Fatal(err)
		}
	}
	job := hardJob(t, folder)
	if change != nil {
		change(&job)
	}
	return Run(ctx, config, job)
}

// finished runs the job to its end.
func finished(t testing.TB, dir string, config Config, change func(*Job)) Result {
	t.Helper()
	result, err := runIn(t, dir, context.Background(), config, change)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// outcome is all that a run leaves but for times: the files of its last checkpoint, its state, its metrics.
type outcome struct {
	weights, moments []byte
	state            State
	metrics          []string
	last, best       string
}

func outcomeOf(t testing.TB, dir string) outcome {
	t.Helper()
	last, err := Checkpoint(dir, LastFile)
	if err != nil {
		t.Fatal(err)
	}
	o := outcome{weights: readAll(t, filepath.Join(last, WeightsFile)), moments: readAll(t, filepath.Join(last, OptimizerFile)),
		last: string(readAll(t, filepath.Join(dir, LastFile)))}
	if o.state, err = parseState(readAll(t, filepath.Join(last, StateFile))); err != nil {
		t.Fatal(err)
	}
	o.state.ElapsedSecs, o.state.Checksum = 0, ""
	if best, err := os.ReadFile(filepath.Join(dir, BestFile)); err == nil {
		o.best = string(best)
	}
	for lines := bufio.NewScanner(bytes.NewReader(readAll(t, filepath.Join(dir, MetricsFile)))); lines.Scan(); {
		var record map[string]any
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		delete(record, "tokens_per_second")
		delete(record, "elapsed_seconds")
		line, _ := json.Marshal(record)
		o.metrics = append(o.metrics, string(line))
	}
	return o
}

func readAll(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// differs says in what two outcomes differ, "" in nothing.
func (o outcome) differs(other outcome) string {
	generators := bytes.Equal(o.state.Generator, other.state.Generator)
	o.state.Generator, other.state.Generator = nil, nil // too long to be shown
	a, _ := json.Marshal(o.state)
	b, _ := json.Marshal(other.state)
	switch {
	case !bytes.Equal(o.weights, other.weights):
		return "weights"
	case !bytes.Equal(o.moments, other.moments):
		return "moments"
	case !generators:
		return "the state of the generator"
	case !bytes.Equal(a, b):
		return fmt.Sprintf("state %s and %s", a, b)
	case !slices.Equal(o.metrics, other.metrics):
		return fmt.Sprintf("metrics\n%s\nand\n%s", strings.Join(o.metrics, "\n"), strings.Join(other.metrics, "\n"))
	case o.last != other.last || o.best != other.best:
		return fmt.Sprintf("last %q, best %q and last %q, best %q", o.last, o.best, other.last, other.best)
	}
	return ""
}

// crashing is a loss that ends the run with an error, and so without a checkpoint, at the n-th training batch.
type crashing struct{ batches *int }

func (c crashing) Terms(m models.Model, b *objectives.Batch) []loss.Term {
	terms := loss.NextToken{}.Terms(m, b)
	if b.Train {
		if *c.batches--; *c.batches == 0 {
			return append(terms, terms[0])
		}
	}
	return terms
}

// crashAt lets the run fail in the middle of a step.
func crashAt(step int) func(*Job) {
	return func(job *Job) {
		batches := 2 * step
		job.Loss = crashing{&batches}
	}
}

// The promise: N steps at once and k + (N-k) steps, the first k ended by an interrupt, a crash, or several, leave the same bits.
func TestResumedRunsLeaveTheSameBits(t *testing.T) {
	config := hardConfig()
	reference := t.TempDir()
	whole := finished(t, reference, config, nil)
	want := outcomeOf(t, reference)
	if whole.Best.Step == 0 || want.state.Step != 24 || len(want.metrics) != 8+5 {
		t.Fatalf("the reference run: %+v, %d lines of metrics", whole, len(want.metrics))
	}
	for _, stops := range [][]int{{3}, {4}, {5}, {13}, {24}, {-3}, {-6}, {-13, 15, -22, 23}, {2, 4, 6, 8, -9}} {
		dir := t.TempDir()
		for _, stop := range stops {
			ctx, cancel := context.WithCancel(context.Background())
			if stop < 0 {
				before := 0
				if folder, err := OpenFolder(dir); err == nil {
					before = folder.ResumedStep()
					folder.Close()
				}
				if _, err := runIn(t, dir, ctx, config, crashAt(-stop-before)); err == nil {
					t.Fatal("the run did not crash")
				}
			} else {
				result, err := runIn(t, dir, ctx, config, func(job *Job) {
					job.OnStep = func(p Progress) {
						if p.Step == stop {
							cancel()
						}
					}
				})
				if err != nil || result.Steps != stop {
					t.Fatalf("stopped after %d steps, not %d (%v)", result.Steps, stop, err)
				}
			}
			cancel()
		}
		again := finished(t, dir, config, nil)
		if what := want.differs(outcomeOf(t, dir)); what != "" {
			t.Errorf("stopped at %v, the resumed run differs in %s", stops, what)
		}
		if again.Steps != 24 || again.Tokens != whole.Tokens || *again.Loss != *whole.Loss || !reflect.DeepEqual(again.Eval, whole.Eval) || again.Best != whole.Best {
			t.Errorf("stopped at %v, the result is %+v, not %+v", stops, again, whole)
		}
	}
}

// A finished run that is resumed does nothing and says the same.
func TestAFinishedRunIsLeftAsItIs(t *testing.T) {
	dir, config := t.TempDir(), hardConfig()
	finished(t, dir, config, nil)
	want, result := outcomeOf(t, dir), finished(t, dir, config, func(job *Job) {
		job.OnStep = func(Progress) { t.Error("a step was made") }
		job.OnSave = func(int, string) { t.Error("a checkpoint was written") }
	})
	if what := want.differs(outcomeOf(t, dir)); what != "" || result.Ended != AllSteps || result.Eval == nil {
		t.Errorf("%q, differs in %s", result.Ended, what)
	}
}

func TestEarlyStoppingGoesOnCounting(t *testing.T) {
	config := hardConfig()
	config.Steps, config.EvalEvery, config.EarlyStoppingPatience = 1000, 2, 3
	config.LearningRate, config.MinLearningRate, config.LRSchedulerType = 0.5, 0.5, "constant"
	reference := t.TempDir()
	whole := finished(t, reference, config, nil)
	if whole.Ended != EarlyStop {
		t.Fatalf("the run %s", whole.Ended)
	}
	want := outcomeOf(t, reference)
	for stop := whole.Steps - 5; stop <= whole.Steps; stop++ {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		if _, err := runIn(t, dir, ctx, config, func(job *Job) {
			job.OnStep = func(p Progress) {
				if p.Step == stop {
					cancel()
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		again := finished(t, dir, config, nil)
		if what := want.differs(outcomeOf(t, dir)); what != "" || again.Ended != EarlyStop {
			t.Errorf("stopped at %d, the resumed run %s and differs in %s", stop, again.Ended, what)
		}
	}
}

// stopping is a loss that ends the context in a training or in an evaluation batch.
type stopping struct {
	stop  func()
	train bool
}

func (s stopping) Terms(m models.Model, b *objectives.Batch) []loss.Term {
	if b.Train == s.train {
		s.stop()
	}
	return loss.NextToken{}.Terms(m, b)
}

// An interrupt in the middle of an evaluation leaves it to the resumed run; one in the middle of a long step undoes the step, generator and all.
func TestInterruptsInTheMiddleChangeNothing(t *testing.T) {
	config := hardConfig()
	reference := t.TempDir()
	finished(t, reference, config, nil)
	want := outcomeOf(t, reference)
	for _, train := range []bool{false, true} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		result, err := runIn(t, dir, ctx, config, func(job *Job) { job.Loss = stopping{cancel, train} })
		steps := map[bool]int{false: 5, true: 0}[train] // the first step may be long, for all that is known
		if err != nil || result.Ended != Interrupted || result.Steps != steps {
			t.Fatalf("%q after %d steps (%v)", result.Ended, result.Steps, err)
		}
		finished(t, dir, config, nil)
		if what := want.differs(outcomeOf(t, dir)); what != "" {
			t.Errorf("interrupted in a training batch (%v), the resumed run differs in %s", train, what)
		}
	}
}

// Cases C76, C77 and C78 with their numbers: few blocks, a stop in a later pass, a window of accumulation that goes over the end of a pass.
func TestSmallRunsGoOnInTheMiddleOfAPass(t *testing.T) {
	for name, c := range map[string]struct{ blocks, batch, accumulation, steps, stop int }{
		"C76": {blocks: 10, batch: 2, accumulation: 1, steps: 15, stop: 7},
		"C78": {blocks: 10, batch: 1, accumulation: 4, steps: 5, stop: 2}, // its third window holds blocks 8, 9 and the next pass's first two
	} {
		config := hardConfig()
		config.Steps, config.BatchSize, config.GradientAccumulationSteps, config.EvalEvery, config.LogEvery = c.steps, c.batch, c.accumulation, 0, 1
		var seen [2][]int // blocks that were read, in order
		read := func(into *[]int) func(*Job) {
			return func(job *Job) {
				job.Train = watched{job.Train, c.blocks, into}
				job.Valid, job.Checkpoint.Every = nil, Interval{}
			}
		}
		whole, parted := t.TempDir(), t.TempDir()
		finished(t, whole, config, read(&seen[0]))
		ctx, cancel := context.WithCancel(context.Background())
		if _, err := runIn(t, parted, ctx, config, func(job *Job) {
			read(new([]int))(job) // it reads ahead of the stop
			job.OnStep = func(p Progress) {
				if p.Step == c.stop {
					cancel()
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		finished(t, parted, config, read(&seen[1]))
		want := outcomeOf(t, whole)
		if what := want.differs(outcomeOf(t, parted)); what != "" {
			t.Errorf("%s: the resumed run differs in %s", name, what)
		}
		done := c.stop * c.batch * c.accumulation
		if all := c.steps * c.batch * c.accumulation; len(seen[0]) != all || !slices.Equal(seen[0][done:], seen[1]) {
			t.Errorf("%s: at once it read %v, and after the stop at sample %d %v", name, seen[0], done, seen[1])
		}
	}
}

// watched is the first n of some blocks; it notes which are read.
type watched struct {
	objectives.Blocks
	n    int
	seen *[]int
}

func (w watched) Len() int { return w.n }

func (w watched) Sequences(i int, dst []objectives.Sequence) []objectives.Sequence {
	*w.seen = append(*w.seen, i)
	return w.Blocks.Sequences(i, dst)
}
