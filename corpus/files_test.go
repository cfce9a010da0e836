package corpus

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func zstdFrame(s string) string {
	var b bytes.Buffer
	w, _ := zstd.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func TestZstdFramesAreReadWholeOrNamed(t *testing.T) {
	got, _, err := readString(t, Options{}, "a.txt.zst", zstdFrame("alpha\n")+zstdFrame("beta\n"))
	wantTexts(t, got, err, "alpha", "beta")
	cut := zstdFrame(strings.Repeat("alpha beta gamma\n", 9))
	for _, n := range []int{3, 6} { // in the checksum and in the block
		_, _, err = readString(t, Options{}, "a.txt.zst", cut[:len(cut)-n])
		wantError(t, err, errRecord(err), "truncated zstd stream")
	}
	damaged := []byte(cut)
	damaged[len(damaged)-2] ^= 1
	_, _, err = readString(t, Options{}, "a.txt.zst", string(damaged))
	wantError(t, err, errRecord(err), "damaged zstd stream")
}

func errRecord(err error) int64 {
	if e, ok := err.(*Error); ok {
		return e.Record
	}
	return -1
}

func TestCompressionIsFoundByContent(t *testing.T) {
	for name, content := range map[string]string{"a.txt": zipped("x\ny\n"), "b.txt": zstdFrame("x\ny\n"), "c.txt.gz": "x\ny\n", "d.txt.gz": zstdFrame("x\ny\n")} {
		got, r, err := readString(t, Options{}, name, content)
		wantTexts(t, got, err, "x", "y")
		wantCounts(t, r, map[Reason]int64{Misnamed: 1})
		_, _, err = readString(t, Options{Policy: Strict}, name, content)
		wantError(t, err, 0, "rename it to "+name[:1]+".txt")
	}
}

func TestWrongKindsAreNamedWithARemedy(t *testing.T) {
	tar := make([]byte, 512)
	copy(tar, "dir/file")
	copy(tar[257:], "ustar")
	for content, words := range map[string]string{
		"\x89PNG\r\n\x1a\n\x00\x00":                 "PNG image",
		"PK\x03\x04\x14\x00":                        "unzip",
		"BZh91AY&SY\x00":                            "bunzip2",
		"\xfd7zXZ\x00\x00":                          "unxz",
		"%PDF-1.7\n%\xe2\xe3":                       "pdftotext",
		"\xff\xfeh\x00i\x00":                        "iconv -f UTF-16",
		"\xfe\xff\x00h\x00i":                        "iconv -f UTF-16",
		"\xff\xfe\x00\x00h\x00\x00\x00":             "UTF-32",
		"h\x00e\x00l\x00l\x00o\x00\n\x00":           "UTF-16LE",
		"\x00h\x00e\x00l\x00l\x00o\x00\n":           "UTF-16BE",
		"\x7fELF\x02\x01":                           "ELF",
		string(tar):                                 "tar -x",
		"text at first\nand a \x00":                 "NUL byte at 20",
		zipped(zipped("a")):                         "gzip data inside",
		"\x01\x02\x03\x04 abc":                      "control characters",
		strings.Repeat("\xcf\xf0\xe8\xe2 ", 100):    "iconv",
		"SQLite format 3\x00":                       "SQLite",
		strings.Repeat("\x00", 100_000):             "NUL byte at 0",
		"\x28\xb5\x2f\xfd":                          "truncated zstd",
		"\x1f\x8b\x08":                              "truncated gzip",
		strings.Repeat("fine text\n", 100) + "\x00": "NUL",
	} {
		for _, name := range []string{"a.txt", "b.jsonl", "c"} {
			_, _, err := readString(t, Options{}, name, content)
			wantError(t, err, 0, words, name+": ")
		}
		got, r, err := readString(t, Options{Policy: Lenient}, "a.txt", content)
		if wantTexts(t, got, err); r.Count(WrongKind)+r.Count(TruncatedStream) != 1 || r.CheckDocuments() == nil {
			t.Errorf("%.20q: lenient report %v", content, r)
		}
	}
	for _, text := range []string{"GIF8 is a format\n", "PAR1 is one too\n", "RIFF\n", "BZh\n", "ID3"} {
		got, _, err := readString(t, Options{}, "a.txt", text)
		wantTexts(t, got, err, strings.TrimSpace(text))
	}
}

func TestFormatIsFoundByContentWithoutEnding(t *testing.T) {
	for content, want := range map[string]string{`{"text":"a"}`: "a", ` { "x":1,"text":"a"}`: "a", "a": "a", "{ a": "{ a", "{}\n{\"text\":\"b\"}": "b"} {
		for _, name := range []string{"noending", "x.unknown", "x.gz"} {
			if name == "x.gz" {
				content = zipped(content)
			}
			got, _, err := readString(t, Options{}, name, content)
			wantTexts(t, got, err, want)
		}
	}
	_, _, err := readString(t, Options{}, "a.json", "[\n{\"text\":\"a\"}\n]\n")
	wantError(t, err, 1, "JSON array", "jq -c")
}

func TestPathsThatCannotBeReadAreNamedAtOnce(t *testing.T) {
	dir := write(t, map[string]string{"empty/x.bin": "", "locked.txt": "a", "a.txt": "a"})
	os.Chmod(filepath.Join(dir, "locked.txt"), 0)
	for path, words := range map[string]string{
		filepath.Join(dir, "none.txt"):        "no such file",
		filepath.Join(dir, "empty"):           "no file to read in this folder (1 file of another ending passed over)",
		filepath.Join(dir, "*.none"):          "no file matches",
		filepath.Join(dir, "**", "*.txt"):     "** is not a pattern",
		filepath.Join(dir, "[a"):              "not a pattern",
		filepath.Join(dir, "a.txt", "b.txt"):  "cannot be opened",
		filepath.Join(dir, "locked.txt"):      "no permission",
		"":                                    "empty path",
		filepath.Join(dir, "empty", "no.txt"): "no such file",
	} {
		if strings.HasSuffix(path, "locked.txt") && os.Getuid() == 0 {
			continue // root reads everything
		}
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v", path, err)
		}
	}
	if _, err := (Options{}).Open(); err == nil {
		t.Error("no path is no error")
	}
}

func TestEmptyInputIsCountedAndToldAtTheEnd(t *testing.T) {
	for name, content := range map[string]string{"a.txt": "", "a.jsonl": "", "a.csv": "", "a.md": "", "a.go": "", "b.txt": "\n \n", "c.txt": "\xef\xbb\xbf", "b.jsonl": "\n", "b.txt.gz": zipped("")} {
		got, r, err := readString(t, Options{}, name, content)
		wantTexts(t, got, err)
		if err := r.CheckDocuments(); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, err := readString(t, Options{}, "a.txt.gz", "")
	wantError(t, err, 0, "empty file")
}

func TestGlobsAndSeveralPathsKeepTheirOrder(t *testing.T) {
	dir := write(t, map[string]string{"b.txt": "b", "a.txt": "a", "c/d.txt": "d", "c.txt": "c", ".x.txt": "x", "z.dat": "z"})
	got, r, err := read(t, Options{}, filepath.Join(dir, "*.txt"), filepath.Join(dir, "z.dat"), dir)
	wantTexts(t, got, err, "a", "b", "c", "z", "d")
	wantCounts(t, r, map[Reason]int64{HiddenFile: 2, UnknownEnding: 1, NamedTwice: 3})
	got, _, err = read(t, Options{Include: []string{"*.dat", "d.*"}}, dir)
	wantTexts(t, got, err, "d", "z")
	got, _, err = read(t, Options{}, filepath.Join(dir, ".x*"))
	wantTexts(t, got, err, "x")
	os.WriteFile(filepath.Join(dir, "we[i]rd.txt"), []byte("w"), 0o644)
	got, _, err = read(t, Options{}, filepath.Join(dir, "we[i]rd.txt"))
	wantTexts(t, got, err, "w")
	os.WriteFile(filepath.Join(dir, "e.jsonl"), []byte(`{"text":"e"}`), 0o644)
	got, _, err = read(t, Options{Format: FormatJSONL}, dir)
	wantTexts(t, got, err, "e")
}

func TestLinksToFilesAreReadLinksToFoldersAreNot(t *testing.T) {
	dir := write(t, map[string]string{"real/a.txt": "a"})
	if err := os.Symlink(filepath.Join(dir, "real", "a.txt"), filepath.Join(dir, "link.txt")); err != nil {
		t.Skip(err)
	}
	os.Symlink(dir, filepath.Join(dir, "loop.txt"))
	os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "dangling.txt"))
	got, r, err := read(t, Options{}, dir)
	wantTexts(t, got, err, "a", "a")
	wantCounts(t, r, map[Reason]int64{NotRegular: 2})
}

func TestEndlessInputIsRefused(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err == nil {
		for _, o := range []Options{{}, {Unit: UnitFile}, {Format: FormatJSONL}, {Format: FormatCSV}} {
			_, _, err := read(t, o, "/dev/zero")
			wantError(t, err, 0, "looks binary")
		}
	}
	for _, unit := range []string{UnitLine, UnitParagraph, UnitFile} {
		s, err := Options{Unit: unit, MaxDocumentBytes: 1 << 20}.Read("endless", endless{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Next()
		wantError(t, err, errRecord(err), "longer than 1,048,576 bytes", "max_document_bytes")
		if _, again := s.Next(); again != err {
			t.Errorf("the error after the error is %v", again)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "abcdefg "[i%8]
	}
	return len(p), nil
}

func TestStandardInputIsReadAsItComes(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = stdin }()
	s, err := Open("-")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"eins", "zwei"} { // the answer comes before the writer goes on
		io.WriteString(w, `{"text":"`+word+"\"}\n")
		if d, err := s.Next(); err != nil || string(d.Text) != word || d.Source.File != "standard input" {
			t.Fatalf("%q %v %v", d.Text, d.Source, err)
		}
	}
	w.Close()
	if _, err := s.Next(); err != io.EOF {
		t.Fatal(err)
	}
}

func TestTooLongRecordsStopOrAreSkipped(t *testing.T) {
	long := strings.Repeat("long ", 100_000)
	for name, content := range map[string]string{
		"a.txt": "a\n" + long + "\nb\n", "b.txt": "a\n" + long[:101] + "\nb\n",
		"a.jsonl": `{"text":"a"}` + "\n{\"text\":\"" + long + "\"}\n" + `{"text":"b"}`, "a.csv": "text\na\n" + long + "\nb\n",
	} {
		o := Options{MaxDocumentBytes: 100}
		_, _, err := readString(t, o, name, content)
		record := int64(2)
		if name == "a.csv" {
			record = 3
		}
		wantError(t, err, record, "longer than 100 bytes")
		o.Policy = Lenient
		got, r, err := readString(t, o, name, content)
		wantTexts(t, got, err, "a", "b")
		wantCounts(t, r, map[Reason]int64{TooLong: 1})
	}
	content := "a\na\n\nb\n" + strings.Repeat("line\n", 100) + long + "\nc\n\nd\n"
	got, r, err := readString(t, Options{Unit: UnitParagraph, MaxDocumentBytes: 100, Policy: Lenient}, "a.txt", content)
	wantTexts(t, got, err, "a\na", "d")
	if r.Count(TooLong) != 1 {
		t.Error(r)
	}
}
