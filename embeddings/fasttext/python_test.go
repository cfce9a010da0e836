package fasttext

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Set CLOZE_PYTHON to a Python with fasttext to run this one: models that were
// read and written again, quantised and pruned ones too, answer as before.
func TestTheOriginalReadsWhatWeWrite(t *testing.T) {
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		t.Skip("CLOZE_PYTHON (a Python with fasttext) is not set")
	}
	for _, name := range []string{"pruned.ftz", "output.ftz", "ova.bin"} {
		m := open(t, name)
		path := filepath.Join(t.TempDir(), name)
		if err := m.Write(path); err != nil {
			t.Fatal(err)
		}
		texts := []string{"lun né", "zzz", "e e lun"}
		command := exec.Command(python, "testdata/gen/embeddings_fasttext.py", "labels", path)
		command.Dir, command.Stdin = "../..", strings.NewReader(strings.Join(texts, "\n")+"\n")
		out, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		lines := json.NewDecoder(bytes.NewReader(out))
		for _, text := range texts {
			var want []pair[string, float32]
			if err := lines.Decode(&want); err != nil || len(want) == 0 {
				t.Fatal(err)
			}
			got, err := m.Predict(text, -1, 0)
			if err != nil {
				t.Fatal(err)
			}
			same(t, name+" "+text, got.Labels, want)
		}
	}
}
