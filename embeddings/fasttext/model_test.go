package fasttext

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// data is a real file, or the test is skipped.
func data(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("CLOZE_DATA")
	if root == "" {
		t.Skip("CLOZE_DATA is not set")
	}
	return filepath.Join(root, "models", name)
}

// What was read and written again is the same file, but for the version: all
// fields are kept.
func TestModelsAreWrittenAsTheyWere(t *testing.T) {
	for _, name := range []string{
		"gensim/crime-and-punishment.bin", "gensim/toy-model.bin", "gensim/toy-model-pretrained.bin",
		"gensim/pang_lee_polarity_fasttext.bin", "finalfusion/fasttext.bin",
	} {
		path := data(t, name)
		m, err := Open(path)
		if err != nil {
			t.Error(err)
			continue
		}
		var b bytes.Buffer
		if err := m.Encode(&b); err != nil {
			t.Fatal(err)
		}
		if want, _ := os.ReadFile(path); !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%s: %d bytes, were %d; not the same", name, b.Len(), len(want))
		}
	}
}
