package train

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
)

// saver writes checkpoints while training goes on: start copies and returns, and a goroutine writes the copy. One is written at a time, so that
// two copies are never held. All methods are for the goroutine of Run.
type saver struct {
	folder *Folder // nil saves nothing
	keep   int     // CheckpointConfig.Keep
	onSave func(step int, checkpoint string)

	weights, moments []byte        // the copy; its memory stays
	under            chan *written // gives what became of the one that is being written; nil when there is none

	last, best string              // checkpoints that are complete, "" for none
	step       int                 // of the newest one, or of the one that is being written; -1 for none
	evalStep   int                 // of its state
	files      map[string]Checksum // of the newest complete one
}

// written is a checkpoint on the disk, or why it is not.
type written struct {
	snapshot
	files map[string]Checksum
	err   error
}

// start copies the run's weights and moments and begins to write them; first it waits for the checkpoint before.
func (s *saver) start(state State, params *models.Params, o *adamW, best bool) error {
	if err := s.wait(); err != nil {
		return err
	}
	shot := snapshot{state: state, best: best}
	err := torch.Do(func() (err error) {
		if shot.weights, s.weights, err = params.CopyTo(s.weights); err != nil {
			return err
		}
		shot.moments, s.moments, err = o.copyTo(s.moments)
		return err
	})
	if err != nil {
		return err
	}
	s.step, s.evalStep = state.Step, state.EvalStep
	keep := s.keepers(shot)
	s.under = make(chan *written, 1)
	go func(under chan<- *written) {
		files, err := s.folder.publish(shot, keep, s.keep)
		under <- &written{shot, files, err}
	}(s.under)
	return nil
}

// keepers are the checkpoints that stay whatever their number: the newest and the best.
func (s *saver) keepers(shot snapshot) []string {
	name := checkpointName(shot.state.Step)
	if shot.best {
		return []string{name}
	}
	return []string{name, s.best}
}

// poll takes note of a checkpoint whose writing has ended, and returns its error where it failed.
func (s *saver) poll() error {
	select {
	case w := <-s.under: // never where there is none
		return s.note(w)
	default:
		return nil
	}
}

// wait is poll that waits.
func (s *saver) wait() error {
	if s.under == nil {
		return nil
	}
	return s.note(<-s.under)
}

func (s *saver) note(w *written) error {
	s.under = nil
	if w.err != nil {
		return fmt.Errorf("the checkpoint of step %d was not finished, %s: %w", w.state.Step, s.kept(), w.err)
	}
	s.last, s.files = checkpointName(w.state.Step), w.files
	if w.best {
		s.best = s.last
	}
	if s.onSave != nil {
		s.onSave(w.state.Step, s.last)
	}
	return nil
}

// kept says what checkpoint there is.
func (s *saver) kept() string {
	if s.last == "" {
		return "no checkpoint was written"
	}
	return "the last checkpoint is " + s.last
}

// restate replaces the state of the newest checkpoint, whose weights and moments are the run's, when no other is being written.
func (s *saver) restate(state State, best bool) error {
	state.Files = s.files
	data, err := encodeState(state)
	if err != nil {
		return err
	}
	if err := s.folder.write(filepath.Join(s.last, StateFile), data); err != nil {
		return err
	}
	s.evalStep = state.EvalStep
	if best {
		s.best = s.last
		return s.folder.point(BestFile, s.best)
	}
	return nil
}

// publish saves a snapshot, names it in the files last and best, and removes checkpoints beyond the newest few, but never one of those to keep.
func (f *Folder) publish(s snapshot, keep []string, newest int) (files map[string]Checksum, err error) {
	if err := s.checkFinite(); err != nil {
		return nil, err
	}
	// The lines up to this step must outlast a power cut if the checkpoint does: they are not written again.
	if f.metrics != nil {
		if err := f.metrics.Sync(); err != nil {
			return nil, writeError(f.metrics.Name(), err)
		}
	}
	if files, err = f.save(s); err != nil {
		return nil, err
	}
	name := checkpointName(s.state.Step)
	if err := f.point(LastFile, name); err != nil {
		return nil, err
	}
	if s.best {
		if err := f.point(BestFile, name); err != nil {
			return nil, err
		}
	}
	return files, f.prune(keep, newest)
}

// prune removes checkpoints that are not among the newest few nor to be kept. 0 newest removes none.
func (f *Folder) prune(keep []string, newest int) error {
	if newest == 0 {
		return nil
	}
	names, err := f.checkpoints()
	if err != nil {
		return err
	}
	for i, name := range names {
		if i < newest || slices.Contains(keep, name) {
			continue
		}
		// Under another name first: a kill in between leaves no part of a checkpoint under the name of a whole one.
		path, aside := filepath.Join(f.path, name), filepath.Join(f.path, asideName(name))
		if err := errors.Join(os.RemoveAll(aside), os.Rename(path, aside), os.RemoveAll(aside)); err != nil {
			return fmt.Errorf("%s: the older checkpoint cannot be removed: %w; check the folder and its rights", path, cause(err))
		}
	}
	return nil
}

// checkpoints lists the checkpoints of a run folder by their paths in it, the newest first.
func (f *Folder) checkpoints() ([]string, error) {
	dir := filepath.Join(f.path, CheckpointsDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be read: %w; check the folder and its rights", dir, cause(err))
	}
	var steps []int
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), stepPrefix)
		step, err := strconv.Atoi(number)
		if name := filepath.Join(CheckpointsDir, e.Name()); ok && err == nil && e.IsDir() && name == checkpointName(step) {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	slices.Reverse(steps)
	names := make([]string, len(steps))
	for i, step := range steps {
		names[i] = checkpointName(step)
	}
	return names, nil
}

// checkFinite refuses weights that are no longer numbers: they must not push out the last good checkpoint.
func (s snapshot) checkFinite() error {
	for _, t := range s.weights {
		if i := firstNonFinite(t); i >= 0 {
			return fmt.Errorf("the weight %s holds a value that is not finite (number %d)", t.Name, i)
		}
	}
	return nil
}

// firstNonFinite is the index of the first infinity or NaN of a float tensor, -1 where there is none. Both have all bits of the exponent set.
func firstNonFinite(t safetensors.Source) int {
	width, mask := t.DType.Bits()/8, exponents[t.DType]
	if mask == 0 {
		return -1
	}
	for i := 0; i < len(t.Data); i += width {
		// The exponent lies in the two highest bytes of a little-endian number.
		if high := uint16(t.Data[i+width-1])<<8 | uint16(t.Data[i+width-2]); high&mask == mask {
			return i / width
		}
	}
	return -1
}

// exponents is the bits of the exponent in the highest 16 bits of a number.
var exponents = map[safetensors.DType]uint16{safetensors.F64: 0x7ff0, safetensors.F32: 0x7f80, safetensors.BF16: 0x7f80, safetensors.F16: 0x7c00}
