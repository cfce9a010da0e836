package corpus

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzJSONL holds the extractor against encoding/json: the same lines are objects, with the same text.
func FuzzJSONL(f *testing.F) {
	for _, s := range []string{
		`{"text":"a"}`, `{"text":"a","text":"b"}`, `{"text":null,"x":[1,{"y":-0.5e+3}]}`, `{}`, ` { "a" : true , "b":false } `,
		`{"text":"\ud83d\ude00 \ud800 \udc00\u0000\/\b\f\n\r\t\"\\"}`, `{"te\u0078t":"x"}`, `{"text":1}`, `[1]`, `null`, `{"text":"a"}x`,
		`{"a":01}`, `{"a":1.}`, `{"a":-}`, `{"a":1e}`, `{"a":tru}`, `{"a" 1}`, `{"a":1,}`, `{,}`, `{"text":"` + "\x01" + `"}`,
		`{"text":"\x"}`, `{"text":"\u12"}`, `{"text":"abge`, strings.Repeat(`{"a":[`, 30), `{"Text":"upper"}`, "{\"text\":\"\xff\"}", `{"text":"\ud800\ud83d\ude00"}`,
	} {
		f.Add([]byte(s))
	}
	var x extractor
	f.Fuzz(func(t *testing.T, data []byte) {
		if !utf8.Valid(data) { // the reader repairs these before it parses
			return
		}
		var want map[string]json.RawMessage
		wantErr := json.Unmarshal(data, &want)
		err := x.parse(data, []string{"text"})
		if null := strings.TrimSpace(string(data)) == "null"; (err == nil) != (wantErr == nil && !null) {
			t.Fatalf("%q: ours %v, encoding/json %v", data, err, wantErr)
		}
		if err != nil {
			if e := err.(*jsonError); e.at < 0 || e.at > len(data) {
				t.Fatalf("%q: error at %d", data, e.at)
			}
			return
		}
		raw, v := want["text"], x.values[0]
		if (raw == nil) != (v.kind == jsonNone) {
			t.Fatalf("%q: found %v, encoding/json %s", data, v.kind, raw)
		}
		if v.kind == jsonString {
			var text string
			if err := json.Unmarshal(raw, &text); err != nil {
				t.Fatal(err)
			}
			got, _ := unescape(nil, data[v.start:v.end])
			if string(got) != text || !v.escaped && text != string(data[v.start:v.end]) {
				t.Fatalf("%q: text %q, encoding/json %q", data, got, text)
			}
		} else if v.kind != jsonNone && string(raw) != string(data[v.start:v.end]) {
			t.Fatalf("%q: value %q, encoding/json %q", data, data[v.start:v.end], raw)
		}
	})
}

// FuzzCSV holds the rows against encoding/csv: what that reads, we read alike; what only we read has a quote inside an
// unquoted cell.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "\"a\",\"b\"\r\n\"1\r\n\n2\",\"\"\"\"\n", "a\n\"", "a\n\"b\"c\n", "a,b,\n,,\n", "x\n\n\ny", "\"\",\"\"\n", "a\"b,c\n", "\"\r\n", "a\r", "\"a\n\"\"b\"\r",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, line := range bytes.Split(data, []byte("\n")) {
			if blank(line) && len(line) > 0 && string(line) != "\r" {
				return // a row of blanks is a blank line to us and a cell to encoding/csv
			}
		}
		peer := csv.NewReader(bytes.NewReader(data))
		peer.FieldsPerRecord = -1
		s := newSource(Options{}.resolved())
		s.files, s.at = []File{{Path: "x"}}, 1
		s.scan.reset(&oneByte{data: data})
		c := &separated{s: s, comma: ','}
		for {
			want, wantErr := peer.Read()
			var pos Position
			ok, err := c.row(&pos)
			for err == nil && !ok {
				ok, err = c.row(&pos)
			}
			if errors.Is(wantErr, csv.ErrBareQuote) {
				return
			}
			if (err == io.EOF) != (wantErr == io.EOF) || (err == nil) != (wantErr == nil) {
				t.Fatalf("%q: ours %v, encoding/csv %v", data, err, wantErr)
			}
			if err != nil {
				return
			}
			got := make([]string, len(c.ends))
			for i := range got {
				got[i] = string(c.cell(i))
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%q: row %q, encoding/csv %q", data, got, want)
			}
			if line, _ := peer.FieldPos(0); int64(line) != pos.Record {
				t.Fatalf("%q: row at line %d, encoding/csv %d", data, pos.Record, line)
			}
		}
	})
}

// oneByte gives few bytes a read, so that every construct is met at the end of what is read.
type oneByte struct {
	data []byte
	n    int
}

func (r *oneByte) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	r.n = r.n%3 + 1
	n := copy(p[:min(len(p), r.n)], r.data)
	r.data = r.data[n:]
	return n, nil
}

// checkStream reads data and checks what holds for every input: texts are valid UTF-8 and not blank, places go forward and
// lie in the file, counters add up, the same comes out whatever the size of the reads, and nothing panics.
func checkStream(t *testing.T, o Options, name string, data []byte) {
	t.Helper()
	var results [2][]string
	refused := false // what comes in drops is judged by its first line, what comes at once by 8,000 bytes
	for i, r := range []io.Reader{bytes.NewReader(data), &oneByte{data: data}} {
		s, err := o.Read(name, r)
		if err != nil {
			t.Fatal(err)
		}
		var docs, bytesOut, last int64
		for d, err := range s.All() {
			if err != nil {
				var e *Error
				if !errors.As(err, &e) || strings.Contains(err.Error(), "\n") {
					t.Fatalf("error %q", err)
				}
				results[i] = append(results[i], err.Error())
				break
			}
			if !utf8.Valid(d.Text) || blank(d.Text) {
				t.Fatalf("%q: text %q", data, d.Text)
			}
			if d.Source.Record < 1 || d.Source.Offset < last {
				t.Fatalf("%q: at %+v after byte %d", data, d.Source, last)
			}
			docs, bytesOut, last = docs+1, bytesOut+int64(len(d.Text)), d.Source.Offset
			results[i] = append(results[i], string(d.Text))
		}
		if r := s.Report(); r.Documents != docs || r.TextBytes != bytesOut {
			t.Fatalf("%q: report %+v for %d documents, %d bytes", data, r, docs, bytesOut)
		}
		var e *Error
		refused = refused || s.Report().Count(WrongKind) > 0 || errors.As(s.err, &e) && e.Reason == WrongKind
		s.Close()
	}
	if !refused && !slices.Equal(results[0], results[1]) {
		t.Fatalf("%q: read whole %q, read by pieces %q", data, results[0], results[1])
	}
}

// options makes a choice of options from a number.
func options(n byte) Options {
	return Options{
		Unit:             []string{UnitLine, UnitParagraph, UnitFile}[n%3],
		Policy:           Policy(n / 3 % 3),
		BareCR:           n&32 != 0,
		NoQuote:          n&64 != 0,
		MaxDocumentBytes: int64(n&128) / 4, // 32 or none
	}
}

func FuzzText(f *testing.F) {
	for i, s := range []string{"a\nb\r\nc", "\xef\xbb\xbfa\n\n\n b \xff\n", "a\rb\r\r\nc\r", "\u2028\n\u00a0\na\x00b", strings.Repeat("long ", 40) + "\n\nshort\n"} {
		f.Add(byte(i*37), []byte(s))
		f.Add(byte(i*37+128), []byte(s))
	}
	f.Fuzz(func(t *testing.T, n byte, data []byte) { checkStream(t, options(n), "x.txt", data) })
}

func FuzzMarkdown(f *testing.F) {
	for i, s := range []string{
		"---\na: b\n---\n# T #\n\ntext *em* **st** `c*d` [l](u) ![i](u \"t\") <b>x</b> &amp; \\*\n", "```go\n# code\n\n```\nafter\n    in\n",
		"<!-- a\nb --> c\n\n> q\n> q2\n\n- [ ] x\n  y\n\n| a | b |\n|---|:-:|\n| c | d |\n", "a\n===\nb\n---\n***\n[r]: http://x\n", "[[[((([](", "``` \n~~~\n", "*a _b* c_ ~~d~~ ***e** f*",
	} {
		f.Add(byte(i*3), []byte(s))
	}
	f.Fuzz(func(t *testing.T, n byte, data []byte) { checkStream(t, options(n), "x.md", data) })
}

func FuzzComments(f *testing.F) {
	names := []string{"x.go", "x.c", "x.java", "x.js", "x.rs", "x.py", "x.sh", "Makefile"}
	for i, s := range []string{
		"// a\n// b\nx := \"//\" // c\n/* d\n * e\n */ y := `/*`", "R\"x(//)x\" 1'000 // a \\\n b\n'\\'' /* open", "\"\"\" // \n\"\"\" // x",
		"`${`//`}` // a\nx = /[/]\\// // b\na / b // c", "r#\"//\"# '/' 'a // x\n/* /* */ y */", "def f():\n  r\"\"\"doc\n  more\"\"\"\n  x = '#' # c\n", "cat <<'E' # a\n# no\nE\necho \"#\" '#' $# # b", "a: # x\n\t@echo '#' \\# # y \\\n z",
	} {
		f.Add(byte(i), byte(i), []byte(s))
	}
	f.Fuzz(func(t *testing.T, lang, n byte, data []byte) {
		checkStream(t, options(n), names[int(lang)%len(names)], data)
	})
}

// FuzzSource gives any bytes under any name, compressed or not.
func FuzzSource(f *testing.F) {
	names := []string{"x", "x.txt", "x.jsonl", "x.csv", "x.tsv", "x.txt.gz", "x.zst", "x.md", "x.py"}
	for i, s := range []string{zipped("a\nb\n"), "{\"text\":\"a\"}\n{\"text\":\"\xff\"}\n{", "text,b\n\"a\nb\",c\n\"", "\x28\xb5\x2f\xfd\x00", "text\tx\n\"\"\t\"\n1\n\n", zipped("")[:12], "\x89PNG\r\n\x1a\n", "\xff\xfea\x00"} {
		f.Add(byte(i), byte(i), []byte(s))
	}
	f.Fuzz(func(t *testing.T, name, n byte, data []byte) {
		checkStream(t, options(n), names[int(name)%len(names)], data)
	})
}
