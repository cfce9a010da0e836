package corpus_test

import (
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-cloze/cloze/corpus"
)

// A folder is read file by file in the order of the paths.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "corpus")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	os.WriteFile(filepath.Join(dir, "a.txt"), []byte("a line\nand another\n"), 0o644)
	os.WriteFile(filepath.Join(dir, "b.jsonl"), []byte(`{"text":"a record","lang":"en"}`), 0o644)

	s, err := corpus.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	for _, f := range s.Files() {
		fmt.Println(filepath.Base(f.Path), f.Bytes, "bytes")
	}
	for doc, err := range s.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s:%d %s\n", filepath.Base(doc.Source.File), doc.Source.Record, doc.Text)
	}
	// Output:
	// a.txt 19 bytes
	// b.jsonl 31 bytes
	// a.txt:1 a line
	// a.txt:2 and another
	// b.jsonl:1 a record
}

// Broken records can be skipped; the report says how many, and which.
func ExampleOptions_Read() {
	o := corpus.Options{Policy: corpus.Lenient, TextField: "body", IDField: "id"}
	s, err := o.Read("posts.jsonl", strings.NewReader(`{"id":7,"body":"first"}
{"id":8,"body":
{"id":9}
`))
	if err != nil {
		log.Fatal(err)
	}
	for {
		doc, err := s.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		fmt.Println(doc.ID, string(doc.Text))
	}
	fmt.Print(s.Report())
	// Output:
	// 7 first
	// files read                       1
	// bytes on disk                   49
	// bytes of text files             49
	// records                          3
	// documents                        1
	// bytes of documents               5
	// records without the text field   1
	// broken records skipped           1
	// skipped: posts.jsonl:2 (byte 39): not a JSON object: the record ends where a value should be; the record starts "{\"id\":8,\"body\":"; mend or remove the record
}

// By default the first broken record ends the reading, with its place.
func ExampleError() {
	s, err := corpus.Options{}.Read("posts.jsonl", strings.NewReader(`{"text":"first"}`+"\n"+`{"text":"cut`))
	if err != nil {
		log.Fatal(err)
	}
	for doc, err := range s.All() {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(string(doc.Text))
	}
	// Output:
	// first
	// posts.jsonl:2 (byte 25): not a JSON object: the string that opens here has no end; a record must be whole on one line; the record starts "{\"text\":\"cut"; mend or remove the record
}

// The comments of source files, a comment block a document.
func ExampleOptions_Read_source() {
	o := corpus.Options{Unit: corpus.UnitParagraph}
	s, err := o.Read("add.go", strings.NewReader("// Add returns the sum\n// of a and b.\nfunc Add(a, b int) int {\n\treturn a + b // may overflow\n}\n"))
	if err != nil {
		log.Fatal(err)
	}
	for doc, err := range s.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d: %q\n", doc.Source.Record, doc.Text)
	}
	// Output:
	// 1: "Add returns the sum\nof a and b."
	// 4: "may overflow"
}
