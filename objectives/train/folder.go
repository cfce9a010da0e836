package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Names of what a run folder holds.
const (
	ConfigFile     = "config.yaml"
	TokenizerFile  = "tokenizer.json"
	ModelFile      = "model.json" // the model's configuration, with Hugging Face's keys
	MetricsFile    = "metrics.jsonl"
	CheckpointsDir = "checkpoints"
	LastFile       = "last" // holds the path of the newest checkpoint, relative to the run folder
	BestFile       = "best" // holds the path of the checkpoint with the lowest validation loss
)

// Folder is the folder of a run that is being written. One goroutine may use it at a time.
type Folder struct {
	path    string
	metrics *os.File
}

// File is a file that a run starts with.
type File struct {
	Name string // ConfigFile, TokenizerFile, ModelFile
	Data []byte
}

// CreateFolder makes a run folder with its first files. A path where something is already is refused and left as it is, but for an empty folder.
// Close it when the run ends.
func CreateFolder(path string, files ...File) (*Folder, error) {
	entries, err := os.ReadDir(path)
	switch {
	case err == nil && len(entries) > 0:
		return nil, fmt.Errorf("%s: the folder exists and is not empty; give another --out, or remove it", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: a run needs a folder of its own here: %w; give another --out", path, cause(err))
	}
	if err := os.MkdirAll(filepath.Join(path, CheckpointsDir), 0o755); err != nil {
		return nil, fmt.Errorf("%s: the run folder cannot be made: %w; give another --out", path, cause(err))
	}
	f := &Folder{path: path}
	for _, file := range files {
		if err := writeFile(filepath.Join(path, file.Name), file.Data); err != nil {
			return nil, err
		}
	}
	name := filepath.Join(path, MetricsFile)
	if f.metrics, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
		return nil, writeError(name, err)
	}
	return f, nil
}

// Path is the folder's path.
func (f *Folder) Path() string { return f.path }

// Log appends a record to metrics.jsonl as one line, in one write.
func (f *Folder) Log(record any) error {
	line, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("%s: the record cannot be written as JSON: %w", f.metrics.Name(), err)
	}
	if _, err := f.metrics.Write(append(line, '\n')); err != nil {
		return writeError(f.metrics.Name(), err)
	}
	return nil
}

// Close makes the metrics last and closes them.
func (f *Folder) Close() error {
	err := errors.Join(f.metrics.Sync(), f.metrics.Close())
	if err != nil {
		return writeError(f.metrics.Name(), err)
	}
	return nil
}

// writeFile writes path aside, makes it last, and renames it: path is the old file or the new one, whole.
func writeFile(path string, data []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return writeError(path, err)
	}
	defer func() {
		if err != nil {
			temp.Close()
			os.Remove(temp.Name())
			err = writeError(path, err)
		}
	}()
	if _, err = temp.Write(data); err != nil {
		return err
	}
	if err = errors.Join(temp.Chmod(0o644), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err = os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes what was renamed in a folder outlast a power cut.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func writeError(path string, err error) error {
	return fmt.Errorf("%s: cannot be written: %w; check the folder, its rights and the free space", path, cause(err))
}

// cause takes the path off an error of the file system, which the message names already.
func cause(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
