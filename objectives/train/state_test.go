package train

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// someState is a state with every field set.
func someState() State {
	x := 1.25
	return State{
		Step: 20, Updates: 19, Skipped: 1, Tokens: 1280, Seed: 3, Reader: position{Epoch: 1, Block: 2}, Generator: []byte{1, 2, 3}, RateFactor: 0.5, Backoffs: 1,
		Loss: &x, GradNorm: &x, LoggedLoss: &x, SinceLog: meanState{2, 4}, Evaluation: &Evaluation{Loss: 1.5, Tokens: 9}, EvalStep: 20,
		Best: Best{Step: 10, Loss: 1.4}, SinceBest: 1, ElapsedSecs: 2.5, DataSet: "d", Tokenizer: "t",
		Files: map[string]Checksum{WeightsFile: {Bytes: 8, SHA256: noSum}, OptimizerFile: {Bytes: 8, SHA256: noSum}},
	}
}

func TestStateComesBackAsItWas(t *testing.T) {
	want := someState()
	data, err := encodeState(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseState(data)
	if err != nil {
		t.Fatal(err)
	}
	want.Version, want.Checksum = StateVersion, got.Checksum
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// No byte of state.json can change unnoticed: neither in what it says nor between.
func TestEveryChangedByteOfAStateIsNoticed(t *testing.T) {
	data, err := encodeState(someState())
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		for _, flip := range []byte{1, 0x20} {
			damaged := bytes.Clone(data)
			damaged[i] ^= flip
			if _, err := parseState(damaged); err == nil {
				t.Fatalf("byte %d changed from %q to %q was not noticed", i, data[i], damaged[i])
			}
		}
		if _, err := parseState(data[:i]); err == nil {
			t.Fatalf("a state cut after %d of %d bytes was read", i, len(data))
		}
	}
}

func TestStatesOfNoRunAreRefused(t *testing.T) {
	for name, change := range map[string]func(*State){
		"negative step": func(s *State) { s.Step = -1 }, "more updates than steps": func(s *State) { s.Updates = 21 },
		"best in the future": func(s *State) { s.Best.Step = 21 }, "unfinished step": func(s *State) { s.Accumulated = 1 },
		"no rate": func(s *State) { s.RateFactor = 0 }, "a file elsewhere": func(s *State) { s.Files["../x"] = Checksum{} },
		"a file too few": func(s *State) { delete(s.Files, WeightsFile) },
	} {
		s := someState()
		change(&s)
		data, err := encodeState(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseState(data); err == nil || !strings.Contains(err.Error(), StateFile) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := parseState(make([]byte, maxStateBytes+1)); err == nil || !strings.Contains(err.Error(), "more than a state can have") {
		t.Errorf("a state without end: error %v", err)
	}
}

func FuzzState(f *testing.F) {
	data, err := encodeState(someState())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte(`{"version":2,"checksum":""}`))
	f.Add([]byte(`{"version":9,"checksum":"` + noSum + `"}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Hardly any input has the right checksum: give it one, so that what lies behind is tried too.
		var loose State
		if json.Unmarshal(data, &loose) == nil {
			if summed, err := encodeState(loose); err == nil {
				data = summed
			}
		}
		s, err := parseState(data)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
			return
		}
		// What is accepted is written as the same state.
		again, err := encodeState(s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := parseState(again)
		s.Checksum, back.Checksum = "", ""
		a, _ := json.Marshal(s)
		b, _ := json.Marshal(back)
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s came back as %s (%v)", a, b, err)
		}
	})
}
