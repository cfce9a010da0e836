package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// shape is a model and a batch to time.
type shape struct{ V, D, L, H, T, B int }

var shapes = []shape{{65, 128, 4, 4, 64, 12}, {8192, 384, 6, 6, 256, 8}}

func (s shape) String() string {
	return fmt.Sprintf("V%d_D%d_L%d_H%d_T%d_B%d", s.V, s.D, s.L, s.H, s.T, s.B)
}

func (s shape) gpt() models.GPTConfig {
	c := models.DefaultGPT()
	c.VocabSize, c.Dim, c.NumLayers, c.NumHeads, c.NumContext = s.V, s.D, s.L, s.H, s.T
	c.Bias, c.Activation = false, "gelu" // as the peer script
	return c
}

// stepper makes training steps of a shape over random blocks, and everything a step of Run does.
func (s shape) stepper(tb testing.TB) (step func() time.Duration, stop func()) {
	tb.Helper()
	useThreads(tb, runtime.GOMAXPROCS(0))
	config := DefaultConfig()
	config.Steps, config.BatchSize, config.BlockSize = 1<<30, s.B, s.T
	job := Job{Model: newModel(tb, s.gpt()), Objective: objectives.NextToken{}, Loss: loss.NextToken{}, Train: noise{s}}
	r, err := newRun(config, job)
	if err != nil {
		tb.Fatal(err)
	}
	next, stopReading := r.reader.start(1, config.Steps, readAhead)
	n := 0
	step = func() time.Duration {
		start := time.Now()
		n++
		if err := r.train(n, next()); err != nil {
			tb.Fatal(err)
		}
		if err := r.log(); err != nil {
			tb.Fatal(err)
		}
		return time.Since(start)
	}
	return step, func() { stopReading(); r.close() }
}

// noise is blocks of one row of random ids.
type noise struct{ shape }

func (n noise) Len() int { return 1 << 20 }

func (n noise) Sequences(i int, dst []objectives.Sequence) []objectives.Sequence {
	ids := make([]int32, n.T)
	x := uint64(i)
	for j := range ids {
		x = x*6364136223846793005 + 1442695040888963407
		ids[j] = int32((x >> 33) % uint64(n.V))
	}
	return append(dst, objectives.Sequence{IDs: ids, Next: ids[0]})
}

// BenchmarkStep is a training step in float32: batch, forward, backward, clipping, AdamW.
func BenchmarkStep(b *testing.B) {
	for _, s := range shapes {
		b.Run(s.String(), func(b *testing.B) {
			step, stop := s.stepper(b)
			defer stop()
			for range 3 {
				step()
			}
			start := time.Now()
			n := 0
			for b.Loop() {
				step()
				n++
			}
			b.ReportMetric(float64(n*s.B*s.T)/time.Since(start).Seconds(), "tokens/s")
			b.ReportAllocs()
		})
	}
}

// BenchmarkStepRace times the same step here and in PyTorch, in turns, where $CLOZE_PYTHON names a Python with torch. The median of the rounds
// counts; a ratio above 1 says that we are faster. Run it on a machine that is free.
func BenchmarkStepRace(b *testing.B) {
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		b.Skip("CLOZE_PYTHON names no Python with torch: nothing to race against")
	}
	const rounds = 5
	for i, steps := range []int{200, 30} {
		s := shapes[i]
		b.Run(s.String(), func(b *testing.B) {
			step, stop := s.stepper(b)
			defer stop()
			var ours, theirs []float64
			for range b.N * rounds {
				theirs = append(theirs, s.peer(b, python, steps))
				ours = append(ours, medianMillis(step, steps))
			}
			slices.Sort(ours)
			slices.Sort(theirs)
			b.Logf("ours %.1f ms, PyTorch %.1f ms", ours, theirs)
			us, them := ours[len(ours)/2], theirs[len(theirs)/2]
			b.ReportMetric(us, "ms/step")
			b.ReportMetric(them, "torch-ms/step")
			b.ReportMetric(them/us, "ratio")
			b.ReportMetric(0, "ns/op") // the rounds, which say nothing
		})
	}
}

func medianMillis(step func() time.Duration, steps int) float64 {
	for range 5 {
		step()
	}
	var times []float64
	for range steps {
		times = append(times, step().Seconds()*1000)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// peer runs testdata/bench/gpt_step.py and returns its median step in milliseconds.
func (s shape) peer(t testing.TB, python string, steps int) float64 {
	t.Helper()
	var threads int
	mustDo(t, func() { threads = torch.Threads() })
	args := []string{"../../testdata/bench/gpt_step.py"}
	for _, n := range []int{s.V, s.D, s.L, s.H, s.T, s.B, steps, threads} {
		args = append(args, fmt.Sprint(n))
	}
	out, err := exec.Command(python, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var result struct {
		Millis  float64 `json:"ms"`
		Threads int     `json:"threads"`
	}
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&result); err != nil {
		t.Fatal(err)
	}
	if result.Threads != threads {
		t.Fatalf("PyTorch uses %d threads, we %d", result.Threads, threads)
	}
	return result.Millis
}
