package train

import (
	"bufio"
	"bytes"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkFile trains $CLOZE_TRAIN_MODEL (bpe, wordpiece, unigram, unigram-nobytes, word) on the file $CLOZE_TRAIN_TEXT (documents end with a NUL) with
// $CLOZE_TRAIN_VOCAB pieces, as the scripts of testdata/bench ask for it, in one pass of a fresh process.
func BenchmarkFile(b *testing.B) {
	path := os.Getenv("CLOZE_TRAIN_TEXT")
	if path == "" {
		b.Skip("CLOZE_TRAIN_TEXT is not set")
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	vocab, err := strconv.Atoi(os.Getenv("CLOZE_TRAIN_VOCAB"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		file, report, err := trainAs(os.Getenv("CLOZE_TRAIN_MODEL"), vocab, documents(b, path))
		if err != nil {
			b.Fatal(err)
		}
		b.Log(report)
		if out := os.Getenv("CLOZE_TRAIN_OUT"); out != "" {
			if err := os.WriteFile(out, file, 0o666); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// memory is $CLOZE_TRAIN_MEMORY in MiB, or else the default.
func memory() int64 {
	if n, err := strconv.ParseInt(os.Getenv("CLOZE_TRAIN_MEMORY"), 10, 64); err == nil {
		return n << 20
	}
	return DefaultBPE().MemoryBytes
}

// trainAs trains one of the models as it comes.
func trainAs(model string, vocab int, texts iter.Seq2[[]byte, error]) ([]byte, Report, error) {
	switch model {
	case "wordpiece":
		c := DefaultWordPiece()
		c.VocabSize, c.MemoryBytes = vocab, memory()
		return WordPiece(c, texts)
	case "word":
		c := DefaultWordLevel()
		c.VocabSize, c.MemoryBytes = vocab, memory()
		return WordLevel(c, texts)
	case "unigram", "unigram-nobytes":
		c := DefaultUnigram()
		c.VocabSize, c.MemoryBytes, c.ByteFallback = vocab, memory(), model == "unigram"
		return Unigram(c, texts)
	default:
		c := DefaultBPE()
		c.VocabSize, c.MemoryBytes = vocab, memory()
		t, r, err := BPE(c, texts)
		if err != nil {
			return nil, r, err
		}
		return t.Bytes(), r, nil
	}
}

// documents reads a file one document after the other.
func documents(b *testing.B, path string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		r := bufio.NewReaderSize(f, 1<<16)
		for text := []byte(nil); ; {
			part, err := r.ReadSlice(0)
			text = append(text, part...)
			if err == bufio.ErrBufferFull {
				continue
			}
			if !yield(bytes.TrimSuffix(text, []byte{0}), nil) || err != nil {
				return
			}
			text = text[:0]
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
