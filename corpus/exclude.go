package corpus

import (
	"fmt"
	"os"
	"strings"

	"github.com/go-cloze/cloze/corpus/neardup"
)

// ExcludedFiles lists the files of Options.Exclude, in order, once for each time that one is named.
func (o Options) ExcludedFiles() (files []File, err error) {
	sources, err := o.excluded()
	for _, s := range sources {
		files = append(files, s.files...)
	}
	return files, err
}

// excluded opens a Source for each entry of Exclude; none has a file open yet.
func (o Options) excluded() (sources []*Source, err error) {
	for _, entry := range o.Exclude {
		path, field := cutField(entry)
		if field == "" {
			field = o.TextField
		}
		if path == "-" {
			return nil, fmt.Errorf("exclude: - is standard input, which holds the texts to read; name a file")
		}
		s, err := Options{TextField: field, NoQuote: o.NoQuote, Policy: o.Policy, MaxDocumentBytes: o.MaxDocumentBytes}.Open(path)
		if err != nil {
			return nil, fmt.Errorf("exclude: %w", err)
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// cutField takes PATH#FIELD apart; a # in the name of a file that exists is none.
func cutField(entry string) (path, field string) {
	at := strings.LastIndexByte(entry, '#')
	if _, err := os.Stat(entry); at < 0 || err == nil {
		return entry, ""
	}
	return entry[:at], entry[at+1:]
}

// readExcluded reads the texts that are not to be read. An error is the Source's own.
func (s *Source) readExcluded() {
	sources := s.excluded
	s.excluded = nil
	var texts []string
	for i, from := range sources {
		for d, err := range from.All() {
			if err != nil {
				s.err = fmt.Errorf("exclude: %w", err)
				return
			}
			texts = append(texts, string(d.Text))
		}
		r := from.Report()
		if err := r.CheckDocuments(); err != nil {
			s.err = fmt.Errorf("exclude %s: %w", s.opt.Exclude[i], err)
			return
		}
		if skipped := r.damaged(); skipped > 0 {
			s.report.Notes = append(s.report.Notes, fmt.Sprintf("%s damaged records or files of %s, whose texts are not excluded", group(skipped), s.opt.Exclude[i]))
		}
		from.Close()
	}
	index, err := neardup.New(texts, s.opt.ExcludeThreshold)
	if err != nil {
		s.err = err
		return
	}
	s.report.Excluded = int64(len(texts))
	if n := index.Wordless(); n > 0 {
		s.report.Notes = append(s.report.Notes, fmt.Sprintf("%s texts to exclude have no letter or digit and match nothing", group(int64(n))))
	}
	s.repeats = index
}

// leaveOut says whether the document at hand is one that must not be read, and counts it.
func (s *Source) leaveOut() bool {
	switch s.repeats.Find(s.doc.Text) {
	case neardup.Exact:
		s.report.Counts[RepeatsExcluded]++
	case neardup.Near:
		s.report.Counts[NearExcluded]++
	default:
		return false
	}
	return true
}
