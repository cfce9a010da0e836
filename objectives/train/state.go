package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// StateVersion is the version of State that this code writes, and the only one it reads.
const StateVersion = 2

// maxStateBytes bounds state.json, which is some 8 KB, most of it the generator.
const maxStateBytes = 1 << 20

// State is state.json: what a run needs, beside weights and moments, to go on as if it had never stopped.
type State struct {
	Version int `json:"version"` // StateVersion

	Step      int      `json:"step"`               // steps done
	Updates   int64    `json:"updates"`            // steps that changed the weights: the count that AdamW corrects its bias by
	Skipped   int      `json:"skipped"`            // steps that had nothing to learn
	Tokens    int64    `json:"tokens"`             // read so far
	Asked     int64    `json:"asked,omitempty"`    // targets read so far, and
	Eligible  int64    `json:"eligible,omitempty"` // tokens that chance could have made targets
	Seed      uint64   `json:"seed"`               // the run's
	Reader    position `json:"reader"`             // the next block to be read
	Generator []byte   `json:"generator"`          // state of libtorch's random generator, base64

	// Accumulated is the micro-batches of an unfinished step whose gradients would be lost: 0, since a step is finished or undone first.
	Accumulated int `json:"accumulated"`

	RateFactor float64 `json:"rate_factor"` // that the learning rate is multiplied by: 1, halved by each back-off
	Backoffs   int     `json:"backoffs"`    // times that the run went back because its numbers were no longer finite

	LossScale float64 `json:"loss_scale,omitempty"` // of a float16 run
	GoodSteps int     `json:"good_steps,omitempty"` // steps since it changed
	Overflows int     `json:"overflows,omitempty"`  // steps that overflowed float16

	Loss        *float64            `json:"loss"`            // of the last step that had one, nats a target
	GradNorm    *float64            `json:"grad_norm"`       // of that step
	LoggedLoss  *float64            `json:"logged_loss"`     // of the last line of metrics.jsonl
	SinceLog    meanState           `json:"since_log"`       // loss since that line
	Evaluation  *Evaluation         `json:"eval"`            // the last one, null before the first
	EvalStep    int                 `json:"eval_step"`       // the step it was made after
	Best        Best                `json:"best"`            // the lowest validation loss so far
	SinceBest   int                 `json:"since_best"`      // evaluations since then
	ElapsedSecs float64             `json:"elapsed_s"`       // that the run has taken so far
	DataSet     string              `json:"data_set"`        // fingerprint of the training set, hexadecimal
	Tokenizer   string              `json:"tokenizer"`       // sha256 of tokenizer.json
	Other       json.RawMessage     `json:"other,omitempty"` // what a loop beside Run needs, in its own words; absent in the state of Run
	Files       map[string]Checksum `json:"files"`           // of the checkpoint's other files, by name
	Checksum    string              `json:"checksum"`        // sha256 of this file with 64 zeros here; it stays the last key
}

// meanState is a metrics.Mean on the disk.
type meanState struct {
	Sum   float64 `json:"sum"`
	Count float64 `json:"count"`
}

// Best is the evaluation with the lowest validation loss of a run, or with the highest score where there is one.
type Best struct {
	Step  int      `json:"step"` // 0 before the first evaluation
	Loss  float64  `json:"loss"` // nats a target
	Score *float64 `json:"score,omitempty"`
}

// Checksum tells whether a file is what was written.
type Checksum struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// versionError is a checkpoint of a format that this code does not read. It is not damaged: to go back to an older one would lose what it holds.
type versionError struct{ version int }

func (e *versionError) Error() string {
	remedy := "take the version of cloze that wrote it"
	if e.version < StateVersion {
		remedy += ", or start a new run from its weights with --init"
	}
	return fmt.Sprintf("%s has version %d, this cloze reads version %d: %s", StateFile, e.version, StateVersion, remedy)
}

var noSum = strings.Repeat("0", 2*sha256.Size)

// encodeState gives the bytes of state.json, version and checksum filled in.
func encodeState(s State) ([]byte, error) {
	s.Version, s.Checksum = StateVersion, noSum
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", StateFile, err)
	}
	data = append(data, '\n')
	sum := sha256.Sum256(data)
	copy(data[bytes.LastIndex(data, []byte(noSum)):], hex.EncodeToString(sum[:]))
	return data, nil
}

// parseState reads state.json and checks all that can be checked without the other files. Its errors do not name the file.
func parseState(data []byte) (State, error) {
	var s State
	if len(data) > maxStateBytes {
		return s, fmt.Errorf("%s has %d bytes, more than a state can have", StateFile, len(data))
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s is not the JSON of a state: %w", StateFile, err)
	}
	sum, place := s.Checksum, bytes.LastIndex(data, []byte(s.Checksum))
	if len(sum) == len(noSum) && place >= 0 {
		zeroed := bytes.Clone(data)
		copy(zeroed[place:], noSum)
		if got := sha256.Sum256(zeroed); hex.EncodeToString(got[:]) != sum {
			return s, fmt.Errorf("%s is damaged: its checksum does not match", StateFile)
		}
	}
	// Before the rest: what another version means by the keys is not known here.
	if s.Version != StateVersion {
		return s, &versionError{s.Version}
	}
	if len(sum) != len(noSum) {
		return s, fmt.Errorf("%s has no checksum", StateFile)
	}
	return s, s.check()
}

// check refuses a state that no run was ever in.
func (s *State) check() error {
	counts := s.Step < 0 || s.Updates < 0 || s.Skipped < 0 || s.Updates > int64(s.Step) || s.Skipped > s.Step || s.Tokens < 0 || s.Backoffs < 0
	places := s.Best.Step < 0 || s.Best.Step > s.Step || s.EvalStep < 0 || s.EvalStep > s.Step || s.SinceBest < 0 || s.Reader.Block < 0
	scale := !(s.LossScale >= 0 && s.LossScale <= math.MaxFloat32) || s.GoodSteps < 0 || s.GoodSteps >= goodStepsToGrow || s.Overflows < 0 || s.Overflows > s.Step
	switch {
	case counts, places, scale, s.Accumulated != 0, !(s.RateFactor > 0 && s.RateFactor <= 1), !(s.ElapsedSecs >= 0), math.IsInf(s.ElapsedSecs, 0):
		return fmt.Errorf("%s holds numbers that no run has: it is damaged, or was not written by cloze", StateFile)
	case s.Other != nil && (len(s.Files) != 1 || s.Files[WeightsFile].SHA256 == ""):
		return fmt.Errorf("%s does not list %s alone", StateFile, WeightsFile)
	case s.Other == nil && (len(s.Files) != 2 || s.Files[WeightsFile].SHA256 == "" || s.Files[OptimizerFile].SHA256 == ""):
		return fmt.Errorf("%s does not list %s and %s", StateFile, WeightsFile, OptimizerFile)
	}
	return nil
}

// value is a number that JSON may lack.
func value(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}
