package train

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// big is a shape whose checkpoint is 1 GB: 12 bytes for each of 88 million numbers.
var big = shape{V: 8192, D: 768, L: 11, H: 12, T: 64, B: 1}

// savingRun is a run of the shape in a folder; begin opens it.
func (s shape) savingRun(tb testing.TB, dir string) *run {
	tb.Helper()
	useThreads(tb, runtime.GOMAXPROCS(0))
	folder, err := OpenFolder(dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { folder.Close() })
	if !folder.Has(ConfigFile) {
		if err := folder.Write(File{ConfigFile, nil}); err != nil {
			tb.Fatal(err)
		}
	}
	config := DefaultConfig()
	config.Steps, config.BatchSize, config.BlockSize = 1<<30, s.B, s.T
	r, err := newRun(config, Job{Model: newModel(tb, s.gpt()), Objective: objectives.NextToken{}, Loss: loss.NextToken{}, Train: noise{s}, Folder: folder,
		Checkpoint: CheckpointConfig{Keep: 2}})
	if err != nil {
		tb.Fatal(err)
	}
	r.read()
	return r
}

func (r *run) oneStep(tb testing.TB) time.Duration {
	start := time.Now()
	if err := r.train(r.step+1, r.next()); err != nil {
		tb.Fatal(err)
	}
	return time.Since(start)
}

// BenchmarkCheckpoint is what a checkpoint costs the loop: the copy that it waits for, and what the steps lose while the copy is written beside
// them. Steps with and without are timed in turns; %/100steps is the whole cost over the time of a hundred steps.
func BenchmarkCheckpoint(b *testing.B) {
	const beside = 2 // steps, which take longer than the writing
	for _, s := range shapes[:2] {
		b.Run(s.String(), func(b *testing.B) {
			r := s.savingRun(b, filepath.Join(b.TempDir(), "run"))
			defer r.close()
			rounds := max(beside, int(time.Second/r.oneStep(b)))
			for range 3 { // and the memory of the copy is there
				r.oneStep(b)
			}
			if err := r.saveLast(); err != nil {
				b.Fatal(err)
			}
			var without, copies, costs []float64
			for b.Loop() {
				var plain, saving time.Duration
				for range rounds {
					d := r.oneStep(b)
					plain += d
					without = append(without, d.Seconds())
				}
				start := time.Now()
				if err := r.save(); err != nil {
					b.Fatal(err)
				}
				copied := time.Since(start)
				for range rounds {
					saving += r.oneStep(b)
				}
				if err := r.saver.wait(); err != nil {
					b.Fatal(err)
				}
				copies = append(copies, copied.Seconds())
				costs = append(costs, (copied + saving - plain).Seconds())
			}
			step, cost := middle(without), middle(costs)
			b.ReportMetric(1000*step, "ms/step")
			b.ReportMetric(1000*middle(copies), "ms-copy")
			b.ReportMetric(1000*cost, "ms-cost")
			b.ReportMetric(cost/step, "%/100steps")
			b.ReportMetric(float64(len(r.saver.weights)+len(r.saver.moments))/1e6, "MB")
			b.ReportMetric(0, "ns/op") // the rounds, which say nothing
		})
	}
}

func middle(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// BenchmarkResume is the time from opening a run with a checkpoint of 1 GB to the end of its first step, the fresh weights that the checkpoint
// replaces included; the files are in the system's cache, as after a crash of the process.
func BenchmarkResume(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "run")
	r := big.savingRun(b, dir)
	r.oneStep(b)
	start := time.Now()
	if err := r.saveLast(); err != nil {
		b.Fatal(err)
	}
	saved := time.Since(start).Seconds()
	r.close()
	r.Folder.Close()
	size := int64(0)
	for _, file := range []string{WeightsFile, OptimizerFile} {
		info, err := os.Stat(filepath.Join(dir, checkpointName(1), file))
		if err != nil {
			b.Fatal(err)
		}
		size += info.Size()
	}
	var opened, begun, stepped []float64
	for b.Loop() {
		start := time.Now()
		folder, err := OpenFolder(dir)
		if err != nil {
			b.Fatal(err)
		}
		opened = append(opened, time.Since(start).Seconds())
		folder.Close()
		start = time.Now()
		r := big.savingRun(b, dir)
		begun = append(begun, time.Since(start).Seconds())
		if r.step != 1 {
			b.Fatal("not resumed")
		}
		r.oneStep(b)
		stepped = append(stepped, time.Since(start).Seconds())
		r.close()
		r.Folder.Close()
	}
	b.ReportMetric(saved, "s-save")
	b.ReportMetric(middle(opened), "s-verified")
	b.ReportMetric(middle(begun), "s-to-first-step")
	b.ReportMetric(middle(stepped), "s-first-step-done")
	b.ReportMetric(float64(size)/1e6, "MB")
}
