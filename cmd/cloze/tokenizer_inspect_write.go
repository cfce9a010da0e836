package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/go-cloze/cloze/tokenize"
)

// write writes the report for people.
func (r inspectReport) write(w io.Writer) error {
	out := bufio.NewWriter(w)
	p := r.Pipeline
	for _, row := range [][2]string{{"normalizer", p.Normalizer}, {"pre-tokenizer", p.PreTokenizer}, {"model", p.Model},
		{"post-processor", p.PostProcessor}, {"decoder", p.Decoder}, {"truncation", p.Truncation}, {"padding", p.Padding}} {
		fmt.Fprintf(out, "%-15s %s\n", row[0], visible(row[1]))
	}
	fmt.Fprintf(out, "%-15s %s tokens", "vocabulary", count(r.Tokens))
	if gaps := r.VocabSize - r.Tokens; gaps > 0 {
		fmt.Fprintf(out, ", %s ids up to %d without one", count(gaps), r.VocabSize-1)
	}
	fmt.Fprintln(out)
	r.writeAdded(out)
	switch {
	case r.MissingBytes == nil && r.Unknown == "":
		fmt.Fprintf(out, "%-15s no pieces for bytes: characters without a piece are dropped\n", "bytes")
	case r.MissingBytes == nil:
		fmt.Fprintf(out, "%-15s no pieces for bytes: characters without a piece become %s\n", "bytes", visible(r.Unknown))
	case len(r.MissingBytes) == 0:
		fmt.Fprintf(out, "%-15s all 256 have a piece\n", "bytes")
	default:
		fmt.Fprintf(out, "%-15s %d without a piece: %s\n", "bytes", len(r.MissingBytes), strings.Join(r.MissingBytes, " "))
	}
	fmt.Fprintf(out, "%-15s %s\n", "never reached", unreachedText(r.Unreached, r.Tokens))
	for _, note := range r.Notes {
		fmt.Fprintf(out, "%-15s %s\n", "note", visible(note))
	}
	if r.Text != nil {
		r.Text.write(out)
	}
	return out.Flush()
}

// writeAdded lists special tokens, then the others, each with the switches that are on. Runs of one kind (T5 has a
// hundred <extra_id_N>) are cut after the first few.
func (r inspectReport) writeAdded(out io.Writer) {
	const shown = 12
	for _, special := range []bool{true, false} {
		var list []tokenize.AddedToken
		for _, a := range r.Added {
			if a.Special == special {
				list = append(list, a)
			}
		}
		name := "added tokens"
		if special {
			name = "special tokens"
		}
		if len(list) == 0 {
			fmt.Fprintf(out, "%-15s none\n", name)
			continue
		}
		fmt.Fprintf(out, "%-15s %s\n", name, count(len(list)))
		for i, a := range list {
			if i == shown && len(list) > shown+1 {
				fmt.Fprintf(out, "    ... and %s more (--json lists all)\n", count(len(list)-shown))
				break
			}
			line := fmt.Sprintf("    %d %s", a.ID, visible(a.Content))
			for _, s := range []struct {
				name string
				on   bool
			}{{"single_word", a.SingleWord}, {"lstrip", a.LStrip}, {"rstrip", a.RStrip}, {"normalized", a.Normalized}} {
				if s.on {
					line += "  " + s.name
				}
			}
			fmt.Fprintln(out, line)
		}
	}
}

// write writes what became of the text.
func (r *textReport) write(out io.Writer) {
	fmt.Fprintf(out, "\n%s\n", r.Corpus)
	fmt.Fprintf(out, "%-20s %14s %14s %14s %14s %9s %9s\n", "script", "words", "bytes", "tokens", "unknown", "tok/word", "tok/byte")
	for _, row := range append(r.Scripts, r.Total) {
		perWord := "-"
		if row.TokensPerWord > 0 {
			perWord = fmt.Sprintf("%.3f", row.TokensPerWord)
		}
		fmt.Fprintf(out, "%-20s %14s %14s %14s %14s %9s %9.3f\n", row.Script, count(row.Words), count(row.Bytes), count(row.Tokens), count(row.Unknown), perWord, row.TokensPerByte)
	}
	fmt.Fprintf(out, "\n%-15s %s of %s pieces (%s)\n", "unused", count(r.Unused), count(r.Pieces), share(r.Unused, r.Pieces))
	fmt.Fprintf(out, "%-15s %s (%s)\n", "unknown tokens", count(r.Total.Unknown), share(r.Total.Unknown, r.Total.Tokens))
	fmt.Fprintf(out, "%-15s %s\n", "dropped bytes", count(r.Dropped))
	if r.Cuts > 0 {
		fmt.Fprintf(out, "%-15s %s inside documents above %s\n", "cuts", count(r.Cuts), byteSize(partBytes))
	}
}
