package train

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Config is how a run trains: the `train` section of a run's YAML. A step reads BatchSize × BlockSize × GradientAccumulationSteps tokens.
type Config struct {
	Steps                     int `json:"steps"`                       // updates of the weights
	BatchSize                 int `json:"batch_size"`                  // blocks in a micro-batch, what one forward pass holds
	BlockSize                 int `json:"block_size"`                  // tokens in a block, at most the model's context
	GradientAccumulationSteps int `json:"gradient_accumulation_steps"` // micro-batches in a step; 1 is no accumulation

	GradientCheckpointing bool `json:"gradient_checkpointing"` // keep the inputs of a model's blocks alone and run each again in the backward pass: less memory, about a quarter more time, the same bits

	DType string `json:"dtype"` // of forward and backward passes: float32, bfloat16, or float16, whose gradients are kept in range by a loss scale; weights and moments are float32

	LearningRate    float64 `json:"learning_rate"`     // highest learning rate
	MinLearningRate float64 `json:"min_learning_rate"` // learning rate that cosine, linear and wsd end at
	WarmupSteps     int     `json:"warmup_steps"`      // steps over which the learning rate rises to LearningRate
	LRSchedulerType string  `json:"lr_scheduler_type"` // course after the warm-up: cosine, linear, constant or wsd (stable, then decay)
	DecaySteps      int     `json:"decay_steps"`       // last steps, over which wsd decays; 0 is a fifth of Steps

	WeightDecay float64 `json:"weight_decay"`  // of matrices and tables; biases and norms have none
	AdamBeta1   float64 `json:"adam_beta1"`    // memory of the mean of gradients, in [0,1)
	AdamBeta2   float64 `json:"adam_beta2"`    // memory of the mean of their squares, in [0,1)
	AdamEpsilon float64 `json:"adam_epsilon"`  // added to the root of that mean
	MaxGradNorm float64 `json:"max_grad_norm"` // longest gradient, all parameters as one vector; a longer one is scaled down to it; 0 is no limit

	EvalEvery             int `json:"eval_every"`              // steps between evaluations; 0 evaluates at the end alone
	LogEvery              int `json:"log_every"`               // steps between lines in metrics.jsonl
	EarlyStoppingPatience int `json:"early_stopping_patience"` // evaluations in a row without a lower validation loss that end the run; 0 never does

	OnDivergence string `json:"on_divergence"` // what a loss or gradient that is no longer finite does: stop, or backoff (to the last checkpoint, with half the learning rate)

	Seed uint64 `json:"seed"` // of fresh weights, the order of blocks, and all that an objective draws
}

// DefaultConfig is a run of 2,000 steps of 3,072 tokens, nanoGPT's setting for small models on a CPU.
func DefaultConfig() Config {
	return Config{
		Steps: 2000, BatchSize: 24, BlockSize: 128, GradientAccumulationSteps: 1, DType: "float32",
		LearningRate: 1e-3, MinLearningRate: 1e-4, WarmupSteps: 100, LRSchedulerType: "cosine",
		WeightDecay: 0.1, AdamBeta1: 0.9, AdamBeta2: 0.99, AdamEpsilon: 1e-8, MaxGradNorm: 1,
		EvalEvery: 250, LogEvery: 10, OnDivergence: StopOnDivergence, Seed: 1,
	}
}

// StepTokens is the number of tokens a step reads, where no block is shorter.
func (c Config) StepTokens() int64 {
	return int64(c.BatchSize) * int64(c.BlockSize) * int64(c.GradientAccumulationSteps)
}

// Validate returns an error that names the first setting that cannot be used, by its key, and what to give instead.
func (c Config) Validate() error {
	for _, n := range []struct {
		key   string
		value int
		least int
	}{
		{"steps", c.Steps, 1}, {"batch_size", c.BatchSize, 1}, {"block_size", c.BlockSize, 1},
		{"gradient_accumulation_steps", c.GradientAccumulationSteps, 1}, {"warmup_steps", c.WarmupSteps, 0}, {"decay_steps", c.DecaySteps, 0},
		{"eval_every", c.EvalEvery, 0}, {"log_every", c.LogEvery, 1}, {"early_stopping_patience", c.EarlyStoppingPatience, 0},
	} {
		if n.value < n.least {
			return fmt.Errorf("train.%s is %d: give at least %d", n.key, n.value, n.least)
		}
	}
	for _, x := range []struct {
		key   string
		value float64
		below float64
	}{
		{"learning_rate", c.LearningRate, math.Inf(1)}, {"min_learning_rate", c.MinLearningRate, math.Inf(1)}, {"weight_decay", c.WeightDecay, math.Inf(1)},
		{"adam_beta1", c.AdamBeta1, 1}, {"adam_beta2", c.AdamBeta2, 1}, {"adam_epsilon", c.AdamEpsilon, math.Inf(1)}, {"max_grad_norm", c.MaxGradNorm, math.Inf(1)},
	} {
		if !(x.value >= 0 && x.value < x.below) {
			return fmt.Errorf("train.%s is %g: give a number from 0 to below %g", x.key, x.value, x.below)
		}
	}
	if !slices.Contains(dtypes, c.DType) {
		return fmt.Errorf("train.dtype is %q: give one of %s", c.DType, strings.Join(dtypes, ", "))
	}
	if !slices.Contains(Schedules(), c.LRSchedulerType) {
		return fmt.Errorf("train.lr_scheduler_type is %q: give one of %s", c.LRSchedulerType, strings.Join(Schedules(), ", "))
	}
	if !slices.Contains(onDivergence, c.OnDivergence) {
		return fmt.Errorf("train.on_divergence is %q: give one of %s", c.OnDivergence, strings.Join(onDivergence, ", "))
	}
	return c.crossValidate()
}

// crossValidate checks what settings say together.
func (c Config) crossValidate() error {
	switch {
	case c.LearningRate == 0:
		return fmt.Errorf("train.learning_rate is 0: nothing would be learnt; give a small positive number, 1e-3 for a small model")
	case c.MinLearningRate > c.LearningRate:
		return fmt.Errorf("train.min_learning_rate %g is above train.learning_rate %g: give at most that", c.MinLearningRate, c.LearningRate)
	case c.WarmupSteps > c.Steps:
		return fmt.Errorf("train.warmup_steps %d are more than train.steps %d: give fewer", c.WarmupSteps, c.Steps)
	case c.LRSchedulerType == "wsd" && c.WarmupSteps+c.decaySteps() > c.Steps:
		return fmt.Errorf("train.warmup_steps %d and train.decay_steps %d are more than train.steps %d: give fewer", c.WarmupSteps, c.decaySteps(), c.Steps)
	case c.EarlyStoppingPatience > 0 && c.EvalEvery == 0:
		return fmt.Errorf("train.early_stopping_patience is %d but train.eval_every is 0: without evaluations a run cannot stop early; give steps between them", c.EarlyStoppingPatience)
	case c.AdamEpsilon == 0:
		return fmt.Errorf("train.adam_epsilon is 0: a weight without gradient would become NaN; give a small positive number, 1e-8")
	}
	return nil
}
