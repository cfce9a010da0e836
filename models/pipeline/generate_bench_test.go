package pipeline

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
)

// race is a network and a batch that both programs continue.
type race struct {
	preset             string
	batch, prompt, new int
	threads            int
}

// BenchmarkGenerateRace measures greedy generation and transformers' model.generate in turns, on the same weights, and compares the
// tokens. It wants $CLOZE_PYTHON, and $CLOZE_RACE=model folder to run another network (the 260k Llama) than GPT-2 124M's shape.
func BenchmarkGenerateRace(b *testing.B) {
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		b.Skip("CLOZE_PYTHON is not set to a Python with transformers")
	}
	for _, threads := range []int{1, 2} {
		for _, r := range []race{{"gpt2", 1, 32, 32, threads}, {"gpt2", 8, 32, 16, threads}, {"llama-260k", 1, 16, 128, threads}, {"llama-260k", 8, 16, 128, threads}} {
			b.Run(fmt.Sprintf("%s/batch=%d/threads=%d", r.preset, r.batch, threads), func(b *testing.B) { r.run(b, python) })
		}
	}
}

func (r race) run(b *testing.B, python string) {
	config, folder := r.network(b)
	network := r.load(b, config, folder)
	lm := &LM{Model: network}
	defer lm.Close()
	peer := startPeer(b, python, "../../testdata/bench/generate_hf.py", folder, strconv.Itoa(r.batch), strconv.Itoa(r.prompt), strconv.Itoa(r.new), strconv.Itoa(r.threads))
	b.Log(peer.line(b))
	var ours, theirs, oursCPU, theirsCPU []float64
	const rounds = 5
	for round := range rounds + 1 { // the first warms both up
		start, cpu := time.Now(), processorSeconds()
		ids := r.generate(b, lm)
		mine, mineCPU := time.Since(start).Seconds(), processorSeconds()-cpu
		var answer struct {
			Seconds, CPU float64
			IDs          [][]int32
		}
		if err := json.Unmarshal([]byte(peer.ask(b)), &answer); err != nil {
			b.Fatal(err)
		}
		for i := range ids {
			if !slices.Equal(ids[i], answer.IDs[i]) {
				b.Errorf("row %d: %v, transformers %v", i, ids[i], answer.IDs[i])
			}
		}
		if round > 0 {
			ours, theirs = append(ours, mine), append(theirs, answer.Seconds)
			oursCPU, theirsCPU = append(oursCPU, mineCPU), append(theirsCPU, answer.CPU)
		}
	}
	for _, list := range [][]float64{ours, theirs, oursCPU, theirsCPU} {
		slices.Sort(list)
	}
	tokens := float64(r.batch * r.new)
	b.Logf("seconds by the clock: ours %.3f transformers %.3f; of the processor: ours %.3f transformers %.3f", ours, theirs, oursCPU, theirsCPU)
	b.ReportMetric(tokens/ours[rounds/2], "tokens/s")
	b.ReportMetric(tokens/theirs[rounds/2], "transformers-tokens/s")
	b.ReportMetric(theirs[rounds/2]/ours[rounds/2], "ratio")
	b.ReportMetric(theirs[0]/ours[0], "ratio-of-best")
	b.ReportMetric(theirsCPU[rounds/2]/oursCPU[rounds/2], "cpu-ratio")
	b.ReportMetric(0, "ns/op")
}

// processorSeconds is what this process has used, of all its threads.
func processorSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// network writes a folder that transformers opens, with random weights large enough that no two tokens are nearly equal.
func (r race) network(b *testing.B) (models.Config, string) {
	if r.preset == "llama-260k" && os.Getenv("CLOZE_RACE") != "" {
		config, err := models.ReadConfig(filepath.Join(os.Getenv("CLOZE_RACE"), "config.json"))
		if err != nil {
			b.Fatal(err)
		}
		return config, os.Getenv("CLOZE_RACE")
	}
	var config models.Config
	if r.preset == "gpt2" {
		gpt := models.DefaultGPT()
		gpt.InitStd = 0.05
		config = gpt
	} else {
		llama := models.DefaultLlama()
		llama.NumLayers, llama.NumHeads, llama.NumKVHeads, llama.Dim, llama.InnerDim = 5, 8, 4, 64, 172
		llama.NumContext, llama.VocabSize, llama.TiedHead, llama.InitStd = 512, 512, true, 0.2
		config = llama
	}
	folder := b.TempDir()
	err := torch.Do(func() error {
		n, err := models.New(config, 5)
		if err != nil {
			return err
		}
		defer n.Params().Free()
		_, _, err = models.SaveHF(n, folder, 1<<40)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	text, err := config.ConfigJSON()
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "config.json"), text, 0o644); err != nil {
		b.Fatal(err)
	}
	return config, folder
}

func (r race) load(b *testing.B, config models.Config, folder string) (n models.Network) {
	err := torch.Do(func() (err error) {
		torch.SetThreads(r.threads)
		n, err = models.Load(config, filepath.Join(folder, "model.safetensors"))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// generate continues the prompts of generate_hf.py greedily, through the same steps as GenerateBatch, and no end of text.
func (r race) generate(b *testing.B, lm *LM) [][]int32 {
	var rows []*row
	vocab := lm.Model.Configuration().Shape().VocabSize
	for i := range r.batch {
		row := &row{index: i}
		for j := range r.prompt {
			row.ids = append(row.ids, int32((i*r.prompt+j)*7919%min(vocab, 300)))
		}
		rows = append(rows, row)
	}
	c, err := lm.newContinuation(r.batch, r.prompt+r.new)
	if err != nil {
		b.Fatal(err)
	}
	defer c.free()
	for range r.new {
		best, err := c.best(rows, vocab)
		if err != nil {
			b.Fatal(err)
		}
		for i, row := range rows {
			row.ids = append(row.ids, best[i])
		}
	}
	ids := make([][]int32, r.batch)
	for i, row := range rows {
		ids[i] = row.ids[r.prompt:]
	}
	return ids
}

// peer is a program that answers a line with a line.
type peer struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func startPeer(b *testing.B, command ...string) *peer {
	c := exec.Command(command[0], command[1:]...)
	c.Env = append(os.Environ(), "HF_HUB_OFFLINE=1")
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		c.Wait()
	})
	return &peer{in, bufio.NewReaderSize(out, 1<<20)}
}

func (p *peer) line(b *testing.B) string {
	line, err := p.out.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return line
}

func (p *peer) ask(b *testing.B) string {
	if _, err := io.WriteString(p.in, "go\n"); err != nil {
		b.Fatal(err)
	}
	return p.line(b)
}
