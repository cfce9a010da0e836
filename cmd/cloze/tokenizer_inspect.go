package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/tokenize"
)

// inspectConfig is what "tokenizer inspect" can be told by keys.
type inspectConfig struct {
	Corpus corpusSection `yaml:"corpus"`
}

// inspectFlags are the flags of "tokenizer inspect".
type inspectFlags struct {
	threads     int
	quiet, json bool
	config      configFlags
	reading     readingFlags
}

func newTokenizerInspect() *cobra.Command {
	var f inspectFlags
	cfg := inspectConfig{Corpus: defaultCorpus()}
	cmd := &cobra.Command{
		Use:   "inspect TOKENIZER [flags] [PATH...]",
		Short: "the pipeline, pieces never reached, and how a text fares",
		Long: `Show what a tokenizer is made of: its pipeline, a line a stage; vocabulary; special and added tokens with their
switches; bytes without a piece; pieces that are never reached. TOKENIZER is a tokenizer.json, .model, vocab.txt or
.tiktoken, or a folder that holds one.

Never reached is a piece that stands among the ids of none of these texts, encoded as data: its own text alone, and
with U+E000 (a character that hardly any vocabulary has), "a", "1" or "." before it, behind it or on both sides; for a
piece inside words (##ing) behind each of the vocabulary's first 64 letters instead; for a byte of byte_fallback its
name and the characters that hold it; nor among those of the texts at PATH. A piece that is half a character is
reached where the model makes it of its own spelling. Where the model itself never makes a piece (no order of merges
leads to it, or other pieces score higher), no text will; another one is changed by the normalizer or cut by the
pre-tokenizer, and a text of its own kind might still give it. Added tokens and the unknown token are not asked.

With texts at PATH... (files, folders, patterns, or - for standard input), read once and encoded as data: tokens a
word and a byte for each Unicode script, pieces that are not used, unknown tokens, dropped bytes. A word is one of
Unicode's Annex #29 with a letter or digit in it; a word, and a token, belongs to the first script that its characters
have, or to Common (digits, punctuation, blanks). Scripts that write no blanks (Thai, Lao, Khmer, Burmese, Chinese)
count a word a character or so: compare their tokens a byte. A document above 256 kB is encoded in parts, cut at line
ends or blanks.

Keys and their defaults, for --config and --set:

` + indent(string(config.Format(&cfg))),
		Args: wantArgs(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := config.Load(&cfg, f.config.file, f.config.sets); err != nil {
				return err
			}
			if err := cfg.Corpus.resolve(&f.reading); err != nil {
				return err
			}
			return runInspect(cmd, args[0], args[1:], cfg, f)
		},
	}
	f.config.add(cmd)
	f.reading.add(cmd)
	addThreads(cmd, &f.threads)
	addQuiet(cmd, &f.quiet)
	addJSON(cmd, &f.json)
	return cmd
}

// inspectReport is all that "tokenizer inspect" says; --json writes it.
type inspectReport struct {
	Tokenizer    string                `json:"tokenizer"`
	Pipeline     pipelineText          `json:"pipeline"`
	VocabSize    int                   `json:"vocab_size"` // largest id + 1
	Tokens       int                   `json:"tokens"`     // ids that have one
	Added        []tokenize.AddedToken `json:"added_tokens"`
	Unknown      string                `json:"unknown_token,omitempty"`
	MissingBytes []string              `json:"missing_bytes"` // null: it has no pieces for bytes
	Unreached    []unreachedPiece      `json:"unreached"`
	Notes        []string              `json:"notes,omitempty"`
	Text         *textReport           `json:"text,omitempty"`
}

// textReport is how a text fares.
type textReport struct {
	Scripts   []scriptReport `json:"scripts"` // by tokens, most first
	Total     scriptReport   `json:"total"`
	Pieces    int            `json:"pieces"` // those that data can give: added tokens left out
	Unused    int            `json:"unused"`
	Dropped   int64          `json:"dropped_bytes"`
	Documents int64          `json:"documents"`
	Cuts      int64          `json:"cuts"`
	Corpus    corpus.Report  `json:"corpus"`
	used      []int64        // tokens by id
}

// scriptReport is one row of the table.
type scriptReport struct {
	Script        string  `json:"script"`
	Words         int64   `json:"words"`
	Bytes         int64   `json:"bytes"`
	Tokens        int64   `json:"tokens"`
	Unknown       int64   `json:"unknown_tokens"`
	TokensPerWord float64 `json:"tokens_per_word"` // 0 without a word, and for Common, whose tokens are mostly of no word
	TokensPerByte float64 `json:"tokens_per_byte"`
}

func runInspect(cmd *cobra.Command, path string, paths []string, cfg inspectConfig, f inspectFlags) error {
	t, err := tokenize.Open(path)
	if err != nil {
		return err
	}
	file, err := readTokenizerFile(t)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r := inspectReport{Tokenizer: path, Pipeline: file.pipeline(), VocabSize: t.VocabSize(), Added: t.Added(), Notes: t.Notes()}
	for id := range int32(t.VocabSize()) {
		if _, ok := t.Token(id); ok {
			r.Tokens++
		}
	}
	if id, ok := file.unknownToken(t); ok {
		r.Unknown, _ = t.Token(id)
	}
	if missing, asked := file.missingBytes(t); asked {
		r.MissingBytes = append([]string{}, missing...)
	}
	if len(paths) > 0 {
		if r.Text, err = inspectText(cmd, t, file, paths, cfg, f); err != nil {
			return err
		}
	}
	r.Unreached = unreached(t, file)
	if r.Text != nil { // what the texts have given is reached, whatever the trials say
		r.Unreached = slices.DeleteFunc(r.Unreached, func(p unreachedPiece) bool { return r.Text.used[p.ID] > 0 })
	}
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
	}
	return r.write(cmd.OutOrStdout())
}

func inspectText(cmd *cobra.Command, t *tokenize.Tokenizer, file tokenizerFile, paths []string, cfg inspectConfig, f inspectFlags) (*textReport, error) {
	src, err := cfg.Corpus.open(cmd.InOrStdin(), paths)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	listFiles(cmd.ErrOrStderr(), f.quiet, src.Files())
	_, size := src.Progress()
	p := newProgress(cmd.ErrOrStderr(), f.quiet, "encode", size)
	unknown, ok := file.unknownToken(t)
	if !ok {
		unknown = -1
	}
	all, s, err := measure(cmd.Context(), t, unknown, src, f.threads, readProgress(p, src))
	if err == nil {
		err = src.Report().CheckDocuments()
	}
	if err != nil {
		p.end("stopped")
		return nil, err
	}
	p.end(count(all.tokens) + " tokens")
	r := &textReport{Documents: all.documents, Cuts: all.cuts, Dropped: all.dropped, Corpus: src.Report(), used: all.used, Total: scriptReport{Script: "all"}}
	for i, n := range all.scripts {
		if n == (scriptTally{}) {
			continue
		}
		row := scriptReport{s.names[i], n.words, n.bytes, n.tokens, n.unknown, ratio(n.tokens, n.words), ratio(n.tokens, n.bytes)}
		if i == 0 {
			row.TokensPerWord = 0
		}
		r.Scripts = append(r.Scripts, row)
		r.Total.Words += n.words
		r.Total.Bytes += n.bytes
		r.Total.Tokens += n.tokens
		r.Total.Unknown += n.unknown
	}
	slices.SortStableFunc(r.Scripts, func(a, b scriptReport) int { return cmp.Compare(b.Tokens, a.Tokens) })
	r.Total.TokensPerWord, r.Total.TokensPerByte = ratio(r.Total.Tokens, r.Total.Words), ratio(r.Total.Tokens, r.Total.Bytes)
	r.countPieces(t, all)
	return r, nil
}

// countPieces counts the pieces that data can give and those that it did not.
func (r *textReport) countPieces(t *tokenize.Tokenizer, all tally) {
	added := map[int32]bool{all.unknown: true}
	for _, a := range t.Added() {
		added[a.ID] = true
	}
	for id, n := range all.used {
		if _, ok := t.Token(int32(id)); !ok || added[int32(id)] {
			continue
		}
		r.Pieces++
		if n == 0 {
			r.Unused++
		}
	}
}

func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
