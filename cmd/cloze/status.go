package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Exit statuses, a contract with users' scripts.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
)

// usageError is a call with missing or too many arguments.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// exitStatus writes a failure as one line and gives the status.
func exitStatus(stderr io.Writer, err error) int {
	if err == nil {
		return statusDone
	}
	msg := err.Error()
	if errors.Is(err, context.Canceled) && msg == context.Canceled.Error() {
		msg = "interrupted"
	}
	fmt.Fprintf(stderr, "cloze: %s\n", oneLine(msg))
	var usage *usageError
	if errors.As(err, &usage) {
		return statusUsage
	}
	return statusFailed
}

// oneLine joins the lines of a message and makes control characters visible: a message is one line, whatever a
// file name or a damaged file puts into it.
func oneLine(msg string) string {
	msg = strings.Join(strings.FieldsFunc(msg, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return '\uFFFD'
		}
		return r
	}, msg)
}

// wantArgs gives a cobra argument check: at least low and, unless high is negative, at most high arguments.
func wantArgs(low, high int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < low:
			return usagef("missing argument; usage: %s", cmd.UseLine())
		case high >= 0 && len(args) > high:
			return usagef("too many arguments (%d), first of them too many: %q; usage: %s", len(args), args[high], cmd.UseLine())
		}
		return nil
	}
}

// wantFlags checks that the named flags were given.
func wantFlags(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		f := cmd.Flags().Lookup(name)
		if f == nil || f.Value.String() == "" {
			return usagef("missing --%s; usage: %s", name, cmd.UseLine())
		}
	}
	return nil
}
