package train

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// found is what is in a run folder before anything in it is changed.
type found struct {
	newest    *checkpoint // the newest complete one, nil for none
	damaged   []damaged   // newer ones, the newest first
	leftovers []string    // what a process that was killed left half-written; paths in the folder
}

// checkpoint is a complete checkpoint on the disk.
type checkpoint struct {
	name  string // path in the run folder
	state State
}

type damaged struct {
	name string
	err  error
}

// OpenFolder locks a run folder to go on with it: Run starts from its newest complete checkpoint, from step 0 where there is none. A folder that
// is not there is made. Nothing else is changed before Run has found that its job is the same run. Close it when the run ends.
func OpenFolder(path string) (*Folder, error) {
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: cannot be read as a run folder: %w; name the folder of a run", path, cause(err))
	}
	// config.yaml is the first file of a run that has no dot before its name.
	if _, err := os.Stat(filepath.Join(path, ConfigFile)); err != nil {
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".") {
				return nil, fmt.Errorf("%s: has no %s and is not the folder of a run, but holds %s; name another", path, ConfigFile, e.Name())
			}
		}
	}
	f, err := openLocked(path)
	if err != nil {
		return nil, err
	}
	if err := f.look(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Has says whether the folder holds a file of that name.
func (f *Folder) Has(name string) bool {
	_, err := os.Stat(filepath.Join(f.path, name))
	return err == nil
}

// ResumedStep is the step that Run will go on from, 0 where no checkpoint is complete.
func (f *Folder) ResumedStep() int {
	if f.found.newest == nil {
		return 0
	}
	return f.found.newest.state.Step
}

// look finds the newest complete checkpoint, and what is in the way.
func (f *Folder) look() error {
	names, err := f.checkpoints()
	if err != nil {
		return err
	}
	for _, dir := range append([]string{".", CheckpointsDir}, names...) {
		entries, _ := os.ReadDir(filepath.Join(f.path, dir)) // one that is not there holds nothing
		for _, e := range entries {
			if isLeftover(e.Name()) {
				f.found.leftovers = append(f.found.leftovers, filepath.Join(dir, e.Name()))
			}
		}
	}
	for _, name := range names {
		state, err := f.verify(name)
		var isDamaged *damageError
		switch {
		case errors.As(err, &isDamaged):
			f.found.damaged = append(f.found.damaged, damaged{name, err})
			continue
		case err != nil:
			return fmt.Errorf("%s: %w", filepath.Join(f.path, name), err)
		}
		f.found.newest = &checkpoint{name, state}
		return nil
	}
	return nil
}

// isLeftover says whether a name is one that things have only while they are being written, those of package shard too.
func isLeftover(name string) bool {
	return strings.HasPrefix(name, ".") && (strings.HasSuffix(name, asideEnding) || strings.HasSuffix(name, asideEnding+".writing"))
}

// damageError is a checkpoint that is not what was written: an older one serves. Other errors (no right to read, another version) do not mean that
// what the checkpoint holds is lost.
type damageError struct{ error }

// verify reads a checkpoint whole and compares it with its checksums.
func (f *Folder) verify(name string) (State, error) {
	dir := filepath.Join(f.path, name)
	data, err := readAtMost(filepath.Join(dir, StateFile), maxStateBytes+1)
	if err != nil {
		return State{}, missing(StateFile, err)
	}
	state, err := parseState(data)
	var other *versionError
	switch {
	case errors.As(err, &other):
		return state, err
	case err == nil && checkpointName(state.Step) != name:
		err = fmt.Errorf("%s is of step %d", StateFile, state.Step)
	}
	if err != nil {
		return state, &damageError{err}
	}
	// Side by side: a checksum is what resuming a large run waits for.
	results := make(chan error, len(state.Files))
	for file, want := range state.Files {
		go func() { results <- compare(dir, file, want) }()
	}
	for range state.Files {
		if result := <-results; err == nil {
			err = result
		}
	}
	return state, err
}

// compare holds a file of a checkpoint against its checksum.
func compare(dir, name string, want Checksum) error {
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return missing(name, err)
	}
	defer file.Close()
	hash := sha256.New()
	n, err := io.CopyBuffer(struct{ io.Writer }{hash}, struct{ io.Reader }{file}, make([]byte, 1<<20))
	switch {
	case err != nil:
		return fmt.Errorf("%s cannot be read: %w; check the disk", name, cause(err))
	case n != want.Bytes:
		return &damageError{fmt.Errorf("%s has %d bytes, %d were written", name, n, want.Bytes)}
	case hex.EncodeToString(hash.Sum(nil)) != want.SHA256:
		return &damageError{fmt.Errorf("%s does not match its checksum", name)}
	}
	return nil
}

// missing is the error of a file that cannot be opened: damage only where it is not there.
func missing(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &damageError{fmt.Errorf("%s is missing", name)}
	}
	return fmt.Errorf("%s cannot be read: %w; check the file and its rights", name, cause(err))
}

func readAtMost(path string, n int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, n))
}

// begin makes the folder ready to be written to from the step that is resumed on, and says what it did: it removes what was left half-written,
// sets damaged checkpoints aside, points last and best at what there is, and cuts the metrics back.
func (f *Folder) begin(best Best) (notes []string, err error) {
	for _, name := range f.found.leftovers {
		if err := os.RemoveAll(filepath.Join(f.path, name)); err != nil {
			return nil, fmt.Errorf("%s: left by a process that was killed, it cannot be removed: %w", filepath.Join(f.path, name), cause(err))
		}
		notes = append(notes, name+" was left half-written and is removed")
	}
	from := "step 0: no checkpoint is complete"
	if f.found.newest != nil {
		from = f.found.newest.name
	}
	for _, d := range f.found.damaged {
		path := filepath.Join(f.path, d.name)
		if err := errors.Join(os.RemoveAll(path+damagedEnding), os.Rename(path, path+damagedEnding)); err != nil {
			return nil, writeError(path+damagedEnding, err)
		}
		notes = append(notes, fmt.Sprintf("%s is damaged (%v) and now named %s; the run goes on from %s", d.name, d.err, filepath.Base(d.name)+damagedEnding, from))
	}
	last, bestName := "", ""
	if f.found.newest != nil {
		last = f.found.newest.name
	}
	if best.Step > 0 {
		if bestName = checkpointName(best.Step); !f.Has(bestName) {
			notes = append(notes, bestName+", the best so far, is not there any more")
			bestName = ""
		}
	}
	if err = f.repoint(LastFile, last); err == nil {
		err = f.repoint(BestFile, bestName)
	}
	if err != nil {
		return nil, err
	}
	step, evalStep := 0, 0
	if f.found.newest != nil {
		step, evalStep = f.found.newest.state.Step, f.found.newest.state.EvalStep
	}
	cut, err := f.cutMetrics(step, evalStep)
	if cut > 0 {
		notes = append(notes, fmt.Sprintf("%s: %d lines after step %d removed, the steps are made again", MetricsFile, cut, step))
	}
	return notes, err
}

// repoint is point where the file says something else; where there is no checkpoint to name, there is no file.
func (f *Folder) repoint(file, checkpoint string) error {
	if now, err := Checkpoint(f.path, file); err == nil && checkpoint != "" && now == filepath.Join(f.path, checkpoint) {
		return nil
	}
	if checkpoint != "" {
		return f.point(file, checkpoint)
	}
	if err := os.Remove(filepath.Join(f.path, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return writeError(filepath.Join(f.path, file), err)
	}
	return nil
}

// cutMetrics removes the lines of metrics.jsonl after a step, those of evaluations after another one, and a line that was cut short. It returns
// how many. They are at the end: a file is cut, and never written anew.
func (f *Folder) cutMetrics(step, evalStep int) (lines int, err error) {
	if err := f.openMetrics(); err != nil {
		return 0, err
	}
	in := bufio.NewReader(io.NewSectionReader(f.metrics, 0, 1<<62))
	keep, at := int64(0), int64(0)
	for err == nil {
		var line []byte
		line, err = in.ReadBytes('\n')
		record := struct {
			Step int
			Eval json.RawMessage
		}{}
		whole := bytes.HasSuffix(line, []byte("\n"))
		at += int64(len(line))
		// A line that cannot be read, but for the last, is somebody else's and stays.
		if bad := json.Unmarshal(line, &record) != nil; lines == 0 && whole && (bad || record.Step <= step && (record.Eval == nil || record.Step <= evalStep)) {
			keep = at
		} else if len(line) > 0 {
			lines++
		}
	}
	if err != io.EOF {
		return 0, fmt.Errorf("%s: cannot be read: %w; check the disk", f.metrics.Name(), cause(err))
	}
	if lines == 0 {
		return 0, nil
	}
	if err := errors.Join(f.metrics.Truncate(keep), f.metrics.Sync()); err != nil {
		return 0, writeError(f.metrics.Name(), err)
	}
	return lines, nil
}
