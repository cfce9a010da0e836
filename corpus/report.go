package corpus

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Reason names a counter of the Report: why something did not become a document, or what was changed in it.
type Reason uint8

// Reasons for which a record gives no document.
const (
	BlankLine       Reason = iota // a line of white space only; harmless under every policy
	MissingField                  // the record has no text field
	NullField                     // the text field is null
	EmptyText                     // the text is empty or white space only
	RepeatsExcluded               // the text is one of Options.Exclude but for its spelling
	NearExcluded                  // the text is nearly one of Options.Exclude
	BrokenRecord                  // the record does not parse; damage
	TooLong                       // the record is longer than MaxDocumentBytes; damage
	TruncatedStream               // the compressed stream is cut or damaged, or reading failed; damage

	// Reasons for which a file gives no document.

	EmptyFile      // a file without a byte
	NoComments     // a source file without a comment
	MissingColumn  // a csv or tsv file without a column that was asked for; damage
	WrongKind      // binary data, or a kind of file that is not read; damage
	UnreadableFile // it cannot be opened; damage
	UnknownEnding  // a file in a folder whose ending is not known
	HiddenFile     // a file or folder in a folder whose name starts with a dot
	NotRegular     // a link to a folder, a device, a socket in a folder
	NamedTwice     // a file that an earlier path had already named

	// Reasons for which a text was changed or a liberty taken.

	BadUTF8Bytes  // bytes that are not UTF-8, replaced by U+FFFD
	BadUTF8Lines  // the lines that held them
	LoneSurrogate // JSON escapes of half a surrogate pair, replaced by U+FFFD
	NULByte       // NUL bytes left in the text
	Misnamed      // compressed files whose ending does not say so

	numReasons
)

// reasonNames holds, per reason: the key in JSON, the label in String.
var reasonNames = [numReasons][2]string{
	BlankLine:       {"blank_lines", "blank lines"},
	MissingField:    {"missing_field", "records without the text field"},
	NullField:       {"null_field", "records whose text is null"},
	EmptyText:       {"empty_text", "records whose text is empty"},
	RepeatsExcluded: {"repeats_of_excluded", "documents left out, equal to an excluded text after normalisation"},
	NearExcluded:    {"near_duplicates_of_excluded", "documents left out, near duplicates of an excluded text"},
	BrokenRecord:    {"broken_records", "broken records skipped"},
	TooLong:         {"too_long", "records over the length bound skipped"},
	TruncatedStream: {"truncated_streams", "truncated or damaged streams skipped"},
	EmptyFile:       {"empty_files", "empty files"},
	NoComments:      {"files_without_comments", "source files without a comment"},
	MissingColumn:   {"files_without_column", "files without the column skipped"},
	WrongKind:       {"wrong_kind_files", "files of a wrong kind skipped"},
	UnreadableFile:  {"unreadable_files", "unreadable files skipped"},
	UnknownEnding:   {"unknown_endings", "files of unknown ending passed over"},
	HiddenFile:      {"hidden_files", "hidden files and folders passed over"},
	NotRegular:      {"not_regular_files", "links to folders and special files passed over"},
	NamedTwice:      {"named_twice", "files named twice, read once"},
	BadUTF8Bytes:    {"bad_utf8_bytes", "bytes not UTF-8, replaced by U+FFFD"},
	BadUTF8Lines:    {"bad_utf8_lines", "lines with such bytes"},
	LoneSurrogate:   {"lone_surrogates", "half surrogate pairs, replaced by U+FFFD"},
	NULByte:         {"nul_bytes", "NUL bytes kept in texts"},
	Misnamed:        {"misnamed_compression", "compressed files named as if they were not"},
}

// String gives the reason's label.
func (r Reason) String() string { return reasonNames[min(r, numReasons-1)][1] }

// damage reports whether Stop stops at it.
func (r Reason) damage() bool {
	switch r {
	case BrokenRecord, TooLong, TruncatedStream, MissingColumn, WrongKind, UnreadableFile:
		return true
	}
	return false
}

// maxNotes bounds the messages kept of what was skipped; the counters are complete.
const maxNotes = 20

// FileReport counts one file.
type FileReport struct {
	Path      string `json:"path"`
	Records   int64  `json:"records"`
	Documents int64  `json:"documents"`
	Bytes     int64  `json:"bytes"` // decompressed
}

// Report counts what was read, kept, skipped and changed so far.
type Report struct {
	Files     int64 // opened
	FileBytes int64 // bytes read from disk, before decompression
	Bytes     int64 // bytes of the decompressed files
	Records   int64 // lines, rows, paragraphs or files looked at; blank lines count with BlankLine only
	Documents int64 // returned by Next
	TextBytes int64 // in those documents
	Excluded  int64 // texts of Options.Exclude, once they are read
	Counts    [numReasons]int64
	// Notes are the messages of the first things skipped as damaged.
	Notes []string
	// PerFile has an entry for each file opened, in order.
	PerFile []FileReport

	fields []string // of the first jsonl record that lacked the text field
}

// Add counts what another report counted too; notes beyond the first are left out as they always are.
func (r *Report) Add(o Report) {
	r.Files, r.FileBytes, r.Bytes = r.Files+o.Files, r.FileBytes+o.FileBytes, r.Bytes+o.Bytes
	r.Records, r.Documents, r.TextBytes = r.Records+o.Records, r.Documents+o.Documents, r.TextBytes+o.TextBytes
	r.Excluded = max(r.Excluded, o.Excluded) // the corpora of a run have one list
	for i, n := range o.Counts {
		r.Counts[i] += n
	}
	r.Notes = append(r.Notes, o.Notes[:min(len(o.Notes), maxNotes-len(r.Notes))]...)
	r.PerFile = append(r.PerFile, o.PerFile...)
}

// Count gives the counter of one reason.
func (r Report) Count(reason Reason) int64 {
	if reason >= numReasons {
		return 0
	}
	return r.Counts[reason]
}

// damaged is how many records and files were skipped as damaged.
func (r Report) damaged() (n int64) {
	for i, c := range r.Counts {
		if Reason(i).damage() {
			n += c
		}
	}
	return n
}

// CheckDocuments returns nil when there was at least one document, otherwise one line that says what was read and what
// became of it: the error to give when the input proves empty.
func (r Report) CheckDocuments() error {
	if r.Documents > 0 {
		return nil
	}
	where := "the input"
	if len(r.PerFile) > 0 {
		where = r.PerFile[0].Path
		if n := len(r.PerFile) - 1; n > 0 {
			where = fmt.Sprintf("%s and %d more", where, n)
		}
	}
	var why []string
	for i, n := range r.Counts {
		if n > 0 {
			why = append(why, fmt.Sprintf("%d %s", n, Reason(i)))
		}
	}
	if len(r.fields) > 0 { // a wrong name for the field is the usual cause
		why = append(why, fmt.Sprintf("the first such record has the fields %q", r.fields))
	}
	if len(why) == 0 {
		why = append(why, "nothing in it")
	}
	return fmt.Errorf("%s: no document in %d bytes read (%s); name a file with text in it", where, r.Bytes, strings.Join(why, ", "))
}

// String gives aligned lines, one a counter; counters that are zero are left out.
func (r Report) String() string {
	rows := [][2]string{
		{"files read", group(r.Files)},
		{"bytes on disk", group(r.FileBytes)},
		{"bytes of text files", group(r.Bytes)},
		{"records", group(r.Records)},
		{"documents", group(r.Documents)},
		{"bytes of documents", group(r.TextBytes)},
	}
	if r.Excluded > 0 {
		rows = append(rows, [2]string{"texts to exclude", group(r.Excluded)})
	}
	for i, n := range r.Counts {
		if n > 0 && Reason(i) != BadUTF8Bytes && Reason(i) != BadUTF8Lines {
			rows = append(rows, [2]string{Reason(i).String(), group(n)})
		}
	}
	width, digits := 0, 0
	for _, row := range rows {
		width, digits = max(width, len(row[0])), max(digits, len(row[1]))
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%-*s  %*s\n", width, row[0], digits, row[1])
	}
	if n := r.Counts[BadUTF8Bytes]; n > 0 {
		lines := r.Counts[BadUTF8Lines]
		fmt.Fprintf(&b, "not UTF-8, replaced by U+FFFD: %s in %s\n", plural(n, "bad byte"), plural(lines, "line"))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "skipped: %s\n", note)
	}
	return b.String()
}

// MarshalJSON gives an object of named counters; the reasons that did not occur are left out.
func (r Report) MarshalJSON() ([]byte, error) {
	counts := map[string]int64{}
	for i, n := range r.Counts {
		if n > 0 {
			counts[reasonNames[i][0]] = n
		}
	}
	return json.Marshal(struct {
		Files     int64            `json:"files"`
		FileBytes int64            `json:"file_bytes"`
		Bytes     int64            `json:"bytes"`
		Records   int64            `json:"records"`
		Documents int64            `json:"documents"`
		TextBytes int64            `json:"text_bytes"`
		Excluded  int64            `json:"texts_to_exclude,omitempty"`
		Counts    map[string]int64 `json:"counts"`
		Notes     []string         `json:"notes,omitempty"`
		PerFile   []FileReport     `json:"per_file"`
	}{r.Files, r.FileBytes, r.Bytes, r.Records, r.Documents, r.TextBytes, r.Excluded, counts, r.Notes, r.PerFile})
}

// group writes n with commas between thousands.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes "1 line", "2 lines".
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return group(n) + " " + noun + "s"
}
