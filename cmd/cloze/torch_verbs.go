//go:build torch

package main

import "github.com/spf13/cobra"

const buildKind = "torch"

// torchVerbs are the verbs that need libtorch.
func torchVerbs() []*cobra.Command {
	return []*cobra.Command{newPretrain(), newExport(), newGenerate()}
}

// torchEvals are the verbs below "eval" that need it.
func torchEvals() []*cobra.Command { return []*cobra.Command{newEvalLM()} }

// Flags that only these verbs have.

func addDevice(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "device", "cpu", "cpu or cuda")
}
