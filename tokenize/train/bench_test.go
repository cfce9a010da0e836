package train

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkBPEFile trains on the file $CLOZE_TRAIN_TEXT (documents end with a NUL) with $CLOZE_TRAIN_VOCAB pieces, as
// testdata/bench/tokenize_bpe.py asks for it, in one pass of a fresh process.
func BenchmarkBPEFile(b *testing.B) {
	path := os.Getenv("CLOZE_TRAIN_TEXT")
	if path == "" {
		b.Skip("CLOZE_TRAIN_TEXT is not set")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	c := DefaultBPE()
	if c.VocabSize, err = strconv.Atoi(os.Getenv("CLOZE_TRAIN_VOCAB")); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tok, r, err := BPE(c, split(text))
		if err != nil {
			b.Fatal(err)
		}
		b.Log(r)
		if out := os.Getenv("CLOZE_TRAIN_OUT"); out != "" {
			if err := tok.Save(out); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func split(text []byte) func(func([]byte, error) bool) {
	return func(yield func([]byte, error) bool) {
		for len(text) > 0 {
			doc, rest, _ := bytes.Cut(text, []byte{0})
			if text = rest; !yield(doc, nil) {
				return
			}
		}
	}
}

// BenchmarkBPEGoSource trains 8,192 pieces on the Go installation's own sources.
func BenchmarkBPEGoSource(b *testing.B) {
	var texts [][]byte
	total := 0
	filepath.WalkDir(filepath.Join(os.Getenv("GOROOT"), "src"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") {
			if text, err := os.ReadFile(path); err == nil {
				texts = append(texts, text)
				total += len(text)
			}
		}
		return nil
	})
	if total == 0 {
		b.Skip("GOROOT holds no sources")
	}
	b.SetBytes(int64(total))
	for b.Loop() {
		_, _, err := BPE(DefaultBPE(), func(yield func([]byte, error) bool) {
			for _, text := range texts {
				if !yield(text, nil) {
					return
				}
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
