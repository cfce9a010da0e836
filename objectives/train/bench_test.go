package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// shape is a model and a batch to time.
type shape struct {
	V, D, L, H, T, B int
	G, F             int // of a Llama: heads of keys, inner width; 0 for a GPT
}

var shapes = []shape{{65, 128, 4, 4, 64, 12, 0, 0}, {8192, 384, 6, 6, 256, 8, 0, 0}, {8192, 384, 6, 6, 256, 8, 2, 1024}}

func (s shape) String() string {
	if s.G > 0 {
		return fmt.Sprintf("Llama_V%d_D%d_L%d_H%d_G%d_F%d_T%d_B%d", s.V, s.D, s.L, s.H, s.G, s.F, s.T, s.B)
	}
	return fmt.Sprintf("V%d_D%d_L%d_H%d_T%d_B%d", s.V, s.D, s.L, s.H, s.T, s.B)
}

// config is the network of the peer script.
func (s shape) config() models.Config {
	if s.G == 0 {
		return s.gpt()
	}
	c := models.DefaultLlama()
	c.VocabSize, c.Dim, c.NumLayers, c.NumHeads, c.NumKVHeads, c.InnerDim, c.NumContext, c.TiedHead = s.V, s.D, s.L, s.H, s.G, s.F, s.T, false
	return c
}

func (s shape) gpt() models.GPTConfig {
	c := models.DefaultGPT()
	c.VocabSize, c.Dim, c.NumLayers, c.NumHeads, c.NumContext = s.V, s.D, s.L, s.H, s.T
	c.Bias, c.Activation = false, "gelu" // as the peer script
	return c
}

// stepper makes training steps of a shape over random blocks, and everything a step of Run does.
func (s shape) stepper(tb testing.TB, change ...func(*Config)) (step func() time.Duration, stop func()) {
	tb.Helper()
	useThreads(tb, runtime.GOMAXPROCS(0))
	config := DefaultConfig()
	config.Steps, config.BatchSize, config.BlockSize = 1<<30, s.B, s.T
	for _, f := range change {
		f(&config)
	}
	var model models.Network
	mustDo(tb, func() {
		var err error
		if model, err = models.New(s.config(), 1); err != nil {
			tb.Fatal(err)
		}
	})
	tb.Cleanup(func() { mustDo(tb, func() { model.Params().Free() }) })
	job := Job{Model: model, Objective: objectives.NextToken{}, Loss: loss.NextToken{}, Train: noise{s}}
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
	for i, steps := range []int{200, 30, 4} {
		s := shapes[i]
		b.Run(s.String(), func(b *testing.B) {
			step, stop := s.stepper(b)
			defer stop()
			var ours, theirs, oursCPU, theirsCPU []float64
			for range b.N * rounds {
				them, cpu := s.peer(b, python, steps)
				theirs, theirsCPU = append(theirs, them), append(theirsCPU, cpu)
				before := processorMillis(b)
				ours = append(ours, medianMillis(step, steps))
				oursCPU = append(oursCPU, (processorMillis(b)-before)/float64(steps+warmUp))
			}
			for _, list := range [][]float64{ours, theirs, oursCPU, theirsCPU} {
				slices.Sort(list)
			}
			b.Logf("ours %.1f ms, PyTorch %.1f ms; of the processor %.1f, %.1f", ours, theirs, oursCPU, theirsCPU)
			b.ReportMetric(theirsCPU[len(ours)/2]/oursCPU[len(ours)/2], "cpu-ratio")
			us, them := ours[len(ours)/2], theirs[len(theirs)/2]
			b.ReportMetric(us, "ms/step")
			b.ReportMetric(them, "torch-ms/step")
			b.ReportMetric(them/us, "ratio")
			b.ReportMetric(0, "ns/op") // the rounds, which say nothing
		})
	}
}

const warmUp = 5 // steps before those that count

// processorMillis is what this process has used.
func processorMillis(b *testing.B) float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e6
}

func medianMillis(step func() time.Duration, steps int) float64 {
	for range warmUp {
		step()
	}
	var times []float64
	for range steps {
		times = append(times, step().Seconds()*1000)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// peer runs testdata/bench/gpt_step.py or llama_step.py and returns its median step in milliseconds, by the clock and of the processor.
func (s shape) peer(t testing.TB, python string, steps int) (clock, cpu float64) {
	t.Helper()
	var threads int
	mustDo(t, func() { threads = torch.Threads() })
	args, numbers := []string{"../../testdata/bench/gpt_step.py"}, []int{s.V, s.D, s.L, s.H, s.T, s.B, steps, threads}
	if s.G > 0 {
		args[0], numbers = "../../testdata/bench/llama_step.py", []int{s.V, s.D, s.L, s.H, s.G, s.F, s.T, s.B, steps, threads}
	}
	for _, n := range numbers {
		args = append(args, fmt.Sprint(n))
	}
	out, err := exec.Command(python, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var result struct {
		Millis  float64 `json:"ms"`
		CPU     float64 `json:"cpu_ms"`
		Threads int     `json:"threads"`
	}
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&result); err != nil {
		t.Fatal(err)
	}
	if result.Threads != threads {
		t.Fatalf("PyTorch uses %d threads, we %d", result.Threads, threads)
	}
	return result.Millis, result.CPU
}
