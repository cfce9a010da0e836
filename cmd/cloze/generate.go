//go:build torch

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/models/pipeline"
)

// promptsAtOnce is how many prompts are continued together: weights are read once for all, each has its own keys and values.
const promptsAtOnce = 16

// generation is one call of "generate".
type generation struct {
	cmd     *cobra.Command
	options pipeline.GenerateOptions
	prompts []string
	json    bool
	quiet   bool
	device  string
	threads int
	from    pipeline.Options
}

func newGenerate() *cobra.Command {
	g := generation{options: pipeline.DefaultGenerate()}
	o := &g.options
	cmd := &cobra.Command{
		Use:   "generate RUN|DIR [flags] [PATH]",
		Short: shortGenerate,
		Long: `Continue each --prompt TEXT, or each line of PATH (- for standard input), with a run (its newest checkpoint) or a Hugging Face
folder, and print prompt and continuation: of one prompt as they come, of several in the order given. An empty prompt starts a new text.

Generation stops at --max-tokens, where the model ends the text, or before a --stop text. A text that outgrows the model's context
goes on: each time the context is full, its older half is forgotten.`,
		Args: wantArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			g.cmd = cmd
			return g.run(args)
		},
	}
	cmd.Flags().StringArrayVar(&g.prompts, "prompt", nil, "the text to continue; may be given several times")
	cmd.Flags().IntVar(&o.MaxTokens, "max-tokens", o.MaxTokens, "stop after that many tokens")
	cmd.Flags().Float64Var(&o.Temperature, "temperature", o.Temperature, "divides the logits; 0 always takes the likeliest token")
	cmd.Flags().IntVar(&o.TopK, "top-k", o.TopK, "draw among the k likeliest tokens; 0 among all")
	cmd.Flags().Float64Var(&o.TopP, "top-p", o.TopP, "draw among the likeliest tokens that together hold this probability; 0 among all")
	cmd.Flags().Float64Var(&o.RepetitionPenalty, "repetition-penalty", 1, "makes tokens that stand in the text already less likely; 1 does nothing, 1.1 a little")
	cmd.Flags().StringArrayVar(&o.Stop, "stop", nil, "end before this text; may be given several times")
	addSeed(cmd, &o.Seed, 1)
	addDevice(cmd, &g.device)
	addThreads(cmd, &g.threads)
	addCheckpoint(cmd, &g.from.Checkpoint)
	addQuiet(cmd, &g.quiet)
	addJSON(cmd, &g.json)
	return cmd
}

func (g *generation) run(args []string) error {
	switch given := g.cmd.Flags().Changed("prompt"); {
	case !given && len(args) < 2:
		return usagef("missing --prompt (it may be empty) or PATH; usage: %s", g.cmd.UseLine())
	case given && len(args) == 2:
		return usagef("--prompt and %s both bring prompts; leave one of them out", args[1])
	}
	if err := g.options.Validate(); err != nil {
		return fmt.Errorf("--%w", err)
	}
	if err := useDevice(g.device, g.threads); err != nil {
		return err
	}
	lm, err := openCausal(g.cmd, args[0], g.from, g.quiet)
	if err != nil {
		return err
	}
	defer lm.Close()
	if len(args) == 2 {
		return g.lines(lm, args[1])
	}
	if len(g.prompts) == 1 {
		return g.stream(lm, g.prompts[0])
	}
	for first := 0; first < len(g.prompts); first += promptsAtOnce {
		if err := g.batch(lm, g.prompts[first:min(first+promptsAtOnce, len(g.prompts))], first); err != nil {
			return err
		}
	}
	return nil
}

// lines continues the lines of a file or of standard input, some together.
func (g *generation) lines(lm *pipeline.LM, path string) error {
	in := g.cmd.InOrStdin()
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("%s: cannot be read: %w; name a file with a prompt a line", path, cause(err))
		}
		defer file.Close()
		in = file
	}
	reader := bufio.NewReaderSize(in, chunkBytes)
	var prompts []string
	for first := 0; ; {
		line, err := readLine(reader)
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s:%d: %w", path, first+len(prompts)+1, err)
		}
		if err == nil {
			prompts = append(prompts, string(line))
		}
		if len(prompts) == promptsAtOnce || err == io.EOF {
			if err := g.batch(lm, prompts, first); err != nil {
				return err
			}
			first, prompts = first+len(prompts), prompts[:0]
		}
		if err == io.EOF {
			return nil
		}
	}
}

// generated is a line of --json.
type generated struct {
	Prompt string `json:"prompt"`
	pipeline.Generated
}

// batch continues some prompts, of which the first has that number, and prints all when all are done.
func (g *generation) batch(lm *pipeline.LM, prompts []string, first int) error {
	o := g.options
	o.First = first // draws do not depend on how many are continued together
	all, err := lm.GenerateBatch(g.cmd.Context(), prompts, o, nil)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	out := bufio.NewWriter(g.cmd.OutOrStdout())
	for i, one := range all {
		if g.json {
			if err := json.NewEncoder(out).Encode(generated{prompts[i], one}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(out, "%s%s\n", prompts[i], one.Text)
		if one.Note != "" && !g.quiet {
			fmt.Fprintf(g.cmd.ErrOrStderr(), "note: prompt %d: %s\n", first+i+1, one.Note)
		}
	}
	if err != nil {
		err = fmt.Errorf("interrupted at prompt %d; of it and the %d after it a beginning stands above", first+1, len(prompts)-1)
	}
	return errors.Join(out.Flush(), err)
}

// stream continues one prompt and prints each piece as it comes.
func (g *generation) stream(lm *pipeline.LM, prompt string) error {
	out := g.cmd.OutOrStdout()
	var broken error // standard output may be a pipe that closes
	emit := func(text string) {
		if broken == nil && !g.json {
			_, broken = fmt.Fprint(out, text)
		}
	}
	emit(prompt)
	one, err := lm.Generate(g.cmd.Context(), prompt, g.options, emit)
	if g.json && err == nil {
		return json.NewEncoder(out).Encode(generated{prompt, one})
	}
	emit("\n")
	if one.Note != "" && !g.quiet {
		fmt.Fprintln(g.cmd.ErrOrStderr(), "note: "+one.Note)
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted after %d tokens", len(one.IDs))
	}
	return errors.Join(err, broken)
}
