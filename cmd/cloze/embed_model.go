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
	perToken           bool // --tokens
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
	embedder, err := pipeline.OpenEmbedder(args[0], pipeline.EmbedOptions{Checkpoint: f.checkpoint, Pooling: f.pooling, MaxTokens: f.maxTokens, Layer: &f.layer})
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
	e := &modelEmbedding{Embedder: embedder, rows: rowFormat(f.format), perToken: f.tokens}
	write, finish, err := e.begin(cmd, f)
	if err != nil {
		return err
	}
	var fault error
	err = readChunks(in, func(c *chunk) bool {
		texts := make([]string, len(c.lines))
		for i, line := range c.lines {
			texts[i] = string(line)
		}
		fault = write(c.first, texts)
		return fault == nil
	})
	if fault != nil {
		err = fault
	} else if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	if err = finish(err); err == nil && !f.quiet {
		e.report(cmd)
	}
	return err
}

// begin gives what writes the records of some lines, the first of which has that number, and what must be called after the last of them.
func (e *modelEmbedding) begin(cmd *cobra.Command, f embedFlags) (write func(first int64, texts []string) error, finish func(error) error, err error) {
	if f.tokens {
		out, err := newTokenWriter(cmd.OutOrStdout(), f.format, e.Dim())
		if err != nil {
			return nil, nil, err
		}
		return func(first int64, texts []string) error { return e.writeTokens(cmd, out, first, texts) }, out.end, nil
	}
	out, end, err := e.rows.begin(cmd.OutOrStdout(), e.Dim())
	write = func(first int64, texts []string) error {
		records, err := e.records(cmd, first, texts)
		if err == nil {
			_, err = out.Write(records)
		}
		return err
	}
	return write, func(err error) error { return end(err, e.lines) }, err
}

// records returns the records of some lines.
func (e *modelEmbedding) records(cmd *cobra.Command, first int64, texts []string) (records []byte, err error) {
	start := time.Now()
	embedded, err := e.Embed(cmd.Context(), texts)
	if err != nil {
		return nil, err
	}
	e.elapsed += time.Since(start)
	dim := e.Dim()
	for i, tokens := range embedded.Tokens {
		records = e.rows.append(records, first+int64(i), embedded.Vectors[i*dim:(i+1)*dim], tokens, nil)
		e.tokens += int64(tokens)
	}
	e.lines, e.cut = e.lines+int64(len(texts)), e.cut+int64(embedded.Cut)
	return records, nil
}

// writeTokens writes the vectors of the tokens of some lines.
func (e *modelEmbedding) writeTokens(cmd *cobra.Command, out tokenWriter, first int64, texts []string) error {
	start := time.Now()
	all, err := e.EmbedTokens(cmd.Context(), texts)
	if err != nil {
		return err
	}
	e.elapsed += time.Since(start)
	e.lines += int64(len(texts))
	for i, t := range all {
		e.tokens += int64(len(t.IDs))
		if t.Cut {
			e.cut++
		}
		if err := out.add(first+int64(i), texts[i], t); err != nil {
			return err
		}
	}
	return nil
}

func (e *modelEmbedding) report(cmd *cobra.Command) {
	seconds := e.elapsed.Seconds()
	fmt.Fprintf(cmd.ErrOrStderr(), "embed: %s lines, %s tokens in %.2f s (%.0f lines a second)", count(e.lines), count(e.tokens), seconds,
		float64(e.lines)/max(seconds, 1e-9))
	if !e.perToken {
		fmt.Fprintf(cmd.ErrOrStderr(), ", pooling %s", e.Pooling)
	}
	if e.cut > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "; %s lines were longer than %d tokens and cut", count(e.cut), e.MaxTokens)
	}
	fmt.Fprintln(cmd.ErrOrStderr())
}
