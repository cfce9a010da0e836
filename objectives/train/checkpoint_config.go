package train

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// CheckpointConfig is when a run saves itself and what it keeps: the `checkpoint` section of a run's YAML.
type CheckpointConfig struct {
	Every Interval `json:"every"` // distance between checkpoints, beside those at a new best and at the end: steps (500) or time (5m, 90s); 0 is none in between
	Keep  int      `json:"keep"`  // newest checkpoints that stay, beside the best one, which always does; 0 keeps all
}

// DefaultCheckpoint saves every 500 steps and keeps two, so that there is one to go back to when the newest is damaged.
func DefaultCheckpoint() CheckpointConfig {
	return CheckpointConfig{Every: Interval{Steps: 500}, Keep: 2}
}

// Validate returns an error that names the setting that cannot be used.
func (c CheckpointConfig) Validate() error {
	switch {
	case c.Every.Steps < 0 || c.Every.Time < 0 || c.Every.Steps > 0 && c.Every.Time > 0:
		return fmt.Errorf("checkpoint.every is %v: give steps (500) or a time (5m), or 0 for no checkpoint before the end", c.Every)
	case c.Keep < 0:
		return fmt.Errorf("checkpoint.keep is %d: give how many checkpoints stay, or 0 for all", c.Keep)
	}
	return nil
}

// Interval is a distance between checkpoints, in steps or in time, one of them. The zero Interval is never.
type Interval struct {
	Steps int
	Time  time.Duration
}

// EverySteps is an interval of n steps.
func EverySteps(n int) Interval { return Interval{Steps: n} }

// UnmarshalText reads a number of steps (500, 1e3) or a time with its unit (5m, 90s, 1h30m).
func (i *Interval) UnmarshalText(text []byte) error {
	s := strings.ReplaceAll(string(text), "_", "")
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		if n != math.Trunc(n) || math.Abs(n) > 1<<53 {
			return fmt.Errorf("%q is no whole number of steps", text)
		}
		*i = Interval{Steps: int(n)}
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%q is neither a number of steps, such as 500, nor a time with its unit, such as 5m or 90s", text)
	}
	*i = Interval{Time: d}
	return nil
}

// MarshalText writes what UnmarshalText reads: 500, or 5m0s.
func (i Interval) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// String is the number of steps, or the time with its unit.
func (i Interval) String() string {
	if i.Time != 0 {
		return i.Time.String()
	}
	return strconv.Itoa(i.Steps)
}

// due says whether a checkpoint is to be written after a step, the last one having been written at some time before.
func (i Interval) due(step int, before time.Time) bool {
	return i.Steps > 0 && step > 0 && step%i.Steps == 0 || i.Time > 0 && time.Since(before) >= i.Time
}
