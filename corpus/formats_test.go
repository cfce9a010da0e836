package corpus

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestUnitsOfPlainText(t *testing.T) {
	content := "\n a b\nc\n\t\n\nd\n\ne"
	got, r, err := readString(t, Options{}, "a.txt", content)
	wantTexts(t, got, err, " a b", "c", "d", "e")
	if r.Count(BlankLine) != 4 || r.Records != 4 {
		t.Error(r)
	}
	got, r, err = readString(t, Options{Unit: UnitParagraph}, "a.txt", content)
	wantTexts(t, got, err, " a b\nc", "d", "e")
	if r.Count(BlankLine) != 4 || r.Records != 3 {
		t.Error(r)
	}
	got, _, err = readString(t, Options{Unit: UnitFile}, "a.txt", content)
	wantTexts(t, got, err, content)
	got, _, err = readString(t, Options{Unit: UnitFile}, "a.txt", "x\ry\r\n\rz\r\r\n")
	wantTexts(t, got, err, "x\ry\n\rz\r\n")
}

func TestPositionsPointIntoTheFile(t *testing.T) {
	content := "\xef\xbb\xbfeins\r\n\r\nzwei\ndrei\r\n\nvier"
	jsonl := strings.ReplaceAll(`{"text":"eins"}@@{"text":"zwei"}`, "@", "\n")
	csv := "id,text\n\"a\nb\",eins\n\n3,zwei\n"
	for _, c := range []struct {
		o       Options
		name    string
		content string
		want    map[string]Position
	}{
		{Options{}, "a.txt", content, map[string]Position{"eins": {"", 1, 3}, "zwei": {"", 3, 11}, "drei": {"", 4, 16}, "vier": {"", 6, 23}}},
		{Options{Unit: UnitParagraph}, "a.txt", content, map[string]Position{"eins": {"", 1, 3}, "zwei\ndrei": {"", 3, 11}, "vier": {"", 6, 23}}},
		{Options{}, "a.jsonl", jsonl, map[string]Position{"eins": {"", 1, 0}, "zwei": {"", 3, 17}}},
		{Options{}, "a.csv", csv, map[string]Position{"eins": {"", 2, 8}, "zwei": {"", 5, 20}}},
		{Options{Unit: UnitParagraph}, "a.go", "package a\r\n\r\n// x\r\n// y\r\nvar a = 1 /* z */\r\n", map[string]Position{"x\ny": {"", 3, 13}, "z": {"", 5, 35}}},
		{Options{Unit: UnitParagraph}, "a.md", "---\r\na: b\r\n---\r\n# T\r\n\r\nx\r\ny\r\n", map[string]Position{"T": {"", 4, 16}, "x\ny": {"", 6, 23}}},
	} {
		for _, packed := range []bool{false, true} {
			name, body := c.name, c.content
			if packed {
				name, body = name+".gz", zipped(body)
			}
			path := filepath.Join(write(t, map[string]string{name: body}), name)
			s, err := c.o.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			seen := 0
			for d, err := range s.All() {
				if err != nil {
					t.Fatal(err)
				}
				want := c.want[string(d.Text)]
				if want.File = path; d.Source != want {
					t.Errorf("%s: %q at %+v, want %+v", name, d.Text, d.Source, want)
				}
				seen++
			}
			if seen != len(c.want) {
				t.Errorf("%s: %d documents", name, seen)
			}
			if r := s.Report(); r.Bytes != int64(len(c.content)) || r.FileBytes != int64(len(body)) || r.PerFile[0].Bytes != r.Bytes || r.PerFile[0].Documents != int64(seen) {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}

func TestFieldsThatWereAskedForAreGiven(t *testing.T) {
	o := Options{TextField: "body", IDField: "id", MetaFields: []string{"label", "n"}}
	for name, content := range map[string]string{
		"a.jsonl": `{"n":1.50,"id":"x\ny","label":"ä\u00e4","body":"t"}` + "\n" + `{"body":"u","n":[1, 2],"label":null}` + "\n" + `{"body":"a","body":"v","id":7}`,
		"a.csv":   "id,body,label,n\n\"x\ny\",t,ää,1.50\n,u,,\"[1, 2]\"\n7,v",
	} {
		s, err := o.Open(filepath.Join(write(t, map[string]string{name: content}), name))
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for d, err := range s.All() {
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, d.ID+"|"+string(d.Text)+"|"+d.Meta["label"]+"|"+d.Meta["n"])
		}
		wantTexts(t, rows, nil, "x\ny|t|ää|1.50", "|u||[1, 2]", "7|v||")
	}
}

func TestJSONLFaultsAreNamed(t *testing.T) {
	for record, words := range map[string]string{
		`{"text":1}`: `field "text" is a number, not a string`, `{"text":["a"]}`: "an array", `{"text":{"a":"b"}}`: "an object", `{"text":true}`: "a boolean",
		`"x"`: "the record is a string", `12`: "the record is a number", `[{"text":"a"}]`: "jq -c", `{"text":"a"} {"text":"b"}`: "more after the end",
		`{"text":"a",}`: "a key in quotes expected", `{'text':'a'}`: "a key in quotes", `{"text":"a" "b":1}`: "a comma or }", `{`: "no end", `{"a":[1`: "no end",
		"{\"text\":\"a\tb\"}": "control character 0x09", `{"text":"\x41"}`: "is no escape", `{"text":NaN}`: "a value expected", `{"text": tru}`: "true is misspelt",
		`{"a":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001) + `}`: "nested deeper",
	} {
		_, _, err := readString(t, Options{}, "a.jsonl", `{"text":"a"}`+"\n"+record+"\n")
		wantError(t, err, 2, words)
		got, r, err := readString(t, Options{Policy: Lenient}, "a.jsonl", `{"text":"a"}`+"\n"+record+"\n"+`{"text":"z"}`)
		wantTexts(t, got, err, "a", "z")
		wantCounts(t, r, map[Reason]int64{BrokenRecord: 1})
	}
}

func TestSurrogatesInEscapes(t *testing.T) {
	got, r, err := readString(t, Options{}, "a.jsonl", `{"text":"\ud83d\ude00"}`+"\n"+`{"text":"\ud83d \ude00 \ud83d\u0041 \ud83d\ud83d\ude00"}`)
	wantTexts(t, got, err, "😀", "\uFFFD \uFFFD \uFFFDA \uFFFD😀")
	wantCounts(t, r, map[Reason]int64{LoneSurrogate: 4})
	_, _, err = readString(t, Options{Policy: Strict}, "a.jsonl", "\n"+`{"text":"\ud83d"}`)
	wantError(t, err, 2, "surrogate")
}

func TestCSVFaultsAreNamed(t *testing.T) {
	for content, words := range map[string]string{
		"id,body\n1,a\n":         `no column "text"; the columns are ["id" "body"]`,
		"text,b\na,b\nx,y,z\n":   "3 cells in a row of 2 columns",
		"text\na\n\"b\"c\n":      `closes before "c"`,
		"text,b\na,b\n\"x\ny":    "never closed",
		"text,b\na,b\nx,\"y\nz,": "never closed",
	} {
		_, _, err := readString(t, Options{}, "a.csv", content)
		wantError(t, err, max(errRecord(err), 1), words)
		if errRecord(err) != 3 && !strings.HasPrefix(content, "id") {
			t.Errorf("%q: %v", content, err)
		}
	}
	dir := write(t, map[string]string{"1.csv": "id,body\n1,a\n", "2.csv": "text\nb\n", "3.csv": "text,x\nb\"b\n\"c\nd,e\n"})
	got, r, err := read(t, Options{Policy: Lenient}, dir)
	wantTexts(t, got, err, "b", "b\"b", "d")
	wantCounts(t, r, map[Reason]int64{MissingColumn: 1, BrokenRecord: 1})
	got, r, err = readString(t, Options{}, "a.tsv", "x\ttext\n1\n2\t\n3\tc\n")
	wantTexts(t, got, err, "c")
	wantCounts(t, r, map[Reason]int64{MissingField: 1, EmptyText: 1})
}

func TestStrictNamesTheByteInEachFormat(t *testing.T) {
	for name, content := range map[string]string{
		"a.txt": "a\r\nb\xe9\r\n", "p.txt": "a\r\nb\xe9\r\n", "f.txt": "a\r\nb\xe9\r\n", "a.jsonl": "{\"text\":\"a\"}\n{\"text\":\"b\xe9\"}\n",
		"a.csv": "text,b\r\na,b\xe9\r\n", "b.csv": "text\r\n\"a\nb\xe9\"\r\n", "a.md": "a\r\nb\xe9\r\n", "a.go": "// a\r\n// b\xe9\r\n",
	} {
		o := Options{Policy: Strict}
		switch name[0] {
		case 'p':
			o.Unit = UnitParagraph
		case 'f':
			o.Unit = UnitFile
		}
		_, _, err := readString(t, o, name, content)
		record := int64(2)
		if name == "b.csv" {
			record = 3
		}
		if e := wantError(t, err, record, "0xE9"); e.Offset != int64(strings.IndexByte(content, 0xe9)) {
			t.Errorf("%s: byte %d", name, e.Offset)
		}
	}
	far := strings.Repeat("x\n", sniffBytes) + "a\x00b\n"
	_, _, err := readString(t, Options{Policy: Strict}, "a.txt", far)
	wantError(t, err, sniffBytes+1, "NUL byte")
	got, r, err := readString(t, Options{}, "a.txt", far)
	if err != nil || got[len(got)-1] != "a\x00b" || r.Count(NULByte) != 1 {
		t.Errorf("%v %v", err, r)
	}
}
