package corpus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// stdinName is the file name in positions of documents from "-".
const stdinName = "standard input"

// File is one file that a Source will read.
type File struct {
	Path string `json:"path"`
	// Bytes is its size on disk, -1 where that is not known (a pipe, standard input).
	Bytes int64 `json:"bytes"`
	// Format it will be read as; empty means that its content will tell.
	Format string `json:"format,omitempty"`
}

// endings says what a file is by its ending, after .gz, .zst or .zstd is taken off. Those of source files are in
// languages.
var endings = map[string]string{
	".txt": FormatText, ".text": FormatText,
	".jsonl": FormatJSONL, ".ndjson": FormatJSONL,
	".csv": FormatCSV, ".tsv": FormatTSV,
	".md": FormatMarkdown, ".markdown": FormatMarkdown,
	".parquet": FormatParquet,
}

// bareName takes the ending of a compression off and returns it.
func bareName(name string) (bare, packed string) {
	for _, ending := range []string{".gz", ".zst", ".zstd"} {
		if len(name) > len(ending) && strings.EqualFold(name[len(name)-len(ending):], ending) {
			return name[:len(name)-len(ending)], ending
		}
	}
	return name, ""
}

// endingFormat is the format that a file's name tells, or empty.
func endingFormat(name string) string {
	bare, _ := bareName(filepath.Base(name))
	if format, ok := endings[strings.ToLower(filepath.Ext(bare))]; ok {
		return format
	}
	if languageOf(bare) != nil {
		return FormatSource
	}
	return ""
}

// formatOf is the format to read a file as; empty means by content.
func (s *Source) formatOf(name string) string {
	if s.opt.Format != "" {
		return s.opt.Format
	}
	if bare, _ := bareName(name); strings.EqualFold(filepath.Ext(bare), ".json") {
		return FormatJSONL // not among the endings: in folders these are mostly settings
	}
	return endingFormat(name)
}

// list fills s.files from the paths of the user.
func (s *Source) list(paths []string) error {
	if len(paths) == 0 {
		return errors.New("no input named; give files, folders, globs, or - for standard input")
	}
	seen := map[string]bool{}
	for _, p := range paths {
		if err := s.listPath(p, seen); err != nil {
			return err
		}
	}
	for _, f := range s.files {
		s.total += max(0, f.Bytes)
	}
	return nil
}

// listPath adds what one argument names.
func (s *Source) listPath(p string, seen map[string]bool) error {
	if p == "-" {
		s.add(File{Path: stdinName, Bytes: -1, Format: s.opt.Format}, seen)
		return nil
	}
	if p == "" {
		return errors.New("an empty path among the inputs; use . for the current folder")
	}
	// A file whose name holds * or [ is read as itself; only what does not exist is tried as a pattern.
	info, err := os.Stat(p)
	if errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(p, "*?[") {
		return s.listGlob(p, seen)
	}
	if err != nil {
		return unreadable(p, err)
	}
	if info.IsDir() {
		return s.listFolder(p, seen)
	}
	return s.listFile(p, info, seen)
}

// openCause words a failure to open a file or folder.
func openCause(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("no such file or folder; check the path")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("no permission to read it; check its owner and mode")
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return fmt.Errorf("cannot be opened: %w; check the path", err)
}

// unreadable is the fault of a file or folder that cannot be opened.
func unreadable(p string, err error) *Error {
	return &Error{File: p, Reason: UnreadableFile, Err: openCause(err), endsFile: true}
}

// listFile adds a file named by the user, who learns at once if it cannot be opened. A pipe is not tried: opening it
// would take its data.
func (s *Source) listFile(p string, info fs.FileInfo, seen map[string]bool) error {
	size := int64(-1)
	if info.Mode().IsRegular() {
		size = info.Size()
		f, err := os.Open(p)
		if err != nil {
			return s.judge(unreadable(p, err))
		}
		f.Close()
	}
	s.add(File{Path: p, Bytes: size, Format: s.formatOf(p)}, seen)
	return nil
}

// listGlob adds what a pattern matches; folders among it are walked.
func (s *Source) listGlob(pattern string, seen map[string]bool) error {
	if strings.Contains(pattern, "**") {
		return fmt.Errorf("%s: ** is not a pattern here; name the folder itself, it is read with all its sub-folders", pattern)
	}
	matches, err := filepath.Glob(pattern)
	if err != nil {
		return fmt.Errorf("%s: not a pattern: %w", pattern, err)
	}
	hiddenToo := strings.HasPrefix(filepath.Base(pattern), ".")
	slices.Sort(matches)
	found := 0
	for _, p := range matches {
		if hidden(p) && !hiddenToo {
			s.report.Counts[HiddenFile]++
			continue
		}
		if err := s.listPath(p, seen); err != nil {
			return err
		}
		found++
	}
	if found == 0 {
		return fmt.Errorf("%s: no file matches this pattern; check it, or quote it less", pattern)
	}
	return nil
}

// hidden reports whether a name starts with a dot, as . and .. do not for this purpose.
func hidden(p string) bool {
	name := filepath.Base(p)
	return strings.HasPrefix(name, ".") && name != "." && name != ".."
}

// listFolder adds the files below a folder, sorted by path.
func (s *Source) listFolder(root string, seen map[string]bool) error {
	before, passed := s.report.Counts, len(s.files)
	var found []File
	if err := s.walk(root, &found); err != nil {
		return err
	}
	// Sorted whole and not folder by folder, so that the order is that of the paths as printed.
	slices.SortFunc(found, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	for _, f := range found {
		s.add(f, seen)
	}
	if len(s.files) == passed && s.report.Counts[NamedTwice] == before[NamedTwice] {
		other := s.report.Counts[UnknownEnding] - before[UnknownEnding]
		return fmt.Errorf("%s: no file to read in this folder (%s passed over); read are %s, each also with .gz or .zst, and source files; name other files one by one",
			root, plural(other, "file")+" of another ending", ".txt .jsonl .csv .tsv .md")
	}
	return nil
}

// walk collects the files of one folder and of those below it.
func (s *Source) walk(folder string, found *[]File) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return s.judge(unreadable(folder, err))
	}
	for _, entry := range entries {
		p := filepath.Join(folder, entry.Name())
		switch {
		case hidden(p):
			s.report.Counts[HiddenFile]++
			continue
		case entry.IsDir():
			if err := s.walk(p, found); err != nil {
				return err
			}
			continue
		case !s.wanted(entry.Name()):
			s.report.Counts[UnknownEnding]++
			continue
		}
		info, err := os.Stat(p) // follows links: caches of other tools hold files as links
		if err != nil || !info.Mode().IsRegular() {
			s.report.Counts[NotRegular]++
			continue
		}
		*found = append(*found, File{Path: p, Bytes: info.Size(), Format: s.formatOf(p)})
	}
	return nil
}

// wanted says whether a file found in a folder is read: by its ending, which must fit a format that was asked for; or by
// Include alone.
func (s *Source) wanted(name string) bool {
	for _, pattern := range s.opt.Include {
		if ok, _ := path.Match(pattern, name); ok {
			return true
		}
	}
	format := endingFormat(name)
	return len(s.opt.Include) == 0 && format != "" && (s.opt.Format == "" || s.opt.Format == format)
}

// add appends a file unless an earlier path has named it.
func (s *Source) add(f File, seen map[string]bool) {
	clean := filepath.Clean(f.Path)
	if seen[clean] {
		s.report.Counts[NamedTwice]++
		return
	}
	seen[clean] = true
	s.files = append(s.files, f)
}
