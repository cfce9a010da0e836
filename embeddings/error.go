package embeddings

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Error is a refused vector file, in one line: file, place, cause, remedy.
type Error struct {
	File   string
	Unit   string // "line" or "word": what Number counts; empty for the whole file
	Number int64  // from 1
	Cause  string
	Remedy string
	Err    error // the error underneath, where there is one
}

func (e *Error) Error() string {
	s := e.File
	if e.Unit != "" {
		s += fmt.Sprintf(": %s %d", e.Unit, e.Number)
	}
	s += ": " + e.Cause
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// UnknownWordError tells a word that the vectors do not have, and words that
// are spelled like it, nearest first.
type UnknownWordError struct {
	Word  string
	Words int // how many words there are
	Near  []string
}

func (e *UnknownWordError) Error() string {
	s := fmt.Sprintf("word %s is not among the %d words", quote(e.Word), e.Words)
	if len(e.Near) == 0 {
		return s
	}
	near := make([]string, len(e.Near))
	for i, w := range e.Near {
		near[i] = quote(w)
	}
	return s + "; nearest spelling: " + strings.Join(near, ", ")
}

// quote keeps a message one readable line for any word.
func quote(s string) string {
	if len(s) > 60 {
		s = s[:60] + "..."
	}
	return strconv.Quote(s)
}

// cutPath takes the path out of a *fs.PathError: the message has it already.
func cutPath(err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		return pe.Err
	}
	return err
}
