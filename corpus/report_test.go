package corpus

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReportCountsInLinesAndJSON(t *testing.T) {
	dir := write(t, map[string]string{"1.jsonl": "{\"text\":\"a\xff\xfe\"}\n\n{\"text\":null}\n{", "2.txt": "one\ntwo\n", "x.bin": ""})
	_, r, err := read(t, Options{Policy: Lenient}, dir)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(r.String(), dir+string(filepath.Separator), "")
	want := `files read                            2
bytes on disk                        39
bytes of text files                  39
records                               5
documents                             3
bytes of documents                   13
blank lines                           1
records whose text is null            1
broken records skipped                1
files of unknown ending passed over   1
not UTF-8, replaced by U+FFFD: 2 bad bytes in 1 line
skipped: 1.jsonl:4 (byte 30): not a JSON object: the object that opens here has no end; a record must be whole on one line; the record starts "{"; mend or remove the record
`
	if got != want {
		t.Errorf("report:\n%s\nwant:\n%s", got, want)
	}
	var back struct {
		Documents int64
		Counts    map[string]int64
		PerFile   []FileReport `json:"per_file"`
	}
	data, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(data, &back)
	}
	if err != nil || back.Documents != 3 || back.Counts["broken_records"] != 1 || back.Counts["bad_utf8_bytes"] != 2 ||
		len(back.PerFile) != 2 || back.PerFile[0].Records != 3 || back.PerFile[0].Documents != 1 || back.PerFile[1].Documents != 2 {
		t.Errorf("%s, %v", data, err)
	}
	for i, names := range reasonNames {
		if names[0] == "" || names[1] == "" {
			t.Errorf("reason %d has no name", i)
		}
	}
}

func TestProgressReachesTheTotal(t *testing.T) {
	dir := write(t, map[string]string{"1.txt.gz": zipped(strings.Repeat("some text\n", 1000)), "2.txt": strings.Repeat("more\n", 1000)})
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if done, total := s.Progress(); done != 0 || total == 0 {
		t.Errorf("%d of %d before the start", done, total)
	}
	for range 1500 {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if r := s.Report(); r.Documents != 1500 || len(r.PerFile) != 2 || r.PerFile[1].Documents != 500 || r.PerFile[0].Documents != 1000 {
		t.Errorf("in the middle: %+v", r)
	}
	readAll(s)
	if done, total := s.Progress(); done != total {
		t.Errorf("%d of %d at the end", done, total)
	}
}

func TestSourceAfterItsEnd(t *testing.T) {
	dir := write(t, map[string]string{"a.txt": "a\nb\n", "b.txt": "c"})
	s, _ := Open(dir)
	for range s.All() {
		break // taken up again below
	}
	got, err := readAll(s)
	wantTexts(t, got, err, "b", "c")
	for range 3 {
		if _, err := s.Next(); err != io.EOF {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Next(); err == nil || err == io.EOF {
		t.Error("Next after Close gives", err)
	}
}

func TestAFileThatGoesAwayIsNamed(t *testing.T) {
	dir := write(t, map[string]string{"a.txt": "a", "b.txt": "b", "c.txt": "c"})
	for _, p := range []Policy{Stop, Lenient} {
		s, err := Options{Policy: p}.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		os.Rename(filepath.Join(dir, "b.txt"), filepath.Join(dir, "away"))
		got, err := readAll(s)
		os.Rename(filepath.Join(dir, "away"), filepath.Join(dir, "b.txt"))
		if p == Stop {
			wantError(t, err, 0, "b.txt: ", "no such file")
			continue
		}
		wantTexts(t, got, err, "a", "c")
		wantCounts(t, s.Report(), map[Reason]int64{UnreadableFile: 1})
	}
}

func TestReadErrorsOfTheDiskAreNamed(t *testing.T) {
	for _, o := range []Options{{}, {Unit: UnitFile}, {Unit: UnitParagraph}, {Format: FormatCSV, TextField: "a"}, {Format: FormatMarkdown}} {
		s, _ := o.Read("x", io.MultiReader(strings.NewReader("a\nb"), failing{}))
		_, err := readAll(s)
		wantError(t, err, errRecord(err), "reading failed: the disk is on fire")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is on fire") }

func TestOptionsAreChecked(t *testing.T) {
	for words, o := range map[string]Options{"format": {Format: "xml"}, "unit": {Unit: "word"}, "policy": {Policy: 9}, "max_document_bytes": {MaxDocumentBytes: -1}} {
		if _, err := o.Open("."); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestAWrongFieldNameIsAnsweredWithTheFieldsThereAre(t *testing.T) {
	content := `{"id":1,"body":"a"}` + "\n" + `{"id":2,"other":"b"}` + "\n"
	_, r, err := readString(t, Options{}, "a.jsonl", content)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.CheckDocuments(); err == nil || !strings.Contains(err.Error(), `the first such record has the fields ["id" "body"]`) {
		t.Error(err)
	}
	_, _, err = readString(t, Options{Policy: Strict}, "a.jsonl", content)
	wantError(t, err, 1, `no field "text"`, `["id" "body"]`)
}
