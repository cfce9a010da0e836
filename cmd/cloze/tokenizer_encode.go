package main

import (
	"encoding/json"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/tokenize"
)

// encodeFlags are what "tokenizer encode" can be told.
type encodeFlags struct {
	tokenizer    string
	asData, json bool
	limits       bool
	pieces       bool
	threads      int
}

func newTokenizerEncode() *cobra.Command {
	var f encodeFlags
	cmd := &cobra.Command{
		Use:   "encode --tokenizer F [flags] [PATH]",
		Short: "a line of ids for each line of text",
		Long: `Write a line of ids, blanks between, for each line of text of PATH (standard input without one or for -).
Special text such as <|endoftext|> is recognised and the tokenizer's template added; with --as-data neither: text
never yields a special id, as in pretraining. The file's truncation and padding are applied with --apply-limits alone.

--json writes for each line an object: ids, pieces, offsets (code points of the line), byte_offsets, word_ids
(null for what stands for no text).

--pieces writes for people: each line of text with its pieces in two colours by turns (in brackets where the output is
no terminal or NO_COLOR is set), below it a row a piece with its bytes in the line (from-to; - for the template's), its
id and itself. Half characters are written as bytes, <0xE9>.`,
		Args: wantArgs(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := wantFlags(cmd, "tokenizer"); err != nil {
				return err
			}
			if f.pieces && f.json {
				return usagef("--pieces and --json exclude each other; give one")
			}
			return runEncode(cmd, args, f)
		},
	}
	addTokenizer(cmd, &f.tokenizer, "tokenizer.json, .model, vocab.txt or .tiktoken, or a folder that holds one")
	cmd.Flags().BoolVar(&f.asData, "as-data", false, "the text is data: no special ids, no template")
	cmd.Flags().BoolVar(&f.limits, "apply-limits", false, "cut and pad as the file's truncation and padding say")
	cmd.Flags().BoolVar(&f.pieces, "pieces", false, "pieces with their bytes and ids, for people")
	addJSON(cmd, &f.json)
	addThreads(cmd, &f.threads)
	return cmd
}

func runEncode(cmd *cobra.Command, args []string, f encodeFlags) error {
	t, err := tokenize.Open(f.tokenizer)
	if err != nil {
		return err
	}
	in, name, err := lineInput(cmd, args)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = mapLines(cmd.OutOrStdout(), in, name, f.threads, encoder(t, f, wantsColour(cmd.OutOrStdout())))
	return err
}

// encoder gives the conversion of one line.
func encoder(t *tokenize.Tokenizer, f encodeFlags, colour bool) func(dst, line []byte) ([]byte, error) {
	encode := func(text string) tokenize.Encoding {
		return t.EncodeWith(text, tokenize.EncodeOptions{AsData: f.asData, ApplyLimits: f.limits})
	}
	switch {
	case f.pieces:
		return func(dst, line []byte) ([]byte, error) {
			return appendPieces(dst, t, encode(string(line)), colour), nil
		}
	case f.json:
		return func(dst, line []byte) ([]byte, error) {
			return appendEncoding(dst, string(line), encode(string(line)))
		}
	case f.asData:
		return func(dst, line []byte) ([]byte, error) {
			return appendIDs(dst, t.AppendIDs(nil, line)), nil
		}
	}
	return func(dst, line []byte) ([]byte, error) {
		return appendIDs(dst, encode(string(line)).IDs), nil
	}
}

func appendIDs(dst []byte, ids []int32) []byte {
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = strconv.AppendInt(dst, int64(id), 10)
	}
	return append(dst, '\n')
}

// encodingRecord is a line of --json.
type encodingRecord struct {
	IDs         []int32  `json:"ids"`
	Pieces      []string `json:"pieces"`
	Offsets     [][2]int `json:"offsets"`      // code points into the line, half-open
	ByteOffsets [][2]int `json:"byte_offsets"` // bytes into the line, half-open
	WordIDs     []*int   `json:"word_ids"`     // null for what stands for no text
}

func appendEncoding(dst []byte, line string, e tokenize.Encoding) ([]byte, error) {
	r := encodingRecord{IDs: e.IDs, Pieces: e.Pieces, ByteOffsets: e.Offsets, Offsets: codePoints(line, e.Offsets), WordIDs: make([]*int, len(e.IDs))}
	for i := range e.WordIDs {
		if e.WordIDs[i] >= 0 {
			r.WordIDs[i] = &e.WordIDs[i]
		}
	}
	if r.IDs == nil { // an empty line is [], not null
		r.IDs, r.Pieces, r.ByteOffsets = []int32{}, []string{}, [][2]int{}
	}
	data, err := json.Marshal(r)
	return append(append(dst, data...), '\n'), err
}

// codePoints turns byte offsets into code-point offsets. A piece that ends inside a character counts up to the
// character's end, one that starts inside it from its start: the slice of the text always holds the piece.
func codePoints(text string, bytes [][2]int) [][2]int {
	at := make([]int, len(text)+1) // code points that start before each byte
	n := 0
	for i := 0; i < len(text); {
		_, size := utf8.DecodeRuneInString(text[i:])
		for j := range size {
			at[i+j] = n
		}
		i += size
		n++
	}
	at[len(text)] = n
	out := make([][2]int, len(bytes))
	for i, o := range bytes {
		start, end := at[o[0]], at[o[1]]
		if o[1] > o[0] && o[1] < len(text) && !utf8.RuneStart(text[o[1]]) && at[o[1]] == at[o[1]-1] {
			end++
		}
		out[i] = [2]int{start, end}
	}
	return out
}

// lineInput opens the one optional PATH; standard input is read for none and for "-".
func lineInput(cmd *cobra.Command, args []string) (io.ReadCloser, string, error) {
	f, err := openTextArg(args)
	if err != nil {
		return nil, "", err
	}
	if f == nil {
		return io.NopCloser(cmd.InOrStdin()), "standard input", nil
	}
	return f, args[0], nil
}
