package embeddings

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// glove unpacks 25,000 x 50 real vectors to a file.
func glove(b *testing.B) (path string, size int64) {
	root := os.Getenv("CLOZE_DATA")
	if root == "" {
		b.Skip("CLOZE_DATA is not set")
	}
	packed, err := os.Open(filepath.Join(root, "models/glove_6b_50d_top/glove.6B.50d.top25k.txt.gz"))
	if err != nil {
		b.Fatal(err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		b.Fatal(err)
	}
	path = filepath.Join(b.TempDir(), "glove.txt")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.Fatal(err)
	}
	return path, int64(len(text))
}

func BenchmarkOpenText(b *testing.B) {
	path, size := glove(b)
	for _, threads := range []int{1, 0} {
		name := "one thread"
		if threads == 0 {
			name = "all cores"
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (Options{Threads: threads}).Open(path); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWriteText(b *testing.B) {
	path, _ := glove(b)
	v, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := v.Encode(io.Discard, Word2Vec); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNearest(b *testing.B) {
	path, _ := glove(b)
	v, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(4 * len(v.Rows())))
	for b.Loop() {
		if _, err := v.Nearest("france", 10, SearchOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
