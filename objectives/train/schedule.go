package train

import (
	"math"
	"slices"
)

// schedules are the courses of the learning rate after the warm-up. Each maps the share of the way gone, in [0,1), to the share of the
// way from MinLearningRate (0) to LearningRate (1).
var schedules = map[string]func(c Config, gone float64) float64{
	// Loshchilov and Hutter 2017 (arXiv:1608.03983), equation 5, without restarts.
	"cosine":   func(_ Config, gone float64) float64 { return (1 + math.Cos(math.Pi*gone)) / 2 },
	"linear":   func(_ Config, gone float64) float64 { return 1 - gone },
	"constant": func(Config, float64) float64 { return 1 },
	// Hu et al. 2024 (arXiv:2404.06395), section 4.2, with a linear decay.
	"wsd": func(c Config, gone float64) float64 {
		after := float64(c.Steps - c.WarmupSteps)
		return min(1, (1-gone)*after/float64(c.decaySteps()))
	},
}

// Schedules lists the values of Config.LRSchedulerType.
func Schedules() []string {
	names := make([]string, 0, len(schedules))
	for name := range schedules {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// LearningRateAt is the learning rate of a step, counted from 1. With w = WarmupSteps it is LearningRate × step/w up to step w; then the share
// gone is (step-1-w)/(Steps-w), so that the first step after the warm-up has the whole learning rate and no step of the run is wasted at 0.
func (c Config) LearningRateAt(step int) float64 {
	if step <= c.WarmupSteps {
		return c.LearningRate * float64(step) / float64(c.WarmupSteps)
	}
	gone := float64(step-1-c.WarmupSteps) / float64(max(c.Steps-c.WarmupSteps, 1))
	share := schedules[c.LRSchedulerType](c, min(gone, 1))
	return c.MinLearningRate + share*(c.LearningRate-c.MinLearningRate)
}

// decaySteps is DecaySteps with its default filled in.
func (c Config) decaySteps() int {
	if c.DecaySteps == 0 {
		return max(c.Steps/5, 1)
	}
	return c.DecaySteps
}
