package words

import (
	"archive/zip"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/blevesearch/segment"
)

// corpus reads files of $CLOZE_DATA, at most 32 MB of text.
func corpus(b *testing.B, pattern string) []byte {
	files, _ := filepath.Glob(filepath.Join(os.Getenv("CLOZE_DATA"), pattern))
	if os.Getenv("CLOZE_DATA") == "" || len(files) == 0 {
		b.Skip("CLOZE_DATA does not hold " + pattern)
	}
	var text []byte
	for _, name := range files {
		if strings.HasSuffix(name, ".zip") {
			text = append(text, unzip(b, name)...)
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		r := io.Reader(f)
		if strings.HasSuffix(name, ".gz") {
			if r, err = gzip.NewReader(f); err != nil {
				b.Fatal(err)
			}
		}
		part, err := io.ReadAll(r)
		if err != nil {
			b.Fatal(err)
		}
		if text = append(text, part...); len(text) > 32<<20 {
			break
		}
	}
	return text
}

// unzip reads the UTF-8 files of an archive.
func unzip(b *testing.B, name string) (text []byte) {
	z, err := zip.OpenReader(name)
	if err != nil {
		b.Fatal(err)
	}
	defer z.Close()
	for _, file := range z.File {
		f, err := file.Open()
		if err != nil {
			b.Fatal(err)
		}
		part, err := io.ReadAll(f)
		if err != nil {
			b.Fatal(err)
		}
		if utf8.Valid(part) {
			text = append(text, part...)
		}
	}
	return text
}

var texts = []struct{ name, pattern string }{
	{"English", "corpora/novels_en/*.gz"},
	{"German", "corpora/eltec_deu/*.gz"},
	{"French", "corpora/eltec_fra/*.gz"},
	{"Japanese", "parallel/tanaka_en_ja/train.ja*"},
	{"Korean", "hate/korean/*unlabeled*"},
	{"Scripts", "parallel/udhr2/*.zip"},
}

func BenchmarkWords(b *testing.B) {
	for _, x := range texts {
		b.Run(x.name, func(b *testing.B) {
			text := corpus(b, x.pattern)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			n := 0
			var s Segmenter
			for b.Loop() {
				n = 0
				for s.Reset(text); s.Next(); {
					if s.Kind() != None {
						n++
					}
				}
			}
			b.ReportMetric(float64(n), "words")
		})
	}
}

// BenchmarkSegment is the library alone on the same texts, in pieces of a line, which is kinder to it than its reader.
func BenchmarkSegment(b *testing.B) {
	for _, x := range texts {
		b.Run(x.name, func(b *testing.B) {
			lines := strings.SplitAfter(string(corpus(b, x.pattern)), "\n")
			total, n := 0, 0
			var buf []byte
			var tokens [][]byte
			var types []int
			for b.Loop() {
				total, n = 0, 0
				for _, line := range lines {
					buf = append(buf[:0], line...)
					tokens, types, _, _ = segment.SegmentWordsDirect(buf, tokens[:0], types[:0])
					for _, t := range types {
						if t != segment.None {
							n++
						}
					}
					total += len(line)
				}
			}
			b.SetBytes(int64(total))
			b.ReportMetric(float64(n), "words")
		})
	}
}
