package train

import (
	"math"
	"strings"
	"testing"
)

// near is equality to twelve digits.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*max(1e-3, math.Abs(b)) }

func TestScheduleFollowsItsFormula(t *testing.T) {
	base := Config{Steps: 110, WarmupSteps: 10, LearningRate: 2e-3, MinLearningRate: 2e-4, DecaySteps: 40}
	formulas := map[string]func(step float64) float64{
		"cosine": func(s float64) float64 {
			return 2e-4 + 0.5*(1+math.Cos(math.Pi*(s-11)/100))*(2e-3-2e-4)
		},
		"linear":   func(s float64) float64 { return 2e-3 - (s-11)/100*(2e-3-2e-4) },
		"constant": func(float64) float64 { return 2e-3 },
		"wsd": func(s float64) float64 {
			if s <= 71 {
				return 2e-3
			}
			return 2e-3 - (s-71)/40*(2e-3-2e-4)
		},
	}
	for _, name := range Schedules() {
		c := base
		c.LRSchedulerType = name
		for step := 1; step <= 110; step++ {
			want := 2e-3 * float64(step) / 10
			if step > 10 {
				want = formulas[name](float64(step))
			}
			if got := c.LearningRateAt(step); !near(got, want) {
				t.Fatalf("%s: step %d has %v, want %v", name, step, got, want)
			}
		}
	}
}

func TestScheduleWithoutWarmupStartsAtTheFullRate(t *testing.T) {
	for _, name := range Schedules() {
		c := Config{Steps: 1, LearningRate: 3, MinLearningRate: 1, LRSchedulerType: name}
		if got := c.LearningRateAt(1); got != 3 {
			t.Errorf("%s: the only step has %v, want 3", name, got)
		}
	}
	c := Config{Steps: 5, WarmupSteps: 5, LearningRate: 1, LRSchedulerType: "cosine"}
	if got := c.LearningRateAt(5); got != 1 {
		t.Errorf("a run that is all warm-up ends at %v, want 1", got)
	}
}

func TestWSDDecaysOverAFifthByDefault(t *testing.T) {
	c := Config{Steps: 100, LearningRate: 1, LRSchedulerType: "wsd"}
	for step, want := range map[int]float64{1: 1, 80: 1, 81: 1, 82: 0.95, 100: 0.05} {
		if got := c.LearningRateAt(step); !near(got, want) {
			t.Errorf("step %d has %v, want %v", step, got, want)
		}
	}
}

func TestConfigNamesTheKeyThatIsWrong(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	for key, change := range map[string]func(*Config){
		"train.steps is 0":                     func(c *Config) { c.Steps = 0 },
		"train.batch_size":                     func(c *Config) { c.BatchSize = -1 },
		"train.block_size":                     func(c *Config) { c.BlockSize = 0 },
		"train.gradient_accumulation_steps":    func(c *Config) { c.GradientAccumulationSteps = 0 },
		"train.learning_rate is 0":             func(c *Config) { c.LearningRate, c.MinLearningRate = 0, 0 },
		"train.learning_rate is NaN":           func(c *Config) { c.LearningRate = math.NaN() },
		"train.min_learning_rate 1":            func(c *Config) { c.MinLearningRate = 1 },
		"train.adam_beta2 is 1":                func(c *Config) { c.AdamBeta2 = 1 },
		"train.adam_epsilon is 0":              func(c *Config) { c.AdamEpsilon = 0 },
		"train.warmup_steps 3000":              func(c *Config) { c.WarmupSteps = 3000 },
		"train.decay_steps 1950":               func(c *Config) { c.DecaySteps, c.LRSchedulerType = 1950, "wsd" },
		"cosine, linear, wsd":                  func(c *Config) { c.LRSchedulerType = "step" },
		"train.log_every":                      func(c *Config) { c.LogEvery = 0 },
		"train.early_stopping_patience is 3":   func(c *Config) { c.EarlyStoppingPatience, c.EvalEvery = 3, 0 },
		"train.max_grad_norm is -1":            func(c *Config) { c.MaxGradNorm = -1 },
		"train.weight_decay is +Inf: give a n": func(c *Config) { c.WeightDecay = math.Inf(1) },
	} {
		c := DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("error %v, want one that says %q", err, key)
		}
	}
	if err := (CheckpointConfig{Every: EverySteps(-1)}).Validate(); err == nil || !strings.Contains(err.Error(), "checkpoint.every") {
		t.Errorf("error %v, want one that names checkpoint.every", err)
	}
}
