//go:build !torch

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/classify"
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

// libtorchHow is what is missing, and how to get it.
const libtorchHow = "libtorch, which this build is without; in a checkout run make build, elsewhere cloze setup and then go build -tags torch ./cmd/cloze"

func lacking(use, short string) *cobra.Command {
	return &cobra.Command{
		Use:                use,
		Short:              short + " (needs libtorch)",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fmt.Errorf("%s needs %s", strings.TrimPrefix(cmd.CommandPath(), "cloze "), libtorchHow)
		},
	}
}

// runEmbedModel is "embed" on a model's folder.
func runEmbedModel(cmd *cobra.Command, args []string, _ embedFlags) error {
	return fmt.Errorf("%s: a model's folder: embed needs for it %s", args[0], libtorchHow)
}

// fitEncoder is "finetune" on an encoder's folder.
func fitEncoder(_ *cobra.Command, _, _ *labelled.Set, _ finetuneConfig, f finetuneFlags, _ bool) (fitted, error) {
	return fitted{}, fmt.Errorf("--model %s: an encoder needs %s; --model ngram does not", f.model, libtorchHow)
}

// useThreads sets the threads of a network's operations, of which there are none here: an ngram model has one thread.
func useThreads(int) error { return nil }

// openClassifier opens a classifier's folder; close it.
func openClassifier(dir string, int8 bool) (*classify.Classifier, func() error, error) {
	if int8 {
		return nil, nil, fmt.Errorf("%s: --int8 is for encoders, which need %s", dir, libtorchHow)
	}
	c, err := classify.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	return c, func() error { return nil }, nil
}
