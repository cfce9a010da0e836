package fasttext

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func open(t testing.TB, name string) *Model {
	t.Helper()
	m, err := Open(filepath.Join(goldenDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Case C47: a word without n-grams has a zero vector, and the answer says so.
func TestWordWithoutSubwordsIsNotFound(t *testing.T) {
	m, words := open(t, "skipgram.bin"), open(t, "words-only.bin")
	m.Args.MinN, m.Args.MaxN = 3, 6
	dst := make([]float32, m.Args.Dim)
	for _, c := range []struct {
		model *Model
		word  string
		want  Found
	}{
		{m, "", NotFound}, {words, "zzz", NotFound}, {m, "q", Composed}, {m, "zzz", Composed}, {m, "lun", Own}, {words, "lun", Own}, {m, EndOfLine, Own},
	} {
		for i := range dst {
			dst[i] = 7
		}
		if got := c.model.Vector(dst, c.word); got != c.want {
			t.Errorf("%q: %v, want %v", c.word, got, c.want)
		}
		if zero := slices.Max(dst) == 0 && slices.Min(dst) == 0; zero != (c.want == NotFound) {
			t.Errorf("%q: vector %v", c.word, dst)
		}
	}
	if got := AppendSubwords(nil, "q", 3, 6, 300); len(got) != 1 || got[0] != int32(Hash("<q>")%300) {
		t.Errorf("q has sub-words %v", got)
	}
	if !m.CanCompose("chat") || m.CanCompose("") || words.CanCompose("chat") || m.CanCompose(EndOfLine) {
		t.Error("can be composed: chat alone, and only with sub-words")
	}
}

// Case C50: the end of the line is there in any case and once; a text is one
// record whatever line ends are in it.
func TestEndOfLineTokenIsHidden(t *testing.T) {
	for _, name := range []string{"softmax.bin", "hs.bin", "pruned.ftz"} {
		m := open(t, name)
		want, err := m.Predict("lun né", -1, 0)
		if err != nil || len(want.Labels) != 8 {
			t.Fatal(want, err)
		}
		for _, text := range []string{"lun né\n", "lun né\r\n", "lun\nné", " lun\n\nné \n\n", "lun né </s>", "lun né </s> more of it"} {
			if got, _ := m.Predict(text, -1, 0); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %q is %v, want %v", name, text, got, want)
			}
		}
	}
}

// Case C51: an answer to each text, and a flag where no word is known.
func TestEveryTextHasAnAnswer(t *testing.T) {
	m := open(t, "plain-softmax.bin") // no sub-words: unknown words stay unknown
	for text, empty := range map[string]bool{"lun né": false, "": true, "  \t": true, "unheard of": true, "a\u0085b lun": false, "lun": false, "__label__a": true} {
		got, err := m.Predict(text, 2, 0)
		if err != nil || len(got.Labels) != 2 || got.Empty != empty {
			t.Errorf("%q: %v %v, want empty %v", text, got, err, empty)
		}
	}
	m.Dictionary.Words = slices.Clone(m.Dictionary.Words)
	delete(m.Dictionary.index, EndOfLine) // as in a model that never saw a line end
	if got, err := m.Predict("", 2, 0); err != nil || got.Labels != nil || !got.Empty {
		t.Errorf("nothing to go by gives %v %v", got, err)
	}
}

// Case C48: what a file is not is said in its own words.
func TestVectorsAreNoClassifier(t *testing.T) {
	_, err := open(t, "skipgram.bin").Predict("chat", 1, 0)
	if err == nil || !strings.Contains(err.Error(), "skipgram model of word vectors, not a classifier") {
		t.Error(err)
	}
	for _, k := range []int{0, -2} {
		if _, err := open(t, "hs.bin").Predict("chat", k, 0); err == nil {
			t.Errorf("%d labels are given", k)
		}
	}
}

func TestDamagedModelsAreRefused(t *testing.T) {
	for _, name := range []string{"skipgram.bin", "pruned.ftz", "output.ftz"} {
		whole, err := os.ReadFile(filepath.Join(goldenDir, name))
		if err != nil {
			t.Fatal(err)
		}
		refused := func(what string, content []byte) {
			t.Helper()
			for _, size := range []int64{int64(len(content)), -1} {
				_, err := Read("x", bytes.NewReader(content), size)
				var e *Error
				if !errors.As(err, &e) || e.Remedy == "" || strings.Contains(err.Error(), "\n") {
					t.Fatalf("%s, %s: %v", name, what, err)
				}
				if _, err := ReadInput("x", bytes.NewReader(content), size); err == nil {
					t.Fatalf("%s, %s: read without its output", name, what)
				}
			}
		}
		for cut := 0; cut < len(whole); cut += 1 + cut/20 {
			refused("cut", whole[:cut])
		}
		refused("cut by one", whole[:len(whole)-1])
		refused("one more", append(whole[:len(whole):len(whole)], 0))
		for at, what := range map[int]string{4: "version", 8: "dimension", 36: "model", 32: "loss", 64: "dictionary size", 68: "words"} {
			damaged := bytes.Clone(whole)
			copy(damaged[at:], "\xff\xff\xff\x7f")
			refused(what, damaged)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); err == nil || strings.Count(err.Error(), "none") != 1 {
		t.Error(err)
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
}

// A dictionary that no file can hold is refused when it is made.
func TestDictionaryRefusesWhatCannotBeWritten(t *testing.T) {
	for _, words := range [][]Entry{{{"a", 1}, {"a", 1}}, {{"a\x00b", 1}}} {
		if _, err := NewDictionary(words, nil); err == nil {
			t.Errorf("%v was taken", words)
		}
	}
	if _, err := NewDictionary([]Entry{{"a", 1}}, []Entry{{"a", 1}}); err == nil {
		t.Error("a word that is a label, too, was taken")
	}
}
