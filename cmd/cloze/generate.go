//go:build torch

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/models/pipeline"
)

func newGenerate() *cobra.Command {
	o := pipeline.DefaultGenerate()
	var from pipeline.Options
	var prompt, device string
	var threads int
	var quiet, asJSON bool
	cmd := &cobra.Command{
		Use:   "generate RUN|DIR --prompt TEXT [flags]",
		Short: shortGenerate,
		Long: `Continue TEXT with a run (its newest checkpoint) or a Hugging Face folder and print both, as they come.
An empty prompt starts a new text. Generation stops at --max-tokens, where the model ends the text,
or before a --stop text. A text that outgrows the model's context goes on: each time the context is full, its older half is forgotten.`,
		Args: wantArgs(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("prompt") {
				return usagef("missing --prompt (it may be empty); usage: %s", cmd.UseLine())
			}
			if err := o.Validate(); err != nil {
				return fmt.Errorf("--%w", err)
			}
			if err := useDevice(device, threads); err != nil {
				return err
			}
			lm, err := openModel(cmd, args[0], from, quiet)
			if err != nil {
				return err
			}
			defer lm.Close()
			return generate(cmd, lm, prompt, o, asJSON, quiet)
		},
	}
	cmd.Flags().StringVar(&prompt, "prompt", "", "the text to continue")
	cmd.Flags().IntVar(&o.MaxTokens, "max-tokens", o.MaxTokens, "stop after that many tokens")
	cmd.Flags().Float64Var(&o.Temperature, "temperature", o.Temperature, "divides the logits; 0 always takes the likeliest token")
	cmd.Flags().IntVar(&o.TopK, "top-k", o.TopK, "draw among the k likeliest tokens; 0 among all")
	cmd.Flags().Float64Var(&o.TopP, "top-p", o.TopP, "draw among the likeliest tokens that together hold this probability; 0 among all")
	cmd.Flags().Float64Var(&o.RepetitionPenalty, "repetition-penalty", 1, "makes tokens that stand in the text already less likely; 1 does nothing, 1.1 a little")
	cmd.Flags().StringArrayVar(&o.Stop, "stop", nil, "end before this text; may be given several times")
	addSeed(cmd, &o.Seed, 1)
	addDevice(cmd, &device)
	addThreads(cmd, &threads)
	addCheckpoint(cmd, &from.Checkpoint)
	addQuiet(cmd, &quiet)
	addJSON(cmd, &asJSON)
	return cmd
}

func generate(cmd *cobra.Command, lm *pipeline.LM, prompt string, o pipeline.GenerateOptions, asJSON, quiet bool) error {
	out := cmd.OutOrStdout()
	var broken error // standard output may be a pipe that closes
	emit := func(text string) {
		if broken == nil && !asJSON {
			_, broken = fmt.Fprint(out, text)
		}
	}
	emit(prompt)
	generated, err := lm.Generate(cmd.Context(), prompt, o, emit)
	if asJSON && err == nil {
		return json.NewEncoder(out).Encode(struct {
			Prompt string `json:"prompt"`
			pipeline.Generated
		}{prompt, generated})
	}
	emit("\n")
	if generated.Note != "" && !quiet {
		fmt.Fprintln(cmd.ErrOrStderr(), "note: "+generated.Note)
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted after %d tokens", len(generated.IDs))
	}
	return errors.Join(err, broken)
}
