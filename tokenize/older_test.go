package tokenize

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestC39VocabularyFileWithDuplicatesAndCRLF(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vocab.txt")
	os.WriteFile(path, []byte("[PAD]\r\n[UNK]\r\nab\r\nab\r\n\r\n"), 0o644)
	tok, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if tok.VocabSize() != 4 {
		t.Errorf("%d rows, want 4", tok.VocabSize())
	}
	for piece, want := range map[string]int32{"[PAD]": 0, "[UNK]": 1, "ab": 2} {
		if id, ok := tok.ID(piece); !ok || id != want {
			t.Errorf("%s has id %d, want %d", piece, id, want)
		}
	}
	if ids := tok.AppendIDs(nil, []byte("ab AB x")); !slices.Equal(ids, []int32{2, 2, 1}) {
		t.Errorf("%v", ids)
	}
	notes := strings.Join(tok.Notes(), "\n")
	if !strings.Contains(notes, `line 4 repeats "ab" of line 3`) || !strings.Contains(notes, "blank") {
		t.Errorf("notes %q", notes)
	}
}

// The older file and the tokenizer.json made of it by others give the same ids.
func TestOlderFilesEqualTheirTokenizerJSON(t *testing.T) {
	dir := filepath.Join(data(t), "tokenizers")
	text := string(novels(t, 300_000))
	for older, newer := range map[string]string{"bert-base-uncased/vocab.txt": "bert-base-uncased/tokenizer.json", "t5-small/spiece.model": "t5-small/tokenizer.json",
		"phi-3-mini/mistral.tokenizer.model.v1": ""} {
		a, err := Open(filepath.Join(dir, older))
		if err != nil {
			t.Error(err)
			continue
		}
		again, err := Parse(a.Bytes())
		if err != nil || again.Hash() != a.Hash() {
			t.Errorf("%s: saved and read again: %v", older, err)
		}
		if newer == "" {
			continue
		}
		b, err := Open(filepath.Join(dir, newer))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{text, "Hello  World! Ünïcödé ﬁ ½ 日本", "  a  b ", ""} {
			if got, want := a.AppendIDs(nil, []byte(s)), b.AppendIDs(nil, []byte(s)); !slices.Equal(got, want) {
				i := 0
				for i < min(len(got), len(want)) && got[i] == want[i] {
					i++
				}
				t.Errorf("%s: %.40q: id %d of %d, %d differs", older, s, i, len(got), len(want))
			}
		}
	}
}
