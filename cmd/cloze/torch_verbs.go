//go:build torch

package main

import "github.com/spf13/cobra"

const buildKind = "torch"

// torchVerbs are the verbs that need libtorch.
func torchVerbs() []*cobra.Command {
	return []*cobra.Command{newPretrain(), newExport(), newGenerate(), newEval()}
}
