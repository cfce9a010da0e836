package train

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// maskedStep is what testdata/bench/masked_race.py and the process of our side print.
type maskedStep struct {
	Losses  []float64 `json:"losses"`
	Millis  float64   `json:"ms"`
	Tokens  int       `json:"tokens"`
	PeakKB  int64     `json:"peak_kb"`
	Threads int       `json:"threads"`
}

// maskedFolder names, in the environment, the weights and the batch that a process of the race is to train on.
const maskedFolder = "CLOZE_MASKED_RACE"

// BenchmarkMaskedRace times a training step on masked tokens here and in transformers, BERT-mini with V30522, T128, B32, on full rows and on rows of
// real lengths, in turns, each time in fresh processes that begin with the same weights and take the same batch; losses must be equal. It wants
// $CLOZE_PYTHON, a Python with transformers, and a machine that is free.
func BenchmarkMaskedRace(b *testing.B) {
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		b.Skip("CLOZE_PYTHON names no Python with transformers: nothing to race against")
	}
	const rounds = 3
	for name, pad := range map[string][]string{"full": nil, "lengths": {"pad"}} {
		b.Run(name, func(b *testing.B) {
			var ours, theirs, ourPeak, theirPeak []float64
			for range b.N * rounds {
				folder := b.TempDir()
				args := append(strings.Fields("../../testdata/bench/masked_race.py 30522 256 4 4 128 32 3"), fmt.Sprint(runtime.GOMAXPROCS(0)), folder)
				them := raced(b, exec.Command(python, append(args, pad...)...))
				worker := exec.Command(os.Args[0], "-test.run", "^TestMaskedRaceWorker$", "-test.v")
				worker.Env = append(os.Environ(), maskedFolder+"="+folder)
				us := raced(b, worker)
				for i, want := range them.Losses {
					if math.Abs(us.Losses[i]-want) > 1e-5*want {
						b.Fatalf("loss of step %d is %.7f, transformers has %.7f", i+1, us.Losses[i], want)
					}
				}
				if us.Tokens != them.Tokens || us.Threads != them.Threads {
					b.Fatalf("%+v beside %+v", us, them)
				}
				ours, theirs = append(ours, us.Millis), append(theirs, them.Millis)
				ourPeak, theirPeak = append(ourPeak, float64(us.PeakKB)/1024), append(theirPeak, float64(them.PeakKB)/1024)
			}
			for _, list := range [][]float64{ours, theirs, ourPeak, theirPeak} {
				slices.Sort(list)
			}
			b.Logf("ours %.0f ms, transformers %.0f ms; at most %.0f and %.0f MiB", ours, theirs, ourPeak, theirPeak)
			mid := len(ours) / 2
			b.ReportMetric(ours[mid], "ms/step")
			b.ReportMetric(theirs[mid], "peer-ms/step")
			b.ReportMetric(theirs[mid]/ours[mid], "ratio")
			b.ReportMetric(ourPeak[mid]/theirPeak[mid], "memory-ratio")
			b.ReportMetric(0, "ns/op") // the rounds, which say nothing
		})
	}
}

// raced runs a process and reads the line of JSON that it prints.
func raced(b *testing.B, cmd *exec.Cmd) (m maskedStep) {
	b.Helper()
	cmd.Stderr = nil
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "{") {
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				b.Fatal(err)
			}
			return m
		}
	}
	b.Fatalf("%v printed no result:\n%s", cmd.Args, out)
	return m
}

// TestMaskedRaceWorker is our side of the race, in a process of its own.
func TestMaskedRaceWorker(t *testing.T) {
	folder := os.Getenv(maskedFolder)
	if folder == "" {
		t.Skip("a process of BenchmarkMaskedRace")
	}
	threads := runtime.GOMAXPROCS(0)
	useThreads(t, threads)
	var rows []struct{ IDs, Labels []int32 }
	data, err := os.ReadFile(filepath.Join(folder, "batch.json"))
	if err == nil {
		err = json.Unmarshal(data, &rows)
	}
	if err != nil {
		t.Fatal(err)
	}
	var batch objectives.Batch
	batch.Reset()
	batch.Train = true
	for _, row := range rows {
		batch.IDs, batch.Targets = append(batch.IDs, row.IDs...), append(batch.Targets, row.Labels...)
		batch.RowOffsets = append(batch.RowOffsets, int32(len(batch.IDs)))
		for _, label := range row.Labels {
			if label != objectives.IgnoreIndex {
				batch.Counted++
			}
		}
	}
	batch.Positions = models.RowPositions(batch.RowOffsets)
	var model models.Network
	mustDo(t, func() {
		config, err := models.ReadConfig(filepath.Join(folder, "config.json"))
		if err == nil {
			model, err = models.Load(config, filepath.Join(folder, "model.safetensors"))
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	config := DefaultConfig()
	config.Steps, config.WarmupSteps, config.LRSchedulerType, config.LearningRate, config.WeightDecay = 1<<30, 0, "constant", 1e-4, 0.01
	config.AdamBeta1, config.AdamBeta2 = 0.9, 0.999
	r, err := newRun(config, Job{Model: model, Objective: objectives.NextToken{}, Loss: loss.MaskedToken{}, Train: fakeBlocks{1}})
	if err != nil {
		t.Fatal(err)
	}
	step := &stepData{micro: []objectives.Batch{batch}}
	result := maskedStep{Tokens: len(batch.IDs), Threads: threads}
	for i := range 3 {
		if err := r.train(i+1, step); err != nil {
			t.Fatal(err)
		}
		result.Losses = append(result.Losses, r.loss)
	}
	var times []float64
	for i := range 5 {
		if err := r.train(i+4, step); err != nil {
			t.Fatal(err)
		}
		times = append(times, 1000*r.stepTime.Seconds())
	}
	slices.Sort(times)
	result.Millis = times[len(times)/2]
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	result.PeakKB = usage.Maxrss
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		t.Fatal(err)
	}
}
