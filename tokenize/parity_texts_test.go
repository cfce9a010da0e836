package tokenize

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// parityCorpora are the texts of TestParityOfPublished: what lies under these folders of $CLOZE_DATA, Go's sources and random strings.
var parityCorpora = []string{"random", "parallel/udhr2", "corpora/tinyshakespeare", "corpora/us_speeches", "corpora/wikitext2_raw", "corpora/gensim_text", "tokenizers/sentencepiece",
	"corpora/eltec_fra", "corpora/eltec_deu", "go", "corpora/cpp_docs", "corpora/novels_en"}

// corpusTexts reads a corpus by its name, cut into documents of two kilobytes at line ends.
func corpusTexts(t testing.TB, name string, random int) (texts []string) {
	root := filepath.Join(data(t), name)
	switch name {
	case "random":
		r := rand.New(rand.NewPCG(2, 71))
		for range random {
			texts = append(texts, randomRunes(r))
		}
		return texts
	case "go":
		out, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			t.Fatal(err)
		}
		root = filepath.Join(strings.TrimSpace(string(out)), "src")
	}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil || e.IsDir() || e.Name() == "SOURCE.md" || strings.HasSuffix(path, ".model") || name == "go" && !strings.HasSuffix(path, ".go"):
			return err
		case strings.HasSuffix(path, ".jsonl.gz"):
			texts = append(texts, pages(t, readPacked(t, path))...)
		default:
			texts = append(texts, documents(readPacked(t, path), 2000)...)
		}
		return nil
	})
	if err != nil || len(texts) == 0 {
		t.Fatalf("%s: %d texts: %v", root, len(texts), err)
	}
	return texts
}

// pages are the texts of a file of JSON lines.
func pages(t testing.TB, raw []byte) (texts []string) {
	for d := json.NewDecoder(bytes.NewReader(raw)); ; {
		var page struct{ Text string }
		if err := d.Decode(&page); err == io.EOF {
			return texts
		} else if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, documents([]byte(page.Text), 2000)...)
	}
}

// documents cuts a text at the first line end after size bytes, again and again. What is not UTF-8 becomes U+FFFD.
func documents(raw []byte, size int) (texts []string) {
	for len(raw) > 0 {
		n := min(len(raw), size)
		if i := bytes.IndexByte(raw[n:], '\n'); i >= 0 {
			n += i
		} else {
			n = len(raw)
		}
		texts = append(texts, strings.ToValidUTF8(string(raw[:n]), "\ufffd"))
		raw = raw[n:]
	}
	return texts
}

// spread are at most n of the texts, at equal distances.
func spread(texts []string, n int) (some []string) {
	for i := range min(n, len(texts)) {
		some = append(some, texts[i*len(texts)/min(n, len(texts))])
	}
	return some
}

// randomRunes is a string of any code points.
func randomRunes(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(24) {
		switch r.IntN(4) {
		case 0:
			b.WriteRune(rune(r.IntN(0x80)))
		case 1:
			b.WriteRune(rune(r.IntN(0x3000)))
		case 2:
			b.WriteRune(rune(0xE000 + r.IntN(0x110000-0xE000)))
		default:
			b.WriteString([]string{" ", "the", "\u0301", "\u200d", "가", "日", "é", "\u0345", "👩"}[r.IntN(9)])
		}
	}
	return b.String()
}

// stressText mixes stretches of the golden's texts with random characters.
func stressText(r *rand.Rand, from []string) string {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		switch r.IntN(3) {
		case 0:
			b.WriteString(randomText(r))
		case 1:
			s := []rune(from[r.IntN(len(from))])
			if len(s) > 0 {
				i := r.IntN(len(s))
				b.WriteString(string(s[i:min(len(s), i+1+r.IntN(12))]))
			}
		default:
			b.WriteString([]string{" ", "  ", "\n", "▁", "a", "Abc", "<x>", "é", "e\u0301", "ﬁ", "1", "日", "İ", "!", "'"}[r.IntN(15)])
		}
	}
	return b.String()
}

// readPacked reads a file, unpacked; of a zip archive all its files, one after the other.
func readPacked(t testing.TB, path string) []byte {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var parts []io.Reader
	switch {
	case strings.HasSuffix(path, ".gz"):
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, z)
	case strings.HasSuffix(path, ".zip"):
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, r)
		}
	case strings.HasSuffix(path, ".bz2"):
		parts = append(parts, bzip2.NewReader(bytes.NewReader(raw)))
	default:
		return raw
	}
	if raw, err = io.ReadAll(io.MultiReader(parts...)); err != nil {
		t.Fatal(err)
	}
	return raw
}
