package hogwild

import (
	"fmt"
	"runtime"

	"github.com/go-cloze/cloze/objectives/wordvec"
)

// Config is how word vectors are trained.
type Config struct {
	wordvec.Config
	Seed          uint64 `json:"seed"`          // of fresh vectors and all that is drawn
	Threads       int    `json:"threads"`       // goroutines that train; 0 is as many as this process may use processors
	Deterministic bool   `json:"deterministic"` // the same bits for a seed and a number of threads, at some cost; with one thread it is always so
}

// Resolve fills in what follows from other settings and from the machine.
func (c *Config) Resolve() {
	c.Config.Resolve()
	if c.Threads == 0 {
		c.Threads = runtime.GOMAXPROCS(0)
	}
	if c.Seed == 0 {
		c.Seed = 1
	}
}

// Validate returns an error that names the first setting that cannot be used.
func (c Config) Validate() error {
	if c.Threads < 0 || c.Threads > 4096 {
		return fmt.Errorf("threads is %d: give 0 for all, or a number up to 4096", c.Threads)
	}
	return c.Config.Validate()
}

// learningRate is the rate of a step that has done words of all before it: a straight line down to a ten-thousandth, as word2vec's code has it.
func (c Config) learningRate(done, all int64) float64 {
	return c.LR * max(1-float64(done)/float64(all), 1e-4)
}
