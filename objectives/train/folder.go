package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-cloze/cloze/models/safetensors"
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

// Folder is the folder of a run, locked: no other process writes to it. One goroutine may use it at a time.
type Folder struct {
	path    string
	lock    *os.File
	metrics *os.File // nil before the first line
	found   found    // what OpenFolder saw
	// hook is told what is about to be written, and how many bytes of it are; tests put faults there. It may be called on two goroutines.
	hook func(path string, at int64) error
}

// File is a file that a run starts with.
type File struct {
	Name string // ConfigFile, TokenizerFile, ModelFile
	Data []byte
}

// CreateFolder makes and locks a run folder and writes its first files; see Write. A path where something is already is refused and left as it
// is, but for an empty folder, or one where a process was killed before it had written anything whole. Close it when the run ends.
func CreateFolder(path string, files ...File) (*Folder, error) {
	if err := refuseUsed(path); err != nil {
		return nil, err
	}
	f, err := openLocked(path)
	if err != nil {
		return nil, err
	}
	// Again: another process may have been here between the look and the lock.
	if err = refuseUsed(path); err == nil {
		err = f.look()
	}
	if err == nil {
		err = f.Write(files...)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func refuseUsed(path string) error {
	entries, err := os.ReadDir(path)
	switch {
	case err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() != lockFile && !isLeftover(e.Name()) }):
		return fmt.Errorf("%s exists and is not empty; nothing was overwritten: name another --out, go on with the run there with --resume, or move it away", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: a run needs a folder of its own here: %w; name another --out", path, cause(err))
	}
	return nil
}

// openLocked makes the folder where it is not there, and locks it.
func openLocked(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("%s: the run folder cannot be made: %w; name another --out", path, cause(err))
	}
	lock, err := lockFolder(path)
	if err != nil {
		return nil, err
	}
	return &Folder{path: path, lock: lock}, nil
}

// Path is the folder's path.
func (f *Folder) Path() string { return f.path }

// Write writes files of the run, each whole or not at all, one after the other: give ConfigFile first, since it tells a run folder from others.
func (f *Folder) Write(files ...File) error {
	for _, file := range files {
		if err := f.write(file.Name, file.Data); err != nil {
			return err
		}
	}
	return nil
}

// Log appends a record to metrics.jsonl as one line, in one write.
func (f *Folder) Log(record any) error {
	name := filepath.Join(f.path, MetricsFile)
	line, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("%s: the record cannot be written as JSON: %w", name, err)
	}
	if err := f.openMetrics(); err != nil {
		return err
	}
	if err := f.about(name, 0); err != nil {
		return writeError(name, err)
	}
	if _, err := f.metrics.Write(append(line, '\n')); err != nil {
		return writeError(name, err)
	}
	return nil
}

func (f *Folder) openMetrics() (err error) {
	if f.metrics != nil {
		return nil
	}
	name := filepath.Join(f.path, MetricsFile)
	if f.metrics, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o644); err != nil {
		return writeError(name, err)
	}
	return nil
}

// Close makes the metrics last and gives the lock back. A folder that nothing was written to is removed.
func (f *Folder) Close() error {
	var err error
	if f.metrics != nil {
		if err = errors.Join(f.metrics.Sync(), f.metrics.Close()); err != nil {
			err = writeError(f.metrics.Name(), err)
		}
	}
	entries, _ := os.ReadDir(f.path) // the folder stays where it cannot be read
	if len(entries) == 1 && entries[0].Name() == lockFile {
		os.Remove(f.lock.Name())
		os.Remove(f.path) // fails, and may, where another process came in between
	}
	f.lock.Close() // nothing was written to it since the start
	return err
}

// about tells the hook, if there is one, what is about to be written.
func (f *Folder) about(path string, at int64) error {
	if f.hook == nil {
		return nil
	}
	return f.hook(path, at)
}

// write writes a file aside, makes it last, and renames it: it is the old one or the new one, whole. name is relative to the folder.
func (f *Folder) write(name string, data []byte) (err error) {
	path := filepath.Join(f.path, name)
	if err := f.about(path, 0); err != nil {
		return writeError(path, err)
	}
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
	if err = f.about(path, int64(len(data))); err != nil {
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

// cause takes the paths off an error of the file system, which the message names already.
func cause(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	var tensorError *safetensors.Error
	if errors.As(err, &tensorError) && tensorError.Err != nil {
		return tensorError.Err
	}
	var linkError *os.LinkError
	if errors.As(err, &linkError) {
		return linkError.Err
	}
	return err
}
