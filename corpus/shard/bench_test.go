//go:build unix

package shard

import (
	"bytes"
	"context"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/tokenize"
)

// realText gives English novels, a document a paragraph of about 1 KB, and GPT-2's tokenizer; both come through $CLOZE_DATA.
func realText(b *testing.B) (*tokenize.Tokenizer, [][]byte, int64) {
	b.Helper()
	data := os.Getenv("CLOZE_DATA")
	if data == "" {
		b.Skip("CLOZE_DATA is not set")
	}
	tok, err := tokenize.Open(filepath.Join(data, "tokenizers", "gpt2"))
	if err != nil {
		b.Fatal(err)
	}
	src, err := corpus.Options{Unit: "file"}.Open(filepath.Join(data, "corpora", "novels_en"))
	if err != nil {
		b.Fatal(err)
	}
	defer src.Close()
	var docs [][]byte
	var size int64
	for doc, err := range src.All() {
		if err != nil {
			b.Fatal(err)
		}
		for text := doc.Text; len(text) > 0 && size < 64<<20; {
			n := len(text)
			if n > 1000 {
				n = 1000 + max(bytes.IndexByte(text[1000:], '\n')+1, 0)
			}
			docs = append(docs, bytes.Clone(text[:n]))
			size += int64(n)
			text = text[n:]
		}
	}
	return tok, docs, size
}

func each(docs [][]byte) iter.Seq2[corpus.Document, error] {
	return func(yield func(corpus.Document, error) bool) {
		for _, text := range docs {
			if !yield(corpus.Document{Text: text}, nil) {
				return
			}
		}
	}
}

// perCore reports bytes of text a second of processor time, which other programs on the machine do not change.
func perCore(b *testing.B, size int64) (stop func()) {
	start := coreTime(b)
	return func() {
		b.ReportMetric(float64(size)*float64(b.N)/1e6/(coreTime(b)-start).Seconds(), "MB/core-s")
	}
}

// coreTime is the processor time that this process has taken.
func coreTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkWriteIDs is ids to a synced folder on one core; bytes are those of the text.
func BenchmarkWriteIDs(b *testing.B) {
	tok, texts, size := realText(b)
	docs := make([]Document, len(texts))
	for i, text := range texts {
		docs[i].IDs, docs[i].Words = tok.AppendWords(nil, nil, text)
		docs[i].TextBytes = len(text)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	defer perCore(b, size)()
	for b.Loop() {
		w, err := Create(filepath.Join(b.TempDir(), "tokens"), ConfigFor(tok))
		if err != nil {
			b.Fatal(err)
		}
		for i := range docs {
			docs[i].Hash = HashText(texts[i]) // of the writer's work, done here by the caller
			if err := w.Add(docs[i]); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Finish(); err != nil {
			b.Fatal(err)
		}
		w.Close()
	}
}

// BenchmarkWriteText is text to a synced folder, tokenising included; bytes are those of the text.
func BenchmarkWriteText(b *testing.B) {
	tok, texts, size := realText(b)
	for _, threads := range []int{1, 2} {
		b.Run(strings.Repeat("core", threads), func(b *testing.B) {
			b.SetBytes(size)
			defer perCore(b, size)()
			for b.Loop() {
				path := filepath.Join(b.TempDir(), "tokens")
				if err := Write(context.Background(), path, each(texts), Encoder{Tokenizer: tok, Threads: threads}, ConfigFor(tok), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTokenize is the tokenizer alone on one core.
func BenchmarkTokenize(b *testing.B) {
	tok, texts, size := realText(b)
	var ids []int32
	var words []uint64
	b.SetBytes(size)
	defer perCore(b, size)()
	for b.Loop() {
		for _, text := range texts {
			ids, words = tok.AppendWords(ids[:0], words[:0], text)
		}
	}
}

// BenchmarkSeek reads blocks of 1,024 ids at random places of a large set: find the document, widen the ids, take the word starts.
func BenchmarkSeek(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name   string
		length int
	}{{"documents of 20", 20}, {"documents of 1000", 1000}} {
		b.Run(c.name, func(b *testing.B) {
			cfg := config(50_000, 0)
			cfg.FileBytes = 100 << 20
			path := filepath.Join(b.TempDir(), "tokens")
			w, err := Create(path, cfg)
			if err != nil {
				b.Fatal(err)
			}
			d := Document{IDs: make([]int32, 2*c.length), Words: make([]uint64, 2*c.length/64+1)}
			ids := d.IDs
			for n := 0; n < 200_000_000; n += len(d.IDs) {
				d.IDs = ids[:1+rng.IntN(len(ids))]
				if err := w.Add(d); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Finish(); err != nil {
				b.Fatal(err)
			}
			w.Close()
			s := open(b, path)
			var out []int32
			var words []uint64
			b.ReportAllocs()
			start := coreTime(b)
			for b.Loop() {
				lo := rng.IntN(s.Tokens() - 1024)
				s.Document(s.DocumentAt(lo))
				out, words = s.Append(out[:0], words[:0], lo, lo+1024)
			}
			b.ReportMetric(float64(coreTime(b)-start)/float64(b.N), "core-ns/op")
		})
	}
}
