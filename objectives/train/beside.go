package train

import (
	"path/filepath"

	"github.com/go-cloze/cloze/models/safetensors"
)

// What a training loop beside Run (package hogwild) shares with it: the run folder and its checkpoints, with State.Other for what it alone knows.

// Resumed is the state of the newest complete checkpoint, and the path of its weights; ok is false where there is none.
func (f *Folder) Resumed() (state State, weights string, ok bool) {
	if f.found.newest == nil {
		return State{}, "", false
	}
	return f.found.newest.state, filepath.Join(f.path, f.found.newest.name, WeightsFile), true
}

// Begin makes the folder ready to be written to from what Resumed gives, and says what it did: what a kill left half-written goes, damaged
// checkpoints are set aside, and metrics after the state's step are removed.
func (f *Folder) Begin() (notes []string, err error) { return f.begin(Best{}) }

// Publish writes a checkpoint, names it in the file last, and removes those beyond the newest few; 0 keeps all. state.Other must be set. Weights
// with a number that is not finite are refused, and what was there before stays. It returns the checkpoint's path in the folder.
func (f *Folder) Publish(state State, weights []safetensors.Source, newest int) (name string, err error) {
	name = checkpointName(state.Step)
	_, err = f.publish(snapshot{state: state, weights: weights}, []string{name}, newest)
	return name, err
}
