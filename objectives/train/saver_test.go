package train

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// Training goes on while a checkpoint is written, and what is written is the weights of its step, not those of the steps made meanwhile. The
// next checkpoint waits for it.
func TestACheckpointIsWrittenBesideTheTraining(t *testing.T) {
	config, dir := hardConfig(), t.TempDir()
	config.Steps, config.EvalEvery = 10, 0
	later := make(chan struct{})
	steps, saved := 0, map[int]int{} // checkpoint to the steps that were made when it was there
	var at4 [][]byte
	_, err := runIn(t, dir, context.Background(), config, func(job *Job) {
		job.Checkpoint, job.Valid = CheckpointConfig{EverySteps(4), 0}, nil
		job.OnStep = func(p Progress) {
			if steps = p.Step; p.Step == 4 {
				at4 = weights(t, job.Model)
			}
			if p.Step == 6 {
				close(later)
			}
		}
		job.OnSave = func(step int, _ string) { saved[step] = steps }
		job.Folder.hook = func(path string, at int64) error {
			if filepath.Base(path) == WeightsFile && at == 0 {
				<-later // two more steps are made first, or this waits for ever
			}
			return nil
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(saved) != 3 || saved[4] < 6 || saved[4] > 8 || saved[8] < 8 {
		t.Errorf("checkpoints were there after steps %v", saved)
	}
	model := newModel(t, tinyGPT())
	mustDo(t, func() {
		if err := model.Params().Load(filepath.Join(dir, checkpointName(4), WeightsFile)); err != nil {
			t.Fatal(err)
		}
	})
	if !sameWeights(at4, weights(t, model)) {
		t.Error("the checkpoint of step 4 holds other weights than the model had then")
	}
}

// The copy is made once and its memory used again.
func TestTheCopyOfACheckpointIsKept(t *testing.T) {
	folder, err := CreateFolder(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	r, err := newRun(hardConfig(), hardJob(t, folder))
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if err := r.saveLast(); err != nil {
		t.Fatal(err)
	}
	weights, moments, live := &r.saver.weights[0], &r.saver.moments[0], torch.Live()
	r.step, r.saver.step = 1, 0
	if err := r.saveLast(); err != nil {
		t.Fatal(err)
	}
	if &r.saver.weights[0] != weights || &r.saver.moments[0] != moments || torch.Live() != live {
		t.Error("the second checkpoint took other memory than the first")
	}
}

// A checkpoint that cannot be written ends the run at the next step, and one at the end as well: nothing fails unheard.
func TestAFailedWriteIsHeard(t *testing.T) {
	reason := errors.New("the disk has burnt down")
	for _, c := range []struct {
		file  string
		write int
		most  int // steps that may be made before it is heard
	}{{WeightsFile, 1, 6}, {OptimizerFile, 3, 12}, {StateFile, 2, 12}, {LastFile, 1, 6}, {WeightsFile, 9, 24}} {
		dir, left := t.TempDir(), c.write
		saves := 0
		result, err := runIn(t, dir, context.Background(), hardConfig(), func(job *Job) {
			job.OnSave = func(int, string) { saves++ }
			job.Folder.hook = func(path string, at int64) error {
				if filepath.Base(path) == c.file && at == 0 {
					if left--; left == 0 {
						return reason
					}
				}
				return nil
			}
		})
		checkRefusal(t, c.file, err, "the checkpoint of step", c.file, reason.Error())
		if !errors.Is(err, reason) || result.Ended != Failed || saves != c.write-1 || result.Steps > c.most {
			t.Errorf("%s: %q after %d steps and %d checkpoints: %v", c.file, result.Ended, result.Steps, saves, err)
		}
	}
}
