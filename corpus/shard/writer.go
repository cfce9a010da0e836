package shard

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Writer writes a set. One goroutine uses it at a time.
type Writer struct {
	cfg      Config
	path     string // the folder to be made
	aside    string // where it is written until then
	lock     *os.File
	part     *part
	parts    uint32 // finished
	previous uint64 // checksum of the last finished one
	empty    uint64
	docs     int64
	err      error
}

// Create begins to write a set into the folder path, which must not be there or be empty. Finish puts it in place; Close, which may always be
// called, gives up what is not finished. A second process that writes the same folder is refused; what one that was killed left is removed.
func Create(path string, cfg Config) (*Writer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	path = filepath.Clean(path)
	if err := refuseUsed(path); err != nil {
		return nil, err
	}
	w := &Writer{cfg: cfg, path: path, aside: filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".writing")}
	if err := w.takeAside(); err != nil {
		return nil, err
	}
	if err := w.nextPart(); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func refuseUsed(path string) error {
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return &Error{File: path, Cause: "a folder is wanted here for the tokens", Err: cutPath(err), Remedy: "name another folder"}
	case len(entries) > 0:
		return &Error{File: path, Cause: "exists and is not empty; nothing was overwritten", Remedy: "name another folder or move it away"}
	}
	return nil
}

// takeAside makes the folder beside, locks it and empties it.
func (w *Writer) takeAside() error {
	if err := os.MkdirAll(w.aside, 0o755); err != nil {
		return writeError(w.aside, err)
	}
	lock, err := os.Open(w.aside)
	if err != nil {
		return writeError(w.aside, err)
	}
	busy := &Error{File: w.path, Cause: "is being written by another process", Remedy: "wait for it, or name another folder"}
	// The lock is on the folder itself: it moves with it, leaves no file behind and ends with the process, killed or not.
	if lockFolder(lock) != nil {
		lock.Close()
		return busy
	}
	// Whoever held the lock may have put the folder in place since: then this is no longer it.
	ours, err1 := lock.Stat()
	there, err2 := os.Stat(w.aside)
	if err1 != nil || err2 != nil || !os.SameFile(ours, there) {
		lock.Close()
		return busy
	}
	w.lock = lock
	entries, err := os.ReadDir(w.aside)
	for _, e := range entries {
		if err == nil {
			err = os.Remove(filepath.Join(w.aside, e.Name()))
		}
	}
	if err != nil {
		lock.Close()
		return writeError(w.aside, err)
	}
	return nil
}

func (w *Writer) nextPart() (err error) {
	w.part, err = newPart(w.aside, w.cfg.header(w.parts, w.previous))
	return err
}

// Add appends a document. One without ids is counted and left out. An id outside the vocabulary is an error that names it. After an error
// nothing can be added any more.
func (w *Writer) Add(d Document) error { return w.add(&d, 0) }

// add is Add for a document whose first word start is bit first.
func (w *Writer) add(d *Document, first int) error {
	if w.err != nil {
		return w.err
	}
	if len(d.IDs) == 0 {
		w.empty++
		return nil
	}
	// A document never goes on into another file, so that blocks of one document are read from one mapping.
	w.err = w.check(d, first)
	if w.err == nil && w.part.header.documents > 0 && w.part.bytes()+w.size(d) > w.cfg.FileBytes {
		if w.err = w.finishPart(false); w.err == nil {
			w.err = w.nextPart()
		}
	}
	if w.err == nil {
		w.docs++
		w.err = w.part.add(d, first)
	}
	return w.err
}

// size is about what a document adds to a file.
func (w *Writer) size(d *Document) int64 { return int64(len(d.IDs)+1)*int64(w.part.header.bits/8) + 24 }

func (w *Writer) check(d *Document, first int) error {
	if limit := uint32(w.cfg.VocabSize); largest(d.IDs) >= limit {
		i := slices.IndexFunc(d.IDs, func(id int32) bool { return uint32(id) >= limit })
		return fmt.Errorf("%s: document %d, token %d has id %d, outside the tokenizer's vocabulary of %d; tokenise it with the same tokenizer",
			w.path, w.docs+1, i, d.IDs[i], limit)
	}
	switch {
	case uint64(d.TextBytes) > math.MaxUint32:
		return fmt.Errorf("%s: document %d has %d bytes of text, at most 4 GiB are kept; cut it", w.path, w.docs+1, d.TextBytes)
	case w.cfg.Words && len(d.Words)*64 < first+len(d.IDs):
		return fmt.Errorf("%s: document %d has %d ids and word starts for %d; give a bit an id", w.path, w.docs+1, len(d.IDs), len(d.Words)*64-first)
	case d.Language < 0 || int(d.Language) >= max(len(w.cfg.Languages), 1):
		return fmt.Errorf("%s: document %d has language %d of %d; give an index into Config.Languages", w.path, w.docs+1, d.Language, len(w.cfg.Languages))
	}
	return nil
}

// Documents is the number of documents added so far, those without ids left out.
func (w *Writer) Documents() int64 { return w.docs }

// AddFile puts a small file beside the shards, a report for instance: it is there when they are. Its name must not start as a shard's does.
func (w *Writer) AddFile(name string, data []byte) error {
	if w.err != nil {
		return w.err
	}
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "tokens-") {
		return fmt.Errorf("%s: %q is no name for a file beside the shards; give one that neither starts with a point nor with tokens-", w.path, name)
	}
	path := filepath.Join(w.aside, name)
	f, err := os.Create(path)
	if err == nil {
		_, err = f.Write(data)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		w.err = writeError(path, err)
	}
	return w.err
}

func (w *Writer) finishPart(last bool) (err error) {
	names := ""
	// What is known at the end alone stands in the last file.
	if last {
		w.part.header.flags |= flagLast
		w.part.header.empty = w.empty
		if len(w.cfg.Languages) > 0 {
			names = strings.Join(w.cfg.Languages, "\n") + "\n"
		}
	}
	w.previous, err = w.part.finish(names)
	w.parts++
	return err
}

// Finish ends the last file and puts the folder in place, whole and synced.
func (w *Writer) Finish() error {
	if w.err != nil {
		return w.err
	}
	if w.err = w.finishPart(true); w.err != nil {
		return w.err
	}
	for _, step := range []func() error{
		w.lock.Sync, // the names in the folder
		func() error { return os.Rename(w.aside, w.path) },
		func() error { return syncFolder(filepath.Dir(w.path)) },
	} {
		if err := step(); err != nil {
			w.err = writeError(w.path, err)
			return w.err
		}
	}
	w.aside = ""
	w.err = fmt.Errorf("%s: is finished; nothing can be added", w.path)
	return nil
}

// Close gives up what is not finished and leaves nothing of it behind. After Finish it does nothing.
func (w *Writer) Close() error {
	if w.lock == nil {
		return nil
	}
	if w.part != nil {
		_ = w.part.close()
	}
	var err error
	if w.aside != "" {
		err = os.RemoveAll(w.aside)
		if w.err == nil {
			w.err = fmt.Errorf("%s: the writer is closed", w.path)
		}
	}
	w.lock.Close() // and so unlocked
	w.lock = nil
	if err != nil {
		return writeError(w.aside, err)
	}
	return nil
}

// syncFolder makes the rename last through a power cut. Some file systems cannot sync a folder; the files themselves are safe by then.
func syncFolder(path string) error {
	if dir, err := os.Open(path); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
	return nil
}
