package corpus

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// The benchmarks read real corpora from $CLOZE_DATA, through Open and Next to the last document, on one core:
//
//	CLOZE_DATA=… GOMAXPROCS=1 go test -run '^$' -bench . -cpu 1 ./corpus
//
// "docs" and "bytes" are what one pass gave; MB/s is of the decompressed files.

// unpacked decompresses the .gz files of a folder of $CLOZE_DATA, once a process, and returns the folder with the result.
func unpacked(b *testing.B, name string) string {
	b.Helper()
	root := os.Getenv("CLOZE_DATA")
	if root == "" {
		b.Skip("CLOZE_DATA is not set; it names the folder with real corpora")
	}
	packed, err := filepath.Glob(filepath.Join(root, "corpora", name, "*.gz"))
	if err != nil || len(packed) == 0 {
		b.Skipf("no %s in CLOZE_DATA", name)
	}
	dir := b.TempDir()
	for _, p := range packed {
		in, err := os.Open(p)
		if err != nil {
			b.Fatal(err)
		}
		z, err := gzip.NewReader(in)
		if err != nil {
			b.Fatal(err)
		}
		out, err := os.Create(filepath.Join(dir, strings.TrimSuffix(filepath.Base(p), ".gz")))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(out, z); err != nil {
			b.Fatal(err)
		}
		in.Close()
		out.Close()
	}
	return dir
}

// benchmarkRead reads a path whole, again and again.
func benchmarkRead(b *testing.B, o Options, path string) {
	b.Helper()
	b.ReportAllocs()
	var r Report
	for b.Loop() {
		s, err := o.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err = s.Next(); err != nil {
				break
			}
		}
		if err != io.EOF {
			b.Fatal(err)
		}
		r = s.Report()
		s.Close()
	}
	b.SetBytes(r.Bytes)
	b.ReportMetric(float64(r.Documents), "docs")
	b.ReportMetric(float64(r.TextBytes), "bytes")
}

func BenchmarkNovelsLines(b *testing.B) { benchmarkRead(b, Options{}, unpacked(b, "novels_en")) }

func BenchmarkNovelsParagraphs(b *testing.B) {
	benchmarkRead(b, Options{Unit: UnitParagraph}, unpacked(b, "novels_en"))
}

func BenchmarkNovelsFiles(b *testing.B) {
	benchmarkRead(b, Options{Unit: UnitFile}, unpacked(b, "novels_en"))
}

func BenchmarkNovelsGzipLines(b *testing.B) {
	unpacked(b, "novels_en")
	benchmarkRead(b, Options{Format: FormatText}, filepath.Join(os.Getenv("CLOZE_DATA"), "corpora", "novels_en", "*.txt.gz"))
}

func BenchmarkGermanLines(b *testing.B) { benchmarkRead(b, Options{}, unpacked(b, "eltec_deu")) }

func BenchmarkCppDocsJSONL(b *testing.B) { benchmarkRead(b, Options{}, unpacked(b, "cpp_docs")) }

func BenchmarkCppDocsGzipJSONL(b *testing.B) {
	unpacked(b, "cpp_docs")
	benchmarkRead(b, Options{}, filepath.Join(os.Getenv("CLOZE_DATA"), "corpora", "cpp_docs", "cpp_docs.jsonl.gz"))
}

// BenchmarkCppDocsEncodingJSON is the peer: the standard library's way to read the same file.
func BenchmarkCppDocsEncodingJSON(b *testing.B) {
	path := filepath.Join(unpacked(b, "cpp_docs"), "cpp_docs.jsonl")
	b.ReportAllocs()
	var size, docs int64
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		size, docs = 0, 0
		for r := bufio.NewReaderSize(f, firstBufferBytes); ; docs++ {
			line, err := r.ReadBytes('\n')
			if err == io.EOF {
				break
			}
			var record struct{ Text string }
			if err := json.Unmarshal(line, &record); err != nil {
				b.Fatal(err)
			}
			size += int64(len(line))
		}
		f.Close()
	}
	b.SetBytes(size)
	b.ReportMetric(float64(docs), "docs")
}
