package train

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// keptConfig and keptJob are the run in testdata/train/state_v2, small so that the repository stays so.
func keptConfig() Config {
	c := hardConfig()
	c.Steps = 16
	return c
}

func keptJob(t testing.TB) func(*Job) {
	gpt := tinyGPT()
	gpt.Dim, gpt.NumLayers = 8, 1
	return func(job *Job) {
		folder := job.Folder
		*job = tinyJob(t, gpt)
		job.Folder, job.DataSet, job.Tokenizer = folder, "d", "t"
		job.Checkpoint = CheckpointConfig{Every: EverySteps(4), Keep: 1}
	}
}

// Version 2, the first that can be resumed, is gone on with for good: this folder, stopped after step 8, is never written again. A later version gets
// one of its own beside it. The loss is that of the run that wrote it and was not stopped.
func TestAVersion2RunIsGoneOnWithForGood(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "testdata", "train", "state_v2"))); err != nil {
		t.Fatal(err)
	}
	var first int
	job := keptJob(t)
	result, err := runIn(t, dir, context.Background(), keptConfig(), func(j *Job) {
		job(j)
		j.OnStep = func(p Progress) {
			if first == 0 {
				first = p.Step
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	const wantLoss, wantEval = 3.072428, 3.104628
	if first != 9 || result.Steps != 16 || math.Abs(*result.Loss-wantLoss) > 1e-4 || math.Abs(result.Eval.Loss-wantEval) > 1e-4 {
		t.Errorf("went on at step %d to %d, loss %.6f, held out %.6f; want 9, 16, %.6f and %.6f", first, result.Steps, *result.Loss, result.Eval.Loss, wantLoss, wantEval)
	}
}
