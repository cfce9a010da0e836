//go:build torch

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/models/pipeline"
)

func newExport() *cobra.Command {
	var o pipeline.ExportOptions
	var from pipeline.Options
	var out string
	var quiet, asJSON bool
	formats := pipeline.Formats()
	cmd := &cobra.Command{
		Use:   "export RUN|DIR --format " + strings.Join(formats, "|") + " --out PATH",
		Short: shortExport,
		Long: `Write a run (its newest checkpoint) or a Hugging Face folder in another form:

  hf            a folder that transformers opens: config.json, model.safetensors, tokenizer.json, ...
  sentence-transformers  the same with modules.json, 1_Pooling, ...: pooling and limits as DIR has them, else mean and context
  word2vec      the embedding of each token as text; word2vec-bin the same in word2vec's binary
  safetensors   the embeddings as one tensor, with the tokens beside it
  cloze         the store that opens at once and searches fastest: see docs/embeddings.md

  fasttext      of a run of word vectors the whole model (.bin), which the fastText package opens, sub-words too

Tokens are written readably: ▁ is a blank, <0x0A> a byte. What was written is read again, compared, and the
largest difference told.`,
		Args: wantArgs(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := wantFlags(cmd, "format", "out"); err != nil {
				return err
			}
			if err := oneOf("format", o.Format, formats); err != nil {
				return err
			}
			refuse := refuseExisting
			if pipeline.Folder(o.Format) {
				refuse = refuseUsedFolder
			}
			if err := refuse(out); err != nil {
				return err
			}
			if weights, ok := vectorRunWeights(args[0], from.Checkpoint); ok {
				return exportWordVectors(cmd, args[0], weights, out, o, asJSON)
			}
			lm, err := openModel(cmd, args[0], from, quiet)
			if err != nil {
				return err
			}
			defer lm.Close()
			return exportModel(cmd, lm, args[0], out, o, asJSON)
		},
	}
	cmd.Flags().StringVar(&o.Format, "format", "", "what to write: "+strings.Join(formats, ", "))
	cmd.Flags().StringVar(&out, "out", "", "file, or folder for hf and sentence-transformers, to write; refused if it exists")
	cmd.Flags().StringVar(&o.Table, "table", "input", "which embeddings: input or output")
	addCheckpoint(cmd, &from.Checkpoint)
	addQuiet(cmd, &quiet)
	addJSON(cmd, &asJSON)
	return cmd
}

func exportModel(cmd *cobra.Command, lm *pipeline.LM, from, out string, o pipeline.ExportOptions, asJSON bool) (err error) {
	if o.Format == pipeline.SentenceTransformers {
		if o.Sentence, err = pipeline.ReadSentence(from); err != nil {
			return err
		}
	}
	report, err := lm.Export(out, o)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(report)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), report)
	return err
}

func addCheckpoint(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "checkpoint", "last", "which of a run's: last, best, or its folder's name")
}

// openModel opens a folder and says on standard error what a user should know about it.
func openModel(cmd *cobra.Command, path string, o pipeline.Options, quiet bool) (*pipeline.LM, error) {
	lm, err := o.Open(path)
	if err != nil {
		return nil, err
	}
	if lm.Note != "" && !quiet {
		fmt.Fprintln(cmd.ErrOrStderr(), "note: "+lm.Note)
	}
	return lm, nil
}

// openCausal is openModel for verbs that write text.
func openCausal(cmd *cobra.Command, path string, o pipeline.Options, quiet bool) (*pipeline.LM, error) {
	lm, err := openModel(cmd, path, o, quiet)
	if err != nil {
		return nil, err
	}
	if err := lm.CheckCausal(); err != nil {
		lm.Close()
		return nil, err
	}
	return lm, nil
}

// refuseUsedFolder is refuseExisting for a folder that may be there as long as it is empty.
func refuseUsedFolder(path string) error {
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%s: a folder is wanted here: %v; name another --out", path, cause(err))
	case len(entries) > 0:
		return fmt.Errorf("%s exists and is not empty; nothing was overwritten: name another --out or move it away", path)
	}
	return nil
}
