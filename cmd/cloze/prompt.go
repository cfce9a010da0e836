package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// answerLines is --interactive: it answers each line of standard input until its end. On a terminal it asks with a
// prompt, and a fault is told and forgotten. In a pipe there is no prompt, each answer is written out at once, and
// faults, told on standard error with their lines, make the verb fail at the end.
func answerLines(cmd *cobra.Command, hint string, answer func(w io.Writer, line string) error) error {
	in, stderr := cmd.InOrStdin(), cmd.ErrOrStderr()
	file, ok := in.(*os.File)
	person := ok && term.IsTerminal(int(file.Fd()))
	if person {
		fmt.Fprintln(stderr, hint+"; end with Ctrl-D")
	}
	lines, out := bufio.NewReader(in), bufio.NewWriter(cmd.OutOrStdout())
	faults := 0
	for number := 1; ; number++ {
		if person {
			fmt.Fprint(stderr, "> ")
		}
		text, err := readLine(lines)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("standard input:%d: %w", number, err)
		}
		line := strings.TrimSpace(string(text))
		if line == "" {
			continue
		}
		if err := answer(out, line); err != nil {
			faults++
			place := ""
			if !person {
				place = fmt.Sprintf("standard input:%d: ", number)
			}
			fmt.Fprintln(stderr, place+oneLine(err.Error()))
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	if person {
		fmt.Fprintln(stderr)
		return nil
	}
	if faults > 0 {
		return fmt.Errorf("standard input: %s of the lines could not be answered; see above", count(faults))
	}
	return nil
}
