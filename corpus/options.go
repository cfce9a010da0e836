package corpus

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/corpus/neardup"
)

// Policy says what happens when the input is not as it should be. Whatever it says, everything skipped or changed is
// counted in the Report by Reason.
type Policy uint8

const (
	// Stop is the default. Damage (a record that does not parse, a cut stream, a binary file) ends the run with an *Error;
	// what is merely untidy is counted and passed: records without text are skipped, bytes that are not UTF-8 become
	// U+FFFD.
	Stop Policy = iota
	// Lenient also skips what is damaged: the broken record, the rest of a cut stream, the binary file.
	Lenient
	// Strict also stops at what is untidy.
	Strict
)

// String gives the policy's name.
func (p Policy) String() string { return [...]string{"stop", "lenient", "strict"}[min(p, 2)] }

// The formats of Options.Format.
const (
	FormatText     = "txt"
	FormatJSONL    = "jsonl"
	FormatCSV      = "csv"
	FormatTSV      = "tsv"
	FormatMarkdown = "md"
	FormatSource   = "source"
	FormatParquet  = "parquet"
)

// The units of Options.Unit.
const (
	UnitLine      = "line"
	UnitParagraph = "paragraph"
	UnitFile      = "file"
)

// DefaultMaxDocumentBytes is the bound on a record when Options.MaxDocumentBytes is 0.
const DefaultMaxDocumentBytes = 256 << 20

// Options says how files are read. The zero value is good: formats by file ending and content, texts from the field
// "text", policy Stop.
type Options struct {
	// Format of all files: txt, jsonl, csv, tsv, md, source or parquet. Parquet is told by content too. Empty: by each file's ending, and where that is unknown or
	// missing (standard input) jsonl when the first line is a JSON object, else txt.
	Format string `json:"format,omitempty"`
	// Unit is what makes a document of txt, md and source: line, paragraph (blank lines separate; for source: a comment
	// block) or file. Empty: line for txt, file for md and source. Records of jsonl, csv, tsv and parquet are always a document each.
	Unit string `json:"unit,omitempty"`
	// TextField is the field or column that holds the text; empty means "text".
	TextField string `json:"text_field,omitempty"`
	// IDField is the field or column for Document.ID; empty means none.
	IDField string `json:"id_field,omitempty"`
	// MetaFields are further fields or columns, for Document.Meta. A field that is not named never matters.
	MetaFields []string `json:"meta_fields,omitempty"`
	// Policy for damaged and untidy input.
	Policy Policy `json:"-"`
	// NoQuote reads csv and tsv without quoting: a line is a row, and " is a letter like others.
	NoQuote bool `json:"no_quote,omitempty"`
	// BareCR lets a lone CR end a line too, as in texts of the classic Mac OS. LF and CRLF always do; nothing else does.
	BareCR bool `json:"bare_cr,omitempty"`
	// Include keeps, of the files found in folders, those whose name matches one of these patterns (path.Match: "*.go");
	// they then need no known ending. Empty: all files of a known ending.
	Include []string `json:"include,omitempty"`
	// Exclude names files of texts that must not be read: a document that repeats or nearly repeats one of them is left out and counted. Each is a path as
	// Open takes it, read with TextField and Policy, or PATH#FIELD where the text has another name there. See package neardup.
	Exclude []string `json:"exclude,omitempty"`
	// ExcludeThreshold is the Jaccard similarity, of sets of 5 characters, from which a document nearly repeats a text; 0 means 0.8.
	ExcludeThreshold float64 `json:"exclude_threshold,omitempty"`
	// KeepEmpty makes a document of each record, also where its text is missing or blank: Text is then empty or blank. Of
	// txt by lines it keeps blank lines. For those who answer each record, not for training on texts.
	KeepEmpty bool `json:"-"`
	// MaxDocumentBytes bounds one record (line, row, paragraph; the whole file where that is the unit) and so the memory
	// used; 0 means DefaultMaxDocumentBytes.
	MaxDocumentBytes int64 `json:"max_document_bytes,omitempty"`
}

// Validate returns nil or an error that names the first wrong field and what it may be.
func (o Options) Validate() error {
	formats := []string{"", FormatText, FormatJSONL, FormatCSV, FormatTSV, FormatMarkdown, FormatSource, FormatParquet}
	if !slices.Contains(formats, o.Format) {
		return fmt.Errorf("unknown corpus format %q; known are %s", o.Format, strings.Join(formats[1:], ", "))
	}
	units := []string{"", UnitLine, UnitParagraph, UnitFile}
	if !slices.Contains(units, o.Unit) {
		return fmt.Errorf("unknown corpus unit %q; known are %s", o.Unit, strings.Join(units[1:], ", "))
	}
	if o.Policy > Strict {
		return fmt.Errorf("unknown corpus policy %d; known are Stop, Lenient, Strict", o.Policy)
	}
	if o.ExcludeThreshold != 0 {
		if err := neardup.CheckThreshold(o.ExcludeThreshold); err != nil {
			return fmt.Errorf("exclude_threshold: %w", err)
		}
	}
	if o.MaxDocumentBytes < 0 || o.MaxDocumentBytes > 1<<40 {
		return fmt.Errorf("max_document_bytes is %d; it must be between 0 (the default, %d) and %d",
			o.MaxDocumentBytes, DefaultMaxDocumentBytes, int64(1)<<40)
	}
	return nil
}

// resolved fills the defaults in.
func (o Options) resolved() Options {
	if o.TextField == "" {
		o.TextField = "text"
	}
	if o.MaxDocumentBytes == 0 {
		o.MaxDocumentBytes = DefaultMaxDocumentBytes
	}
	return o
}

// Open reads path (a file, a folder, a glob, "-" for standard input) with the default options.
func Open(path string) (*Source, error) { return Options{}.Open(path) }

// Open lists what the paths name, in the order given, and returns a Source that reads it all. Files are opened one at a
// time as reading gets to them, but a path that is missing, unreadable or without any file to read is an error at once.
// See the package documentation for the rules. The caller closes the Source.
func (o Options) Open(paths ...string) (*Source, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.resolved()
	s := newSource(o)
	err := s.list(paths)
	if err == nil {
		s.excluded, err = o.excluded()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Read returns a Source over one stream; name stands for the file's path in positions and, by its ending, helps to find
// the format. The stream is not closed by Close.
func (o Options) Read(name string, r io.Reader) (*Source, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.resolved()
	s := newSource(o)
	s.files = []File{{Path: name, Bytes: -1, Format: s.formatOf(name)}}
	s.given = r
	var err error
	if s.excluded, err = o.excluded(); err != nil {
		return nil, err
	}
	return s, nil
}
