package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/corpus"
)

// The flags that several verbs have are declared here once, so that the same word means the same thing in each.

func addOut(cmd *cobra.Command, to *string, what string) {
	cmd.Flags().StringVar(to, "out", "", what+"; refused if it exists")
}

func addJSON(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "json", false, "results as JSON on standard output")
}

func addQuiet(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "quiet", false, "no progress on standard error")
}

func addThreads(cmd *cobra.Command, to *int) {
	cmd.Flags().IntVar(to, "threads", 0, "processor threads; 0 is all that this process may use")
}

func addTokenizer(cmd *cobra.Command, to *string, what string) {
	cmd.Flags().StringVar(to, "tokenizer", "", what)
}

func addSeed(cmd *cobra.Command, to *uint64, value uint64) {
	cmd.Flags().Uint64Var(to, "seed", value, "seed of everything random; the same seed gives the same result")
}

// configFlags are --config and --set.
type configFlags struct {
	file string
	sets []string
}

func (f *configFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "config", "", "YAML file of keys, see the list above")
	cmd.Flags().StringArrayVar(&f.sets, "set", nil, "one key, as in --set corpus.unit=paragraph; may be repeated")
}

// readingFlags say how the texts at PATH... are read; each also is a key of the section corpus.
type readingFlags struct {
	textField string
	strict    bool
	lenient   bool
	exclude   []string
}

func (f *readingFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.textField, "text-field", "", `field or column of jsonl, csv, tsv and parquet that holds the text (default "text")`)
	cmd.Flags().BoolVar(&f.strict, "strict", false, "stop at untidy input too: a record without text, bytes that are not UTF-8")
	cmd.Flags().BoolVar(&f.lenient, "lenient", false, "skip and count damaged records and files instead of stopping at them")
}

// addExclude adds --exclude, for the verbs that train on what they read.
func (f *readingFlags) addExclude(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.exclude, "exclude", nil, "file of texts, such as a test set, of which no near duplicate is trained on: PATH, or PATH#FIELD for another text field; may be repeated; the key corpus.exclude")
}

// apply lays the flags over the options.
func (f *readingFlags) apply(o *corpus.Options) error {
	if f.textField != "" {
		o.TextField = f.textField
	}
	if len(f.exclude) > 0 {
		o.Exclude = f.exclude
	}
	switch {
	case f.strict && f.lenient:
		return usagef("--strict and --lenient exclude each other; give one")
	case f.strict:
		o.Policy = corpus.Strict
	case f.lenient:
		o.Policy = corpus.Lenient
	}
	return o.Validate()
}

// oneOf holds a flag's value against its choices.
func oneOf(flag, value string, choices []string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	return fmt.Errorf("--%s: unknown %q; %s", flag, value, config.Suggest(value, choices))
}
