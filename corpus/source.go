package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"

	"github.com/go-cloze/cloze/corpus/neardup"
)

// Source reads the documents of many files in order. It is a Reader. It serves one goroutine; only Progress may be called
// from another.
type Source struct {
	opt    Options
	files  []File
	total  int64     // bytes of the files whose size is known
	given  io.Reader // of Options.Read
	at     int       // files[:at] have been opened
	packed string    // compression of the open file
	cur    format    // nil when no file is open
	in     stream
	scan   scanner
	report Report
	doc    Document // here and not in Next, where it would be allocated for each call
	clear  []byte   // holds a text that had to be repaired
	out    []byte   // holds a text that is not a piece of the file as it is
	err    error    // final; sticky

	excluded []*Source      // the texts of Options.Exclude, until they are read
	repeats  *neardup.Index // the same, once they are; nil without
}

// format takes the records of the open file from the scanner and makes documents of them.
type format interface {
	// next fills d; io.EOF at the end of the file. Any other error is an *Error, after which next may be called again
	// unless that has endsFile.
	next(d *Document) error
}

// newSource has options but no files yet.
func newSource(o Options) *Source {
	s := &Source{opt: o}
	s.scan.max = int(o.MaxDocumentBytes)
	s.scan.bareCR = o.BareCR
	return s
}

// Files lists what is read, in order. The caller must not change it.
func (s *Source) Files() []File { return s.files }

// Progress returns how many bytes of the files have been read from disk and how many there are; total is 0 when no size is
// known. It may be called from any goroutine.
func (s *Source) Progress() (done, total int64) { return s.in.count.total.Load(), s.total }

// Report counts what has happened so far.
func (s *Source) Report() Report {
	r := s.report
	r.FileBytes = s.in.count.total.Load()
	r.PerFile = append([]FileReport(nil), r.PerFile...)
	if n := len(r.PerFile); n > 0 && s.cur != nil {
		s.finish(&r, &r.PerFile[n-1])
	}
	return r
}

// Close closes the open file. Next must not be called after it.
func (s *Source) Close() error {
	s.endFile()
	s.err = errors.New("the corpus source is closed")
	if s.in.zst != nil {
		s.in.zst.Close()
		s.in.zst = nil
	}
	return s.in.close()
}

// All yields the documents; Document.Text is good for one step. An error is the last thing yielded, and a loop that is
// left early can be taken up again. It does not close the Source.
func (s *Source) All() iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		for {
			d, err := s.Next()
			if err == io.EOF || !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// Next returns the next document, io.EOF after the last, or an *Error for input that the policy does not pass; after an
// error it returns the same again. The text is overwritten by the next call.
func (s *Source) Next() (Document, error) {
	// Not all formats set these, and a corpus may mix formats.
	s.doc.ID, s.doc.Meta = "", nil
	if len(s.excluded) > 0 {
		s.readExcluded()
	}
	for s.err == nil {
		var err error
		if s.cur == nil {
			err = s.openNext()
		} else if err = s.cur.next(&s.doc); err == nil {
			if s.repeats != nil && s.leaveOut() {
				continue
			}
			s.report.Documents++
			s.report.TextBytes += int64(len(s.doc.Text))
			s.doc.Source.File = s.files[s.at-1].Path
			return s.doc, nil
		} else if err == io.EOF {
			s.endFile()
			continue
		}
		if err != nil {
			s.err = s.judge(err)
		}
	}
	return Document{}, s.err
}

// judge applies the policy to an error: nil when it is counted and passed.
func (s *Source) judge(err error) error {
	e, ok := err.(*Error)
	if !ok {
		return err
	}
	// The file is closed whether or not the reading goes on, so that its counts are complete.
	if e.endsFile && s.cur != nil {
		s.endFile()
	}
	if s.opt.Policy == Strict || s.opt.Policy == Stop && e.Reason.damage() {
		return e
	}
	s.report.Counts[e.Reason]++
	if e.Reason.damage() && len(s.report.Notes) < maxNotes {
		s.report.Notes = append(s.report.Notes, e.Error())
	}
	return nil
}

// passes counts what is untidy and returns true, or false when the policy is strict: the quick way round judge.
func (s *Source) passes(r Reason) bool {
	if s.opt.Policy == Strict {
		return false
	}
	s.report.Counts[r]++
	return true
}

// fault makes an *Error about the open file. The remedy belongs to the text of err.
func (s *Source) fault(reason Reason, record, offset int64, err error) *Error {
	return &Error{File: s.files[s.at-1].Path, Record: record, Offset: offset, Reason: reason, Err: err}
}

// fileFault is a fault after which the file is over.
func (s *Source) fileFault(reason Reason, record int64, err error) *Error {
	e := s.fault(reason, record, s.scan.offset, err)
	e.endsFile = true
	return e
}

// endFile books the file that was read.
func (s *Source) endFile() {
	if s.cur == nil {
		return
	}
	s.finish(&s.report, &s.report.PerFile[len(s.report.PerFile)-1])
	s.cur = nil
	s.in.close()
}

// finish completes the entry of the open file, which holds the totals as they were before it.
func (s *Source) finish(r *Report, f *FileReport) {
	f.Bytes = s.scan.offset + int64(len(s.scan.held()))
	r.Bytes += f.Bytes
	f.Records, f.Documents = r.Records-f.Records, r.Documents-f.Documents
}

// openNext opens the next file and looks at its start; io.EOF when there is none left.
func (s *Source) openNext() error {
	if s.at == len(s.files) {
		return io.EOF
	}
	f := s.files[s.at]
	s.at++
	r, packed, err := s.in.open(f, s.given)
	s.packed = packed
	s.scan.reset(r)
	if err != nil && packed == "" {
		return unreadable(f.Path, err)
	}
	if err != nil {
		return s.fileFault(TruncatedStream, 0, streamCause(err, packed))
	}
	if err := s.start(f); err != nil {
		return err
	}
	s.report.Files++
	s.report.PerFile = append(s.report.PerFile, FileReport{Path: f.Path, Records: s.report.Records, Documents: s.report.Documents})
	return nil
}

// start decides by the first bytes what the file is, and sets s.cur.
func (s *Source) start(f File) error {
	for len(s.scan.held()) < sniffBytes {
		if f.Bytes < 0 && bytes.IndexByte(s.scan.held(), '\n') >= 0 {
			break // whoever writes lines into a pipe may wait for an answer before the next
		}
		if err := s.scan.fill(); err == io.EOF {
			break
		} else if err != nil { // the part that could be read is still looked at; reading on meets the error again
			if len(s.scan.held()) == 0 {
				return s.fileFault(TruncatedStream, 0, streamCause(err, s.packed))
			}
			break
		}
	}
	head := s.scan.held()
	if err := s.checkName(f, len(head) == 0); err != nil {
		return err
	}
	if begins := bytes.HasPrefix(head, []byte(parquetMagic)); f.Format == FormatParquet || begins && bytes.IndexByte(head[:min(len(head), 16)], 0x15) > 0 {
		if !begins {
			return s.fileFault(WrongKind, 0, errors.New("no Parquet file, although it is named or asked for as one; read it with the format that it has"))
		}
		cur, err := newParquet(s, f)
		s.cur = cur
		return err
	}
	if err := wrongKind(head); err != nil {
		return s.fileFault(WrongKind, 0, err)
	}
	// The mark is consumed and not copied away, so offsets go on counting it.
	if bytes.HasPrefix(head, utf8BOM) {
		s.scan.drop(len(utf8BOM), 0)
	}
	return s.choose(f, s.scan.held())
}

// checkName compares the compression found with the one in the file's name.
func (s *Source) checkName(f File, empty bool) error {
	_, named := bareName(f.Path)
	if empty && s.packed == "" {
		if named != "" {
			return s.fileFault(TruncatedStream, 0, errors.New("an empty file is no compressed stream; fetch it again"))
		}
		s.report.Counts[EmptyFile]++
	}
	if named == ".zstd" {
		named = ".zst"
	}
	if named == s.packed || f.Bytes < 0 || empty {
		return nil // what comes through a pipe has no ending to be wrong
	}
	if !s.passes(Misnamed) {
		what := map[string]string{"": "plain text", ".gz": "gzip data", ".zst": "zstd data"}[s.packed]
		bare, _ := bareName(f.Path)
		return s.fileFault(Misnamed, 0, fmt.Errorf("%s under another name; rename it to %s", what, filepath.Base(bare)+s.packed))
	}
	return nil
}

// choose makes the format's reader.
func (s *Source) choose(f File, head []byte) error {
	name := f.Format
	if name == "" {
		name = FormatText
		if looksJSONL(head) {
			name = FormatJSONL
		}
	}
	switch name {
	case FormatJSONL:
		s.cur = newJSONL(s)
	case FormatCSV:
		s.cur = newCSV(s, ',')
	case FormatTSV:
		s.cur = newCSV(s, '\t')
	case FormatMarkdown:
		s.cur = newMarkdown(s)
	case FormatSource:
		lang := languageOf(f.Path)
		if lang == nil {
			return s.fileFault(WrongKind, 0, errors.New("a source file of a language that is not known by its ending; read it with format txt"))
		}
		s.cur = newComments(s, lang)
	default:
		s.cur = newText(s)
	}
	return nil
}
