package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/tokenize"
)

// decodeFlags are what "tokenizer decode" can be told.
type decodeFlags struct {
	tokenizer         string
	keepSpecial, json bool
	threads           int
}

func newTokenizerDecode() *cobra.Command {
	var f decodeFlags
	cmd := &cobra.Command{
		Use:   "decode --tokenizer F [flags] [PATH]",
		Short: "a line of text for each line of ids",
		Long: `Write a line of text for each line of ids of PATH (standard input without one or for -). Special tokens are
left out, as the Python package does; --keep-special writes them. Ids whose text holds a line break would not be one
line: they are an error, with --json they are a string like any other.`,
		Args: wantArgs(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := wantFlags(cmd, "tokenizer"); err != nil {
				return err
			}
			t, err := tokenize.Open(f.tokenizer)
			if err != nil {
				return err
			}
			in, name, err := lineInput(cmd, args)
			if err != nil {
				return err
			}
			defer in.Close()
			_, err = mapLines(cmd.OutOrStdout(), in, name, f.threads, decoder(t, f))
			return err
		},
	}
	addTokenizer(cmd, &f.tokenizer, "tokenizer.json, or a folder that holds one")
	cmd.Flags().BoolVar(&f.keepSpecial, "keep-special", false, "write special tokens too")
	cmd.Flags().BoolVar(&f.json, "json", false, "a JSON string for each line of ids")
	addThreads(cmd, &f.threads)
	return cmd
}

// decoder gives the conversion of one line.
func decoder(t *tokenize.Tokenizer, f decodeFlags) func(dst, line []byte) ([]byte, error) {
	return func(dst, line []byte) ([]byte, error) {
		ids, err := parseIDs(line, t)
		if err != nil {
			return dst, err
		}
		text := t.Decode(ids, !f.keepSpecial)
		if f.json {
			data, err := json.Marshal(text)
			return append(append(dst, data...), '\n'), err
		}
		if strings.ContainsAny(text, "\n\r") {
			return dst, fmt.Errorf("the text of these ids holds a line break, so it would not be one line; use --json")
		}
		return append(append(dst, text...), '\n'), nil
	}
}

func parseIDs(line []byte, t *tokenize.Tokenizer) ([]int32, error) {
	var ids []int32
	for _, word := range bytes.Fields(line) {
		n, err := strconv.ParseInt(string(word), 10, 32)
		if err != nil {
			if len(word) > 40 {
				word = append(word[:40:40], "..."...)
			}
			return nil, fmt.Errorf("%q is not an id; want whole numbers with blanks between", word)
		}
		if _, known := t.Token(int32(n)); !known {
			return nil, fmt.Errorf("id %d is not in the tokenizer, whose ids go from 0 to %d; is it the one that made the ids?", n, t.VocabSize()-1)
		}
		ids = append(ids, int32(n))
	}
	return ids, nil
}
