//go:build torch

package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/models/pipeline"
)

// modelEmbedding is one call of "embed" on a model's folder.
type modelEmbedding struct {
	*pipeline.Embedder
	rows               rowFormat
	lines, tokens, cut int64
	elapsed            time.Duration // of the network
}

func runEmbedModel(cmd *cobra.Command, args []string, f embedFlags) error {
	if err := f.checkModel(cmd); err != nil {
		return err
	}
	if err := useDevice("cpu", f.threads); err != nil {
		return err
	}
	embedder, err := pipeline.OpenEmbedder(args[0], pipeline.EmbedOptions{Checkpoint: f.checkpoint, Pooling: f.pooling, MaxTokens: f.maxTokens})
	if err != nil {
		return err
	}
	defer embedder.Close()
	if embedder.Note != "" && !f.quiet {
		fmt.Fprintln(cmd.ErrOrStderr(), "note: "+embedder.Note)
	}
	in, name, err := lineInput(cmd, args[1:])
	if err != nil {
		return err
	}
	defer in.Close()
	e := &modelEmbedding{Embedder: embedder, rows: rowFormat(f.format)}
	out, finish, err := e.rows.begin(cmd.OutOrStdout(), embedder.Dim())
	if err != nil {
		return err
	}
	var fault error
	err = readChunks(in, func(c *chunk) bool {
		var records []byte
		if records, fault = e.chunk(cmd, c); fault == nil {
			_, fault = out.Write(records)
		}
		return fault == nil
	})
	if fault != nil {
		err = fault
	} else if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	if err = finish(err, e.lines); err == nil && !f.quiet {
		e.report(cmd)
	}
	return err
}

// chunk returns the records of some lines.
func (e *modelEmbedding) chunk(cmd *cobra.Command, c *chunk) (records []byte, err error) {
	texts := make([]string, len(c.lines))
	for i, line := range c.lines {
		texts[i] = string(line)
	}
	start := time.Now()
	embedded, err := e.Embed(cmd.Context(), texts)
	if err != nil {
		return nil, err
	}
	e.elapsed += time.Since(start)
	dim := e.Dim()
	for i, tokens := range embedded.Tokens {
		records = e.rows.append(records, c.first+int64(i), embedded.Vectors[i*dim:(i+1)*dim], tokens, nil)
		e.tokens += int64(tokens)
	}
	e.lines, e.cut = e.lines+int64(len(texts)), e.cut+int64(embedded.Cut)
	return records, nil
}

func (e *modelEmbedding) report(cmd *cobra.Command) {
	seconds := e.elapsed.Seconds()
	fmt.Fprintf(cmd.ErrOrStderr(), "embed: %s lines, %s tokens in %.2f s (%.0f lines a second), pooling %s", count(e.lines), count(e.tokens), seconds,
		float64(e.lines)/max(seconds, 1e-9), e.Pooling)
	if e.cut > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "; %s lines were longer than %d tokens and cut", count(e.cut), e.MaxTokens)
	}
	fmt.Fprintln(cmd.ErrOrStderr())
}
