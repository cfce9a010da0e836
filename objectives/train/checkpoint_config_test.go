package train

import (
	"strings"
	"testing"
	"time"
)

func TestIntervalIsReadAsStepsOrAsTime(t *testing.T) {
	for text, want := range map[string]Interval{
		"500": EverySteps(500), "1_000": EverySteps(1000), "1e3": EverySteps(1000), "0": {}, "5m": {Time: 5 * time.Minute}, "90s": {Time: 90 * time.Second}, "1h30m": {Time: 90 * time.Minute},
	} {
		var got, again Interval
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is read as %+v (%v), want %+v", text, got, err, want)
		}
		written, _ := got.MarshalText()
		if err := again.UnmarshalText(written); err != nil || again != got {
			t.Errorf("%q is written as %q and read as %+v (%v)", text, written, again, err)
		}
	}
	for _, text := range []string{"", "1.5", "5 m", "often", "5x", "NaN", "1e99"} {
		var got Interval
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

func TestIntervalIsDueByStepsOrByTime(t *testing.T) {
	now := time.Now()
	if i := EverySteps(3); i.due(0, now) || i.due(2, now) || !i.due(6, now) {
		t.Error("every 3 steps is due at the wrong step")
	}
	if i := (Interval{Time: time.Minute}); i.due(6, now) || !i.due(6, now.Add(-61*time.Second)) {
		t.Error("every minute is due at the wrong time")
	}
	if (Interval{}).due(6, now.Add(-time.Hour)) {
		t.Error("never is due")
	}
}

func TestCheckpointConfigNamesWhatCannotBeUsed(t *testing.T) {
	for _, c := range []CheckpointConfig{{Every: EverySteps(-1)}, {Every: Interval{Time: -1}}, {Keep: -1}} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "checkpoint.") {
			t.Errorf("%+v: error %v", c, err)
		}
	}
}
