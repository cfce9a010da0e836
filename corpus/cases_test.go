package corpus

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write puts files into a fresh folder and returns it.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// zipped is s as a gzip member.
func zipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// readAll returns the texts up to the first error.
func readAll(s *Source) (texts []string, err error) {
	for d, err := range s.All() {
		if err != nil {
			return texts, err
		}
		texts = append(texts, string(d.Text))
	}
	return texts, nil
}

// read opens and reads paths.
func read(t testing.TB, o Options, paths ...string) ([]string, Report, error) {
	t.Helper()
	s, err := o.Open(paths...)
	if err != nil {
		return nil, Report{}, err
	}
	defer s.Close()
	texts, err := readAll(s)
	return texts, s.Report(), err
}

// readString reads content under a name.
func readString(t testing.TB, o Options, name, content string) ([]string, Report, error) {
	t.Helper()
	return read(t, o, filepath.Join(write(t, map[string]string{name: content}), name))
}

func wantTexts(t *testing.T, got []string, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Fatalf("error %v", err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got %.200q, want %.200q", got, want)
	}
}

// wantError checks an error for its record and for words of its line.
func wantError(t *testing.T, err error, record int64, words ...string) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %v, not an *Error", err)
	}
	if e.Record != record {
		t.Errorf("record %d, want %d: %v", e.Record, record, e)
	}
	for _, w := range words {
		if !strings.Contains(e.Error(), w) {
			t.Errorf("%q lacks %q", e, w)
		}
	}
	if strings.Contains(e.Error(), "\n") {
		t.Errorf("%q has more than one line", e)
	}
	return e
}

func wantCounts(t *testing.T, r Report, want map[Reason]int64) {
	t.Helper()
	for i, n := range r.Counts {
		if n != want[Reason(i)] {
			t.Errorf("%s: %d, want %d", Reason(i), n, want[Reason(i)])
		}
	}
}

func TestC01UnicodeSeparatorsDoNotSplitLines(t *testing.T) {
	want := []string{"ein \u2028 Satz", "zwei \u2029 Teile", "drei \u0085 Stücke", "vier \x0b Ende"}
	got, _, err := readString(t, Options{}, "a.txt", strings.Join(want, "\n")+"\n")
	wantTexts(t, got, err, want...)
	var lines, escaped strings.Builder
	for _, w := range want {
		fmt.Fprintf(&lines, "{\"text\":\"%s\"}\n", strings.ReplaceAll(w, "\x0b", `\u000b`))
		fmt.Fprintf(&escaped, "{\"text\":%+q}\n", strings.ReplaceAll(w, "\x0b", ""))
	}
	got, _, err = readString(t, Options{}, "a.jsonl", lines.String())
	wantTexts(t, got, err, want...)
	want[3] = "vier  Ende"
	got, _, err = readString(t, Options{}, "a.jsonl", escaped.String())
	wantTexts(t, got, err, want...)
	got, _, err = readString(t, Options{}, "a.csv", "text\n"+want[0]+"\n"+want[2]+"\n")
	wantTexts(t, got, err, want[0], want[2])
}

func TestC02CarriageReturnsEndLinesOnlyBeforeLF(t *testing.T) {
	for _, end := range []string{"\n", "\r\n"} {
		text := strings.ReplaceAll("rot\ngrün\nblau", "\n", end)
		for _, tail := range []string{"", end, "\r"} {
			got, _, err := readString(t, Options{}, "a.txt", text+tail)
			wantTexts(t, got, err, "rot", "grün", "blau")
			got, _, err = readString(t, Options{Unit: UnitParagraph}, "a.txt", text+tail)
			wantTexts(t, got, err, "rot\ngrün\nblau")
			got, _, err = readString(t, Options{}, "a.csv", "text"+end+text+tail)
			wantTexts(t, got, err, "rot", "grün", "blau")
		}
		got, _, err := readString(t, Options{Unit: UnitFile}, "a.txt", text)
		wantTexts(t, got, err, "rot\ngrün\nblau")
	}
	got, _, err := readString(t, Options{}, "a.txt", "a\rb\n")
	wantTexts(t, got, err, "a\rb")
	for _, mac := range []string{"a\rb\r\nc\nd\r", "a\rb\rc\rd"} {
		got, _, err = readString(t, Options{BareCR: true}, "a.txt", mac)
		wantTexts(t, got, err, "a", "b", "c", "d")
		got, _, err = readString(t, Options{BareCR: true, Unit: UnitParagraph}, "a.txt", mac)
		wantTexts(t, got, err, "a\nb\nc\nd")
	}
}

func TestC03ByteOrderMarkIsStripped(t *testing.T) {
	for name, content := range map[string]string{
		"a.jsonl": "{\"text\":\"hallo\"}\n",
		"a.csv":   "text,label\nhallo,a\n",
		"b.csv":   "\"text\",label\nhallo,a\n",
		"a.tsv":   "text\tlabel\nhallo\ta\n",
		"a.txt":   "hallo\n",
		"noname":  "{\"text\":\"hallo\"}\n",
		"x.txt":   "hallo",
	} {
		got, _, err := readString(t, Options{Policy: Strict}, name, "\xef\xbb\xbf"+content)
		wantTexts(t, got, err, "hallo")
		got, _, err = readString(t, Options{}, name+".gz", zipped("\xef\xbb\xbf"+content))
		wantTexts(t, got, err, "hallo")
	}
}

func TestC04LongLinesAreRead(t *testing.T) {
	line := `{"text":"` + strings.Repeat("ab ", 7_000_000) + `"}`
	content := line + "\n" + `{"text":"kurz"}` + "\n"
	for name, content := range map[string]string{"a.jsonl": content, "a.jsonl.gz": zipped(content)} {
		path := filepath.Join(write(t, map[string]string{name: content}), name)
		peak := peakHeap(t, func() {
			s, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			d, err := s.Next()
			if err != nil || bytes.Count(d.Text, []byte("ab ")) != 7_000_000 || len(d.Text) != 21_000_000 {
				t.Fatalf("%d bytes, error %v", len(d.Text), err)
			}
			if d, err = s.Next(); err != nil || string(d.Text) != "kurz" || d.Source.Record != 2 || d.Source.Offset != int64(len(line))+1 {
				t.Fatalf("%q at %+v, error %v", d.Text, d.Source, err)
			}
			if _, err = s.Next(); err != io.EOF {
				t.Fatal(err)
			}
		})
		if peak > 10*len(line) {
			t.Errorf("%s: peak memory %d for a line of %d bytes", name, peak, len(line))
		}
		t.Logf("%s: peak heap %.1f times the line", name, float64(peak)/float64(len(line)))
	}
}

func TestC05BlankLinesInJSONLAreCounted(t *testing.T) {
	for _, p := range []Policy{Stop, Lenient, Strict} {
		got, r, err := readString(t, Options{Policy: p}, "a.jsonl", "{\"text\":\"a\"}\n\n   \n{\"text\":\"b\"}\n")
		wantTexts(t, got, err, "a", "b")
		wantCounts(t, r, map[Reason]int64{BlankLine: 2})
		if r.Records != 2 {
			t.Errorf("%d records", r.Records)
		}
	}
}

func TestC06BrokenLastRecordStopsOrIsSkipped(t *testing.T) {
	good := "{\"text\":\"a\"}\n{\"text\":\"b\"}\n"
	got, _, err := readString(t, Options{}, "a.jsonl", good+`{"text":"abge`)
	wantError(t, err, 3, "a.jsonl:3 ", "no end", "abge")
	if len(got) != 2 {
		t.Errorf("%d documents before the error", len(got))
	}
	got, r, err := readString(t, Options{Policy: Lenient}, "a.jsonl", good+`{"text":"abge`)
	wantTexts(t, got, err, "a", "b")
	wantCounts(t, r, map[Reason]int64{BrokenRecord: 1})
	if len(r.Notes) != 1 || !strings.Contains(r.String(), "a.jsonl:3") {
		t.Errorf("report: %v", r)
	}
	for _, content := range []string{good, good + `{"text":"abge`} {
		cut := zipped(content)
		cut = cut[:len(cut)-5]
		_, _, err = readString(t, Options{}, "a.jsonl.gz", cut)
		wantError(t, err, 3, "truncated gzip stream")
		got, r, err = readString(t, Options{Policy: Lenient}, "a.jsonl.gz", cut)
		wantTexts(t, got, err, "a", "b")
		wantCounts(t, r, map[Reason]int64{TruncatedStream: 1})
	}
}

func TestC07OtherFieldsNeverMatter(t *testing.T) {
	dir := write(t, map[string]string{
		"1.jsonl": `{"text":"a","note":null}` + "\n",
		"2.jsonl": `{"text":"b","note":"x"}` + "\n" + `{"text":"c","note":[1]}` + "\n",
	})
	got, _, err := read(t, Options{Policy: Strict}, dir)
	wantTexts(t, got, err, "a", "b", "c")
}

func TestC08MissingNullAndEmptyTextsAreCounted(t *testing.T) {
	content := `{"id":1,"text":"a"}` + "\n" + `{"text":"b"}` + "\n" + `{"id":3}` + "\n" + `{"text":null,"id":4}` + "\n" + `{"text":"","id":5}` + "\n"
	got, r, err := readString(t, Options{}, "a.jsonl", content)
	wantTexts(t, got, err, "a", "b")
	wantCounts(t, r, map[Reason]int64{MissingField: 1, NullField: 1, EmptyText: 1})
	lines := strings.SplitAfter(content, "\n")
	for i, word := range map[int]string{2: "no field", 3: "null", 4: "empty"} {
		_, _, err = readString(t, Options{Policy: Strict}, "a.jsonl", lines[0]+lines[i])
		wantError(t, err, 2, word)
	}
}

func TestC09AllGzipMembersAreRead(t *testing.T) {
	got, _, err := readString(t, Options{}, "a.txt.gz", zipped("alpha\n")+zipped("beta\n"))
	wantTexts(t, got, err, "alpha", "beta")
	got, _, err = readString(t, Options{}, "a.txt.gz", zipped("alpha\nbe")+zipped("")+zipped("ta"))
	wantTexts(t, got, err, "alpha", "beta")
	joined := zipped("alpha\n") + zipped("beta\n")
	_, _, err = readString(t, Options{}, "a.txt.gz", joined[:len(joined)-12])
	wantError(t, err, 3, "truncated gzip stream")
	_, _, err = readString(t, Options{}, "a.txt.gz", zipped("alpha\n")+"garbage beyond the member")
	wantError(t, err, 2, "damaged gzip stream")
}

func TestC10NewlineInsideQuotesStaysInTheCell(t *testing.T) {
	for _, end := range []string{"\n", "\r\n"} {
		content := strings.ReplaceAll("id,text\n1,\"eins\nzwei\"\n2,drei\n", "\n", end)
		s, err := Options{IDField: "id"}.Open(filepath.Join(write(t, map[string]string{"a.csv": content}), "a.csv"))
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Next()
		if err != nil || string(d.Text) != "eins\nzwei" || d.ID != "1" || d.Source.Record != 2 {
			t.Fatalf("%+v, %v", d, err)
		}
		d, err = s.Next()
		if err != nil || string(d.Text) != "drei" || d.ID != "2" || d.Source.Record != 4 || d.Source.Offset != int64(strings.Index(content, "2,drei")) {
			t.Fatalf("%+v, %v", d, err)
		}
		if _, err = s.Next(); err != io.EOF {
			t.Fatal(err)
		}
	}
}

func TestC11LoneQuoteIsNamedWhereItOpens(t *testing.T) {
	content := "a\tb\n1\t\"\n2\tx\n3\ty\n"
	o := Options{TextField: "b"}
	_, _, err := readString(t, o, "a.tsv", content)
	e := wantError(t, err, 2, "quote", "a.tsv:2 ", "without quoting")
	if e.Offset != 6 {
		t.Errorf("offset %d", e.Offset)
	}
	o.NoQuote = true
	got, _, err := readString(t, o, "a.tsv", content)
	wantTexts(t, got, err, `"`, "x", "y")
	got, r, err := readString(t, Options{TextField: "b", Policy: Lenient}, "a.tsv", content)
	wantTexts(t, got, err, "x", "y")
	wantCounts(t, r, map[Reason]int64{BrokenRecord: 1})
	o = Options{TextField: "b", MaxDocumentBytes: 1000}
	_, _, err = readString(t, o, "a.tsv", content+strings.Repeat("4\tz\n", 1000))
	wantError(t, err, 2, "quote", "not closed within 1,000 bytes")
	_, _, err = readString(t, Options{}, "a.csv", "text\na\n\n\"b\nc\n\n\"x\"\n")
	wantError(t, err, 4, "closes before")
}

func TestC12BadUTF8IsReplacedOrNamed(t *testing.T) {
	_, _, err := readString(t, Options{Policy: Strict}, "a.txt", "caf\xe9 ok\n")
	if e := wantError(t, err, 1, "a.txt:1 (byte 3)", "0xE9", "UTF-8"); e.Offset != 3 {
		t.Errorf("offset %d", e.Offset)
	}
	for name, content := range map[string]string{
		"a.txt": "caf\xe9 ok\n", "a.jsonl": "{\"text\":\"caf\xe9 ok\"}\n", "a.csv": "text\ncaf\xe9 ok\n", "b.csv": "text\n\"caf\xe9 ok\"\n",
	} {
		got, r, err := readString(t, Options{}, name, content)
		wantTexts(t, got, err, "caf\uFFFD ok")
		wantCounts(t, r, map[Reason]int64{BadUTF8Bytes: 1, BadUTF8Lines: 1})
		if !strings.Contains(r.String(), "1 bad byte in 1 line") {
			t.Errorf("report: %s", r)
		}
	}
	got, r, err := readString(t, Options{Unit: UnitFile}, "a.txt", "a\xff\xfe\nb\nc\xe2\x82\n")
	wantTexts(t, got, err, "a\uFFFD\uFFFD\nb\nc\uFFFD\n")
	wantCounts(t, r, map[Reason]int64{BadUTF8Bytes: 4, BadUTF8Lines: 2})
}

func TestC15FoldersAreListedByRule(t *testing.T) {
	dir := write(t, map[string]string{
		"b.jsonl": `{"text":"b"}`, "a.txt": "a", "sub/c.txt": "c", ".hidden.txt": "h", ".git/x.txt": "g", "pic.png": "\x89PNG\r\n\x1a\n",
	})
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range s.Files() {
		rel, _ := filepath.Rel(dir, f.Path)
		names = append(names, fmt.Sprintf("%s %d %s", filepath.ToSlash(rel), f.Bytes, f.Format))
	}
	if want := []string{"a.txt 1 txt", "b.jsonl 12 jsonl", "sub/c.txt 1 txt"}; !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
	got, err := readAll(s)
	wantTexts(t, got, err, "a", "b", "c")
	wantCounts(t, s.Report(), map[Reason]int64{HiddenFile: 2, UnknownEnding: 1})
}

// TestKeepEmptyGivesADocumentForEachRecord: who answers records gives one answer each.
func TestKeepEmptyGivesADocumentForEachRecord(t *testing.T) {
	for name, content := range map[string]string{
		"a.txt":   "one\n\n  \nfour",
		"a.csv":   "id,text\n1,one\n2,\n3\n4,four\n",
		"a.jsonl": `{"text":"one"}` + "\n" + `{"text":null}` + "\n" + `{"id":3}` + "\n" + `{"text":"four"}` + "\n",
	} {
		s, err := Options{KeepEmpty: true}.Read(name, strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for d, err := range s.All() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, strings.TrimSpace(string(d.Text)))
		}
		if !slices.Equal(got, []string{"one", "", "", "four"}) {
			t.Errorf("%s: %q", name, got)
		}
		if texts, _, err := readString(t, Options{}, name, content); err != nil || len(texts) != 2 {
			t.Errorf("%s: %d documents without KeepEmpty, %v", name, len(texts), err)
		}
	}
}
