package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/tokenize"
	"github.com/go-cloze/cloze/tokenize/train"
)

// tokenizerSection is the section tokenizer of a configuration: how one is trained.
type tokenizerSection struct {
	VocabSize     int      `yaml:"vocab_size"`     // tokens, special ones and the 256 bytes among them
	MinFrequency  int64    `yaml:"min_frequency"`  // a pair met less often is not merged
	SpecialTokens []string `yaml:"special_tokens"` // get the first ids; the first stands between documents
	MemoryBytes   int64    `yaml:"memory_bytes"`   // bound on the table of words
}

func defaultTokenizer() tokenizerSection {
	d := train.DefaultBPE()
	return tokenizerSection{d.VocabSize, d.MinFrequency, d.SpecialTokens, d.MemoryBytes}
}

// tokenizerConfig is all that "tokenizer train" can be told by keys.
type tokenizerConfig struct {
	Tokenizer tokenizerSection `yaml:"tokenizer"`
	WordPiece wordPieceSection `yaml:"wordpiece"`
	Unigram   unigramSection   `yaml:"unigram"`
	Corpus    corpusSection    `yaml:"corpus"`
}

// trainFlags are the flags of "tokenizer train".
type trainFlags struct {
	model, out  string
	vocabSize   int
	memory      sizeFlag
	threads     int
	quiet, json bool
	config      configFlags
	reading     readingFlags
}

func newTokenizerTrain() *cobra.Command {
	var f trainFlags
	cfg := defaultTokenizerConfig()
	cmd := &cobra.Command{
		Use:   "train --vocab-size N --out tokenizer.json [flags] PATH...",
		Short: "train a tokenizer on text",
		Long: `Train a tokenizer on the texts at PATH... and write it as a tokenizer.json that the Python package tokenizers
reads too. PATH is a file, a folder, a pattern, or - for standard input. The same texts give the same file.

  bpe        bytes merged by frequency, as GPT-2's
  wordpiece  pieces of words merged by frequency, as BERT's
  unigram    pieces of words by likelihood, as SentencePiece's, with bytes for what has no piece
  word       whole words, the most frequent

Special tokens are those of the model unless tokenizer.special_tokens is set: <|endoftext|>, [PAD] [UNK] [CLS]
[SEP] [MASK], <unk> <s> </s>, [UNK]. Wordpiece and word want [UNK] among them, unigram <unk>.

Keys and their defaults, for --config and --set:

` + indent(string(config.Format(&cfg))),
		Args: wantArgs(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := wantFlags(cmd, "out"); err != nil {
				return err
			}
			if _, err := config.Load(&cfg, f.config.file, f.config.sets); err != nil {
				return err
			}
			if cmd.Flags().Changed("vocab-size") {
				cfg.Tokenizer.VocabSize = f.vocabSize
			}
			if cmd.Flags().Changed("memory") {
				cfg.Tokenizer.MemoryBytes = int64(f.memory)
			}
			if !slices.Contains(tokenizerModels, f.model) {
				return fmt.Errorf("--model: unknown tokenizer %q; %s", f.model, config.Suggest(f.model, tokenizerModels))
			}
			if err := cfg.Corpus.resolve(&f.reading); err != nil {
				return err
			}
			return runTokenizerTrain(cmd, args, cfg, f)
		},
	}
	cmd.Flags().StringVar(&f.model, "model", "bpe", "kind of tokenizer: bpe, wordpiece, unigram, word")
	cmd.Flags().IntVar(&f.vocabSize, "vocab-size", cfg.Tokenizer.VocabSize, "number of tokens; the key tokenizer.vocab_size")
	f.memory = sizeFlag(cfg.Tokenizer.MemoryBytes)
	cmd.Flags().Var(&f.memory, "memory", "bound of the word tables, such as 512MB or 2GiB; the key tokenizer.memory_bytes")
	addOut(cmd, &f.out, "tokenizer.json to write")
	f.config.add(cmd)
	f.reading.add(cmd)
	addThreads(cmd, &f.threads)
	addQuiet(cmd, &f.quiet)
	addJSON(cmd, &f.json)
	return cmd
}

// tokenizerReport is what "tokenizer train" says at the end.
type tokenizerReport struct {
	Out       string        `json:"out"`
	VocabSize int           `json:"vocab_size"`
	Training  train.Report  `json:"training"`
	Corpus    corpus.Report `json:"corpus"`
}

func runTokenizerTrain(cmd *cobra.Command, paths []string, cfg tokenizerConfig, f trainFlags) error {
	if err := refuseExisting(f.out); err != nil {
		return err
	}
	src, err := cfg.Corpus.open(cmd.InOrStdin(), paths)
	if err != nil {
		return err
	}
	defer src.Close()
	listFiles(cmd.ErrOrStderr(), f.quiet, src.Files())
	file, report, err := trainModel(cmd.Context(), cmd.ErrOrStderr(), f, src, cfg)
	if err != nil {
		return err
	}
	if err := writeNewFile(f.out, file); err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(tokenizerReport{f.out, report.VocabSize, report, src.Report()})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s%s\nwrote %s: %s tokens\n", src.Report(), report, f.out, count(report.VocabSize))
	return err
}

// trainTokenizer trains byte-level BPE on all documents of src, with progress by the bytes read.
func trainTokenizer(ctx context.Context, stderr io.Writer, quiet bool, src *corpus.Source, s tokenizerSection, threads int) (*tokenize.Tokenizer, train.Report, error) {
	cfg := train.BPEConfig{Config: s.config(threads)}
	var t *tokenize.Tokenizer
	report, err := withProgress(ctx, stderr, quiet, src, func(texts iter.Seq2[[]byte, error], stage func(string, int64, int64)) (r train.Report, err error) {
		cfg.Progress = stage
		t, r, err = train.BPE(cfg, texts)
		return r, err
	})
	return t, report, err
}

// documentTexts gives the texts of a source until ctx ends.
func documentTexts(ctx context.Context, src *corpus.Source, progress func(note string)) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		documents := 0
		for doc, err := range src.All() {
			if err == nil {
				err = ctx.Err()
			}
			if documents++; documents&63 == 0 {
				progress(count(documents) + " documents")
			}
			if !yield(doc.Text, err) || err != nil {
				return
			}
		}
		if documents == 0 {
			yield(nil, errors.Join(src.Report().CheckDocuments()))
		}
	}
}
