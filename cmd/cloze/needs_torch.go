//go:build !torch

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const buildKind = "plain"

// torchVerbs are the verbs that this build lacks: each says how to get it.
func torchVerbs() []*cobra.Command {
	return []*cobra.Command{
		lacking("pretrain", shortPretrain),
		lacking("export", shortExport),
		lacking("generate", shortGenerate),
	}
}

// torchEvals are those below "eval".
func torchEvals() []*cobra.Command { return []*cobra.Command{lacking("lm", shortEvalLM)} }

func lacking(use, short string) *cobra.Command {
	return &cobra.Command{
		Use:                use,
		Short:              short + " (needs libtorch)",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fmt.Errorf("%s needs libtorch, which this build is without; in a checkout run make build, "+
				"elsewhere cloze setup and then go build -tags torch ./cmd/cloze", strings.TrimPrefix(cmd.CommandPath(), "cloze "))
		},
	}
}

// runEmbedModel is "embed" on a model's folder.
func runEmbedModel(cmd *cobra.Command, args []string, _ embedFlags) error {
	return fmt.Errorf("%s: a model's folder: embed needs libtorch for it, which this build is without; in a checkout run make build, "+
		"elsewhere cloze setup and then go build -tags torch ./cmd/cloze", args[0])
}
