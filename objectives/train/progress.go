package train

import "time"

// Progress is the state of a run after a step, for a bar or a line.
type Progress struct {
	Step            int           // steps done
	Steps           int           // of so many
	Loss            float64       // of the last step that had something to learn, nats a target; NaN before it
	LearningRate    float64       // of this step
	GradNorm        float64       // of that step, before clipping
	TokensPerSecond float64       // read over the last steps, evaluations and checkpoints left out
	Elapsed         time.Duration // since the run began
	Remaining       time.Duration // expected, evaluations and checkpoints so far counted in
}

// meterSteps is how many steps a speed is measured over: long enough to be steady, short enough to follow a machine that slows down.
const meterSteps = 32

// meter measures the speed of the last steps.
type meter struct {
	tokens  [meterSteps]int64
	elapsed [meterSteps]time.Duration
	steps   int
}

// add enters a step.
func (m *meter) add(tokens int64, elapsed time.Duration) {
	i := m.steps % meterSteps
	m.tokens[i], m.elapsed[i] = tokens, elapsed
	m.steps++
}

// tokensPerSecond is the tokens of the last steps over the time they took.
func (m *meter) tokensPerSecond() float64 {
	var tokens int64
	var elapsed time.Duration
	for i := range m.tokens {
		tokens += m.tokens[i]
		elapsed += m.elapsed[i]
	}
	if elapsed <= 0 {
		return 0
	}
	return float64(tokens) / elapsed.Seconds()
}

// remaining extrapolates the time that the steps so far took.
func remaining(elapsed time.Duration, done, steps int) time.Duration {
	if done == 0 {
		return 0
	}
	return time.Duration(float64(elapsed) / float64(done) * float64(steps-done))
}
