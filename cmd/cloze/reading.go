package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/corpus/neardup"
)

// corpusSection is the section corpus of a configuration: how the texts at PATH... are read.
type corpusSection struct {
	corpus.Options
	// Policy says what damaged and untidy input does: stop, lenient, strict.
	Policy string `yaml:"policy"`
}

func defaultCorpus() corpusSection {
	return corpusSection{Options: corpus.Options{TextField: "text", ExcludeThreshold: neardup.DefaultThreshold}, Policy: corpus.Stop.String()}
}

// resolve lays the flags over the keys and makes the two spellings of the policy one.
func (s *corpusSection) resolve(flags *readingFlags) error {
	policies := map[string]corpus.Policy{}
	var names []string
	for _, p := range []corpus.Policy{corpus.Stop, corpus.Lenient, corpus.Strict} {
		policies[p.String()] = p
		names = append(names, p.String())
	}
	p, ok := policies[s.Policy]
	if !ok {
		return fmt.Errorf("corpus.policy: unknown %q; %s", s.Policy, config.Suggest(s.Policy, names))
	}
	s.Options.Policy = p
	if err := flags.apply(&s.Options); err != nil {
		return err
	}
	s.Policy = s.Options.Policy.String()
	return nil
}

// listFiles says what will be read: the first files, and how many there are.
func listFiles(w io.Writer, quiet bool, files []corpus.File) {
	if quiet {
		return
	}
	const shown = 5
	var known int64
	unknown := 0
	for _, f := range files {
		if f.Bytes < 0 {
			unknown++
		} else {
			known += f.Bytes
		}
	}
	fmt.Fprintf(w, "reads %s files, %s", count(len(files)), byteSize(known))
	if unknown > 0 {
		fmt.Fprintf(w, " and %d of unknown size", unknown)
	}
	fmt.Fprintln(w)
	for i, f := range files {
		if i == shown && len(files) > shown+1 {
			fmt.Fprintf(w, "  ... and %s more\n", count(len(files)-shown))
			break
		}
		format := f.Format
		if format == "" {
			format = "by content"
		}
		size := "unknown size"
		if f.Bytes >= 0 {
			size = byteSize(f.Bytes)
		}
		fmt.Fprintf(w, "  %s (%s, %s)\n", f.Path, format, size)
	}
}

// open lists the files at the paths; "-" is the given standard input, alone.
func (s corpusSection) open(stdin io.Reader, paths []string) (*corpus.Source, error) {
	for _, path := range paths {
		if path != "-" {
			continue
		}
		if len(paths) > 1 {
			return nil, fmt.Errorf("- (standard input) stands among %d paths; give it alone", len(paths))
		}
		return s.Options.Read("standard input", stdin)
	}
	return s.Options.Open(paths...)
}

// indent puts two blanks before each line.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ")
}

// readProgress shows how much of a source's files has been read; call the returned function now and then.
func readProgress(p *progress, src *corpus.Source) func(note string) {
	return func(note string) {
		done, _ := src.Progress()
		p.set(done, note)
	}
}
