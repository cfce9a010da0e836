package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const parquetFiles = "../testdata/corpus"

// pyarrow's files in all compressions and page versions: the texts, with their rows, ids and other columns.
func TestParquetReadsWhatPyarrowWrites(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(parquetFiles, "parquet.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Texts  []*string
		Scores []*float64
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"snappy", "zstd", "plain", "gzip"} {
		src, err := Options{IDField: "id", MetaFields: []string{"score", "good"}}.Open(filepath.Join(parquetFiles, name+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		for row, text := range want.Texts {
			if text == nil || strings.TrimSpace(*text) == "" {
				continue
			}
			d, err := src.Next()
			if err != nil {
				t.Fatal(name, row, err)
			}
			score, has := d.Meta["score"]
			if string(d.Text) != *text || d.Source.Record != int64(row+1) || d.ID != fmt.Sprint(row) || d.Meta["good"] != fmt.Sprint(row%2 == 0) ||
				has != (want.Scores[row] != nil) || has && score != fmt.Sprint(*want.Scores[row]) {
				t.Fatalf("%s: row %d is %+v, want %q and score %v", name, row, d, *text, want.Scores[row])
			}
		}
		if d, err := src.Next(); err != io.EOF {
			t.Error(name, d, err)
		}
		r := src.Report()
		info, _ := os.Stat(filepath.Join(parquetFiles, name+".parquet"))
		if r.Records != int64(len(want.Texts)) || r.Counts[NullField] != 1 || r.Counts[EmptyText] != 2 || r.PerFile[0].Bytes != info.Size() {
			t.Errorf("%s: %+v", name, r)
		}
		src.Close()
	}
}

func TestParquetIsFoundInFoldersAndTakesLargeStrings(t *testing.T) {
	src, err := Open(parquetFiles)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	n := 0
	for d, err := range src.All() {
		if err != nil || len(d.Text) == 0 {
			t.Fatal(d, err)
		}
		n++
	}
	if n != 5*205 {
		t.Errorf("%d documents of five files with 205 texts each", n)
	}
}

func TestParquetRefusesWithTheCause(t *testing.T) {
	snappy := filepath.Join(parquetFiles, "snappy.parquet")
	whole, err := os.ReadFile(snappy)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		path string
		o    Options
		want []string
	}{
		{snappy, Options{TextField: "txt"}, []string{`no column "txt"`, `"score"`}},
		{snappy, Options{TextField: "tags"}, []string{`"tags" holds lists`}},
		{snappy, Options{TextField: "nested"}, []string{`"nested" holds lists or groups`}},
		{snappy, Options{TextField: "score"}, []string{`"score" holds`, "not text"}},
		{snappy, Options{MaxDocumentBytes: 3}, []string{"longer than 3 bytes"}},
		{file("cut.parquet", whole[:len(whole)-20]), Options{}, []string{"cut.parquet", "not a whole Parquet file"}},
		{file("text.parquet", []byte("text\nof lines\n")), Options{}, []string{"no Parquet file"}},
	} {
		src, err := test.o.Open(test.path)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = src.Next()
		}
		for _, part := range test.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s %+v: %v; want %q in it", test.path, test.o, err, part)
			}
		}
		src.Close()
	}
	src, err := Options{}.Read("pipe", bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := src.Next(); err == nil || !strings.Contains(err.Error(), "from a pipe") {
		t.Error(err)
	}
}

// FuzzParquet changes bytes of a file: the reader gives documents or an error, and never more rows than the file names.
func FuzzParquet(f *testing.F) {
	var files [][]byte
	for _, name := range []string{"snappy", "zstd", "plain", "gzip", "large"} {
		data, err := os.ReadFile(filepath.Join(parquetFiles, name+".parquet"))
		if err != nil {
			f.Fatal(err)
		}
		files = append(files, data)
		for at := range 8 {
			f.Add(uint8(len(files)-1), uint16(at*len(data)/8), []byte{0xff, 0x7f})
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint16, change []byte) {
		data := bytes.Clone(files[int(which)%len(files)])
		copy(data[int(at)%len(data):], change)
		path := filepath.Join(t.TempDir(), "x.parquet")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		src, err := Options{Policy: Lenient}.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		for n := 0; ; n++ {
			if _, err := src.Next(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if n > 1<<20 {
				t.Fatal("no end")
			}
		}
	})
}
