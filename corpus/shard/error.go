package shard

import (
	"errors"
	"fmt"
	"io/fs"
)

// Error is a refused file or folder, in one line: which, what is wrong, what to do.
type Error struct {
	File   string
	Cause  string
	Remedy string
	Err    error // the error underneath, where there is one
}

func (e *Error) Error() string {
	s := e.File + ": " + e.Cause
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s + "; " + e.Remedy
}

func (e *Error) Unwrap() error { return e.Err }

// Remedies that several faults share.
const (
	writeAgain = "remove the folder and tokenise the corpus again"
	checkDisk  = "check the folder, its rights and the free space"
)

// refused is an Error about a file whose content is wrong.
func refused(file, format string, args ...any) error {
	return &Error{File: file, Cause: fmt.Sprintf(format, args...), Remedy: writeAgain}
}

func writeError(path string, err error) error {
	return &Error{File: path, Cause: "cannot be written", Err: cutPath(err), Remedy: checkDisk}
}

// cutPath takes the path off an error of the file system, which the message names already.
func cutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
