package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/corpus/labelled"
)

// labelFlags say which columns hold what is learnt, told or judged.
type labelFlags struct {
	labels []string
	task   string
}

func (f *labelFlags) add(cmd *cobra.Command, labels string) {
	cmd.Flags().StringArrayVar(&f.labels, "label-field", nil, labels)
}

// openLabelled reads the labelled records of the paths; "-" is standard input, alone.
func openLabelled(stdin io.Reader, o labelled.Options, paths []string) (*labelled.Set, error) {
	if len(paths) == 1 && paths[0] == "-" {
		return o.Read("standard input", stdin)
	}
	return o.Open(paths...)
}
