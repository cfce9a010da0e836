package embeddings

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/embeddings/fasttext"
)

// The original's own models, each kind of them.
const fastTextModels = goldenDir + "/fasttext"

// Case C46, C47: known words have the original's vectors, unknown ones are
// composed as the original does, and the two are told apart.
func TestFastTextWordsAreOwnOrComposed(t *testing.T) {
	for _, name := range []string{"skipgram.bin", "cbow-hs.bin", "words-only.bin", "softmax.bin", "quantised.ftz", "pruned.ftz"} {
		path := filepath.Join(fastTextModels, name)
		v, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := fasttext.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float32, v.Dim())
		for _, w := range append([]string{"", "zzz", "unheard-of", "x", "né"}, v.Words()...) {
			found := m.Vector(want, w)
			if v.Has(w) != (found == fasttext.Own) || !v.Has(w) && v.CanCompose(w) != (found == fasttext.Composed) {
				t.Errorf("%s: %q: has %v, can compose %v, found %v", name, w, v.Has(w), v.CanCompose(w), found)
			}
			var got []float32
			switch found {
			case fasttext.Own:
				got, _ = v.Vector(w)
			case fasttext.Composed:
				if got, err = v.Compose(w); err != nil {
					t.Fatal(err)
				}
			default:
				var unknown *UnknownWordError
				if _, err := v.Compose(w); !errors.As(err, &unknown) || unknown.Word != w {
					t.Errorf("%s: composing %q: %v", name, w, err)
				}
				continue
			}
			for i := range want {
				if want[i] != got[i] {
					t.Errorf("%s: %q: number %d is %g, want %g", name, w, i, got[i], want[i])
				}
			}
		}
	}
}

// A known word composed of its parts does not use its own row.
func TestComposingAKnownWordTakesItsPartsAlone(t *testing.T) {
	v, err := Open(fastTextModels + "/skipgram.bin")
	if err != nil {
		t.Fatal(err)
	}
	word := v.Word(3)
	m, _ := fasttext.Open(fastTextModels + "/skipgram.bin")
	want := make([]float32, v.Dim())
	m.Compose(want, word)
	got, err := v.Compose(word)
	if err != nil || math.Abs(float64(got[0]-want[0])) > 0 || got[0] == v.Row(3)[0] {
		t.Errorf("%v %v, want %v", got, err, want)
	}
}

func TestFastTextModelsAreReadFromStreamsToo(t *testing.T) {
	content, err := os.ReadFile(fastTextModels + "/skipgram.bin")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(content)
	z.Close()
	v, err := Open(file(t, "model.gz", b.String()))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := Open(fastTextModels + "/skipgram.bin")
	if d, err := Compare(v, want); d != 0 || err != nil || !v.CanCompose("unheard-of") {
		t.Error(d, err)
	}
	_, err = Open(file(t, "cut.bin", string(content[:len(content)-3])))
	refused(t, err, "cut.bin", "fastText model", "output matrix", "the file's end at byte 18162")
	_, err = Open(file(t, "cut.bin", string(content[:100])))
	refused(t, err, "fastText model")
}

// Models of 2016 have no magic number. The original of today refuses them;
// gensim reads them, and gives these numbers.
func TestOldFastTextModels(t *testing.T) {
	root := os.Getenv("CLOZE_DATA")
	if root == "" {
		t.Skip("CLOZE_DATA is not set")
	}
	text, err := os.ReadFile(goldenDir + "/fasttext_old.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Models map[string]struct {
			Words   int
			Vectors map[string][]float32
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Models) != 3 {
		t.Fatal(err)
	}
	for name, want := range golden.Models {
		v, err := Open(filepath.Join(root, "models", name))
		if err != nil || v.Len() != want.Words {
			t.Fatal(name, err, v.Len())
		}
		for w, x := range want.Vectors {
			got, own := v.Vector(w)
			if !own {
				if got, err = v.Compose(w); err != nil {
					t.Fatal(name, err)
				}
			}
			for i := range x {
				if math.Abs(float64(got[i]-x[i])) > 1e-6 {
					t.Errorf("%s: %q is %v, want %v", name, w, got, x)
				}
			}
		}
	}
}

// Set CLOZE_PYTHON to a Python with fasttext to run this one: what we write, it
// reads, and gives the same vectors.
func TestFastTextReadsWhatWeWrite(t *testing.T) {
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		t.Skip("CLOZE_PYTHON (a Python with fasttext) is not set")
	}
	words := []string{"the", "naïve", "日本", "</s>", "7"}
	rows := make([]float32, 5*37)
	for i := range rows {
		rows[i] = float32(i)/64 - 1
	}
	v, err := FromRows(words, 37, rows)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "vectors.bin")
	if err := v.Write(path, FastText); err != nil {
		t.Fatal(err)
	}
	ask := append(words, "unheard-of")
	command := exec.Command(python, "testdata/gen/embeddings_fasttext.py", "vectors", path)
	command.Dir, command.Stdin = "..", strings.NewReader(strings.Join(ask, "\n")+"\n")
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(bytes.NewReader(out))
	for i, w := range ask {
		var got []float32
		if err := lines.Decode(&got); err != nil || len(got) != 37 {
			t.Fatal(err)
		}
		for j, x := range got {
			if want := append(rows, make([]float32, 37)...)[37*i+j]; x != want {
				t.Fatalf("%q: number %d is %g, want %g", w, j, x, want)
			}
		}
	}
}
