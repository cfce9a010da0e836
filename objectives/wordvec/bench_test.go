package wordvec

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/go-cloze/cloze/corpus"
)

// BenchmarkVocabulary is the pass over the text: from the file to the numbers of the words and the vocabulary. $CLOZE_WORDVEC_TEXT names the text,
// which testdata/bench/wordvec_text.py writes.
func BenchmarkVocabulary(b *testing.B) {
	path := os.Getenv("CLOZE_WORDVEC_TEXT")
	if path == "" {
		b.Skip("CLOZE_WORDVEC_TEXT names no text")
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		c, r := encodeFile(b, DefaultWord2Vec(), path)
		b.ReportMetric(float64(r.KeptTypes), "types")
		c.Close()
	}
}

func encodeFile(t testing.TB, c Config, path string) (*Corpus, Report) {
	t.Helper()
	src, err := corpus.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dir := t.TempDir()
	e, err := NewEncoder(filepath.Join(dir, "ids"), c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for doc, err := range src.All() {
		if err == nil {
			err = e.Add(doc.Text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	out, r, err := e.Corpus(filepath.Join(dir, "vocab.txt"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out, r
}
