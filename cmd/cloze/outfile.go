package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// refuseExisting returns an error when there is something at the path: no verb overwrites what it did not make.
func refuseExisting(path string) error {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return fmt.Errorf("%s exists; nothing was overwritten: name another --out or move it away", path)
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s: cannot look at it: %v; name another --out", path, cause(err))
	}
	return nil
}

// writeNewFile writes the file whole or not at all: aside, synced, renamed. An existing file is refused.
func writeNewFile(path string, data []byte) (err error) {
	if err := refuseExisting(path); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("%s: cannot make the folder: %v", dir, cause(err))
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.part")
	if err != nil {
		return fmt.Errorf("%s: cannot write: %v", path, cause(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("%s: cannot write: %v", path, cause(err))
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// cause strips the "open PATH:" of a file error, for messages that have named the path.
func cause(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return err
}

// openTextArg opens the one optional PATH of a line-by-line verb: standard input for none or "-".
func openTextArg(args []string) (*os.File, error) {
	if len(args) == 0 || args[0] == "-" {
		return nil, nil
	}
	f, err := os.Open(args[0])
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read: %v; check the path", args[0], cause(err))
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s: is a folder; name one text file, or - for standard input", args[0])
	}
	return f, nil
}
