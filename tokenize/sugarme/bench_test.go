package sugarme

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sugarme/tokenizer"
	"github.com/sugarme/tokenizer/model/bpe"
	"github.com/sugarme/tokenizer/normalizer"
	"github.com/sugarme/tokenizer/pretokenizer"

	"github.com/go-cloze/cloze/tokenize"
)

// goLines are 20,000 lines of Go's sources that are not blank.
func goLines(b *testing.B) (lines []string) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Skip(err)
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "src", "*", "*.go"))
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			if strings.TrimSpace(line) != "" {
				lines = append(lines, line)
			}
		}
		if len(lines) >= 20_000 {
			return lines[:20_000]
		}
	}
	b.Skip("GOROOT holds no sources")
	return nil
}

func open(b *testing.B, name string) *tokenize.Tokenizer {
	if os.Getenv("CLOZE_DATA") == "" {
		b.Skip("CLOZE_DATA is not set")
	}
	t, err := tokenize.Open(filepath.Join(os.Getenv("CLOZE_DATA"), "tokenizers", name, "tokenizer.json"))
	if err != nil {
		b.Skip(err)
	}
	return t
}

// theirGPT2 is their byte-level BPE with the vocabulary and merges of ours.
func theirGPT2(b *testing.B, tok *tokenize.Tokenizer) *tokenizer.Tokenizer {
	var file struct {
		Model struct {
			Vocab  json.RawMessage
			Merges []string
		}
	}
	if err := json.Unmarshal(tok.Bytes(), &file); err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	vocab, merges := filepath.Join(dir, "vocab.json"), filepath.Join(dir, "merges.txt")
	if err := os.WriteFile(vocab, file.Model.Vocab, 0o666); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(merges, []byte("#version: 0.2\n"+strings.Join(file.Model.Merges, "\n")+"\n"), 0o666); err != nil {
		b.Fatal(err)
	}
	m, err := bpe.NewBpeFromFiles(vocab, merges)
	if err != nil {
		b.Fatal(err)
	}
	tk := tokenizer.NewTokenizer(m)
	level := pretokenizer.NewByteLevel()
	level.SetAddPrefixSpace(false)
	tk.WithPreTokenizer(level)
	return tk
}

func theirBERT(tok *tokenize.Tokenizer) *tokenizer.Tokenizer {
	tk := tokenizer.NewTokenizer(wordPieceOf(tok))
	tk.WithNormalizer(normalizer.NewBertNormalizer(true, true, true, true))
	tk.WithPreTokenizer(pretokenizer.NewBertPreTokenizer())
	return tk
}

// BenchmarkTheirs and BenchmarkNew encode the same lines with their tokenizer, with theirs made of our parts, and say how many lines get other ids
// than from ours.
func BenchmarkTheirs(b *testing.B) {
	for name, make := range map[string]func(*tokenize.Tokenizer) *tokenizer.Tokenizer{
		"gpt2": func(t *tokenize.Tokenizer) *tokenizer.Tokenizer { return theirGPT2(b, t) }, "bert-base-uncased": theirBERT} {
		b.Run(name, func(b *testing.B) { race(b, open(b, name), make) })
	}
}

func BenchmarkNew(b *testing.B) {
	for _, name := range []string{"gpt2", "bert-base-uncased"} {
		b.Run(name, func(b *testing.B) { race(b, open(b, name), New) })
	}
}

func race(b *testing.B, tok *tokenize.Tokenizer, make func(*tokenize.Tokenizer) *tokenizer.Tokenizer) {
	lines, tk := goLines(b), make(tok)
	b.SetBytes(int64(len(strings.Join(lines, "\n"))))
	var got [][]int
	for b.Loop() {
		got = got[:0]
		for _, line := range lines {
			// Their accent stripping panics on some lines; such a line has no ids.
			e, err := guarded(func() (*tokenizer.Encoding, error) { return tk.EncodeSingle(line) })
			if err != nil {
				e = &tokenizer.Encoding{}
			}
			got = append(got, e.Ids)
		}
	}
	differ, failed := 0, 0
	var shown bytes.Buffer
	for i, line := range lines {
		if want := ints(tok.EncodeWith(line, tokenize.EncodeOptions{NoTemplate: true}).IDs); !slices.Equal(got[i], want) {
			if got[i] == nil {
				failed++
			}
			if differ++; differ <= 3 {
				shown.WriteString(line + "\n")
			}
		}
	}
	if differ > 0 {
		b.Logf("such as\n%s", shown.String())
	}
	b.ReportMetric(float64(differ), "differing_lines")
	b.ReportMetric(float64(failed), "panics")
}
