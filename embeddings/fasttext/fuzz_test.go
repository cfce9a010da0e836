package fasttext

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever the file, nothing panics, and what was read can be asked and written.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"skipgram.bin", "hs.bin", "ova.bin", "pruned.ftz", "output.ftz", "words-only.bin"} {
		content, err := os.ReadFile(filepath.Join(goldenDir, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content, int64(len(content)))
		f.Add(content[:len(content)/2], int64(-1))
		f.Add(content[8:], int64(len(content)-8)) // no magic number
	}
	f.Fuzz(func(t *testing.T, content []byte, size int64) {
		if size >= 0 {
			size = int64(len(content))
		}
		m, err := Read("fuzz", bytes.NewReader(content), size)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("two lines: %q", err)
			}
			return
		}
		dst := make([]float32, m.Args.Dim)
		for _, w := range []string{"", "né", "chat", EndOfLine, "\xff\x80"} {
			if found := m.Vector(dst, w); (found == Composed) != (m.CanCompose(w) && found != Own) {
				t.Errorf("%q is %v", w, found)
			}
		}
		if m.Args.Model == Supervised {
			if _, err := m.Predict("chat né __label__a", -1, 0); err != nil {
				t.Error(err)
			}
		}
		var b bytes.Buffer
		if err := m.Encode(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := Read("back", &b, int64(b.Len())); err != nil {
			t.Fatal(err)
		}
	})
}

// Sub-words are the same however they are cut out: here by runes, as the
// original's description has it, for text that is UTF-8.
func FuzzSubwords(f *testing.F) {
	f.Add("né", 1, 3)
	f.Add("日本🤗x", 2, 4)
	f.Fuzz(func(t *testing.T, word string, minN, maxN int) {
		word = strings.ToValidUTF8(word, "?")
		if len(word) > 200 || maxN > 10 || word == EndOfLine {
			return
		}
		runes := []rune("<" + word + ">")
		var want []int32
		for i := range runes {
			for n := 1; n <= maxN && i+n <= len(runes); n++ {
				if n >= minN && !(n == 1 && (i == 0 || i == len(runes)-1)) {
					want = append(want, int32(Hash(string(runes[i:i+n]))%1000))
				}
			}
		}
		got := AppendSubwords(nil, word, minN, maxN, 1000)
		if len(got) != len(want) {
			t.Fatalf("%q %d-%d: %v, want %v", word, minN, maxN, got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%q %d-%d: %v, want %v", word, minN, maxN, got, want)
			}
		}
	})
}
