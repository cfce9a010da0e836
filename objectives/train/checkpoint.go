package train

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/safetensors"
)

// Files of a checkpoint.
const (
	WeightsFile   = "model.safetensors"     // the parameters, under Hugging Face's names and in its layout
	OptimizerFile = "optimizer.safetensors" // exp_avg.NAME and exp_avg_sq.NAME of each parameter, float32, in the layout of the parameter in memory
	StateFile     = "state.json"            // State
)

const (
	stepPrefix    = "step-"    // of a checkpoint's folder, before the number of its step
	asideEnding   = ".tmp"     // of what is being written or removed; it begins with a dot
	damagedEnding = ".damaged" // of a checkpoint that was set aside
)

// checkpointName is the path of a step's checkpoint in a run folder.
func checkpointName(step int) string {
	return filepath.Join(CheckpointsDir, fmt.Sprintf("%s%07d", stepPrefix, step))
}

// asideName is where the folder of that name is while it is not whole.
func asideName(name string) string {
	return filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+asideEnding)
}

// snapshot is a checkpoint in memory: a copy, so that training goes on while it is written.
type snapshot struct {
	state            State
	weights, moments []safetensors.Source
	best             bool // of the lowest validation loss so far
}

// save writes a checkpoint aside, and renames it when all of it is on the disk: no folder named step-NNNNNNN was ever a part of one. It returns
// the checksums of its files.
func (f *Folder) save(s snapshot) (files map[string]Checksum, err error) {
	name := checkpointName(s.state.Step)
	aside := filepath.Join(f.path, asideName(name))
	if err := f.makeAside(aside); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(aside) // what cannot be removed is found and named by the next resume
		}
	}()
	files = map[string]Checksum{}
	for _, file := range []struct {
		name string
		fill func(io.Writer) error
	}{
		{WeightsFile, func(w io.Writer) error { return models.EncodeWeights(w, s.weights) }},
		{OptimizerFile, func(w io.Writer) error { return safetensors.Encode(w, s.moments, nil) }},
	} {
		if file.name == OptimizerFile && s.state.Other != nil {
			continue // a loop beside Run has no moments
		}
		if files[file.name], err = f.writeSummed(filepath.Join(aside, file.name), file.fill); err != nil {
			return nil, err
		}
	}
	s.state.Files = files
	data, err := encodeState(s.state)
	if err != nil {
		return nil, err
	}
	if err := f.write(filepath.Join(asideName(name), StateFile), data); err != nil {
		return nil, err
	}
	final := filepath.Join(f.path, name)
	if err := errors.Join(os.Rename(aside, final), syncFolder(filepath.Dir(final))); err != nil {
		return nil, writeError(final, err)
	}
	return files, nil
}

func (f *Folder) makeAside(aside string) error {
	err := f.about(aside, 0)
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(aside), 0o755), os.RemoveAll(aside), os.Mkdir(aside, 0o755))
	}
	if err != nil {
		return writeError(aside, err)
	}
	return nil
}

// writeSummed writes a file, syncs it and returns its checksum, which is that of what was meant to be written.
func (f *Folder) writeSummed(path string, fill func(io.Writer) error) (Checksum, error) {
	if err := f.about(path, 0); err != nil {
		return Checksum{}, writeError(path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return Checksum{}, writeError(path, err)
	}
	defer file.Close()
	sum := &summing{folder: f, file: file, hash: sha256.New()}
	w := bufio.NewWriterSize(sum, 16<<10) // for the many small tensors; large ones pass it by
	if err = fill(w); err == nil {
		err = errors.Join(w.Flush(), file.Sync(), file.Close())
	}
	if err != nil {
		return Checksum{}, writeError(path, err)
	}
	return Checksum{Bytes: sum.n, SHA256: hex.EncodeToString(sum.hash.Sum(nil))}, nil
}

// summing is a file that adds up what is written to it.
type summing struct {
	folder *Folder
	file   *os.File
	hash   hash.Hash
	n      int64
}

func (s *summing) Write(data []byte) (int, error) {
	if s.n > 0 {
		if err := s.folder.about(s.file.Name(), s.n); err != nil {
			return 0, err
		}
	}
	n, err := s.file.Write(data)
	s.hash.Write(data[:n])
	s.n += int64(n)
	return n, err
}

// point makes the file last or best name a checkpoint.
func (f *Folder) point(file, checkpoint string) error {
	return f.write(file, []byte(filepath.ToSlash(checkpoint)+"\n"))
}

// Checkpoint reads which checkpoint the file LastFile or BestFile of a run folder names, and returns its path.
func Checkpoint(run, file string) (string, error) {
	name := filepath.Join(run, file)
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("%s: no checkpoint is named here: %w; let the run write one first", name, cause(err))
	}
	checkpoint := filepath.FromSlash(strings.TrimSpace(string(data)))
	if !filepath.IsLocal(checkpoint) {
		return "", fmt.Errorf("%s: names %q, which is not inside the run folder; write the path of a checkpoint, such as checkpoints/step-0001000", name, checkpoint)
	}
	return filepath.Join(run, checkpoint), nil
}
