package embeddings

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type gensimGolden struct {
	Words   []string
	Bits    []uint32
	Nearest map[string][][2]any
}

const goldenDir = "../testdata/embeddings"

func gensim(t testing.TB) (golden gensimGolden, rows []float32) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(goldenDir, "gensim.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	for _, b := range golden.Bits {
		rows = append(rows, math.Float32frombits(b))
	}
	return golden, rows
}

func TestReadsWhatGensimWrote(t *testing.T) {
	golden, rows := gensim(t)
	for _, name := range []string{"gensim.txt", "gensim.bin"} {
		v, err := Options{Strict: true}.Open(filepath.Join(goldenDir, name))
		if err != nil {
			t.Fatal(err)
		}
		holds(t, v, golden.Words, rows...)
	}
}

// Set CLOZE_PYTHON to a Python with gensim to run this one.
func TestGensimReadsWhatWeWrite(t *testing.T) {
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		t.Skip("CLOZE_PYTHON (a Python with gensim) is not set")
	}
	pieces := []string{" the", "the", "\n", "\xe9", "", "▁", "<0x0A>", "\u00a0", "naïve", "日本", "\ufeff", "a b c", "\r\n\t", "<0x>"}
	v := random(t, Keys(pieces), 37)
	dir := t.TempDir()
	formats := []Format{Word2Vec, Word2VecBinary, GloVe, FastTextVec, FastText, Safetensors}
	for _, format := range formats {
		if err := v.Write(filepath.Join(dir, string(format)), format); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(python, "testdata/gen/embeddings_gensim.py", dir)
	command.Dir = ".."
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]gensimGolden
	if err := json.Unmarshal(out, &read); err != nil || len(read) != len(formats) {
		t.Fatal(err, len(read))
	}
	for name, got := range read {
		if !slices.Equal(got.Words, v.Words()) || len(got.Bits) != len(v.Rows()) {
			t.Fatalf("%s: %q", name, got.Words)
		}
		for i, b := range got.Bits {
			if b != math.Float32bits(v.Rows()[i]) {
				t.Fatalf("%s: number %d differs", name, i)
			}
		}
	}
}

// gensim's own files are refused with the line that converts them, and it does.
func TestGensimPicklesAreConvertedByTheLineInTheError(t *testing.T) {
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		t.Skip("CLOZE_PYTHON (a Python with gensim) is not set")
	}
	dir := t.TempDir()
	make := `from gensim.models import Word2Vec, FastText
s = [["a", "b", "c"]] * 20
for name, model in (("w2v", Word2Vec(s, vector_size=4, min_count=1)), ("ft", FastText(s, vector_size=4, min_count=1, bucket=20))):
    model.save(name + ".model"); model.wv.save(name + ".kv")`
	run := func(name string, args ...string) {
		t.Helper()
		command := exec.Command(name, args...)
		command.Dir = dir
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	run(python, "-c", make)
	for _, name := range []string{"w2v.model", "w2v.kv", "ft.model", "ft.kv"} {
		_, err := Open(filepath.Join(dir, name))
		refused(t, err, name, "Python pickle", "gensim")
		_, line, _ := strings.Cut(err.Error(), `python -c "`)
		line, _, ok := strings.Cut(line, `" FILE`)
		if !ok {
			t.Fatal(err)
		}
		run(python, "-c", line, name)
		v, err := Open(filepath.Join(dir, "vectors.txt"))
		if err != nil || v.Len() != 3 || v.Dim() != 4 {
			t.Errorf("%s: %v %v", name, v, err)
		}
	}
}

// Case C61: words, order and every bit, in every format.
func TestRoundTripIsExact(t *testing.T) {
	words := []string{"the", "7", "3.5", "\u00a0", "naïve", "\xff\xfe", "<0x0A>", "PK\x03\x04", "-1", "nan", "1e5"}
	for _, dim := range []int{1, 2, 7, 300} {
		v := random(t, words, dim)
		for _, format := range Formats() {
			if format == GloVe && dim == 1 {
				continue
			}
			path := filepath.Join(t.TempDir(), "vectors")
			if err := v.Write(path, format); err != nil {
				t.Fatal(err)
			}
			back, err := Open(path)
			if err != nil {
				t.Fatalf("%s %d: %v", format, dim, err)
			}
			holds(t, back, words, v.Rows()...)
			if d, err := Compare(v, back); d != 0 || err != nil {
				t.Errorf("%s: %g %v", format, d, err)
			}
			var b bytes.Buffer
			if err := v.Encode(&b, format); err != nil {
				t.Fatal(err)
			}
			if onDisk, _ := os.ReadFile(path); !bytes.Equal(onDisk, b.Bytes()) {
				t.Errorf("%s: Encode and Write differ", format)
			}
			if info, _ := os.Stat(path); info.Mode().Perm() != 0o644 {
				t.Errorf("mode %v", info.Mode())
			}
		}
	}
}

func TestEmptyStoreIsReadBack(t *testing.T) {
	v := random(t, nil, 5)
	for _, format := range []Format{Word2Vec, Word2VecBinary, Safetensors} {
		path := filepath.Join(t.TempDir(), "vectors")
		if err := v.Write(path, format); err != nil {
			t.Fatal(err)
		}
		if back, err := Open(path); err != nil || back.Len() != 0 || back.Dim() != 5 {
			t.Errorf("%s: %v %v", format, back, err)
		}
	}
	refused(t, v.Write("x", GloVe), "no header")
}

// Case C57.
func TestWordsThatDoNotFitAreRefusedOrEscaped(t *testing.T) {
	words := []string{"gut", "mein haus", "an der", "", "neue\nzeile"}
	v := random(t, words, 3)
	dir := t.TempDir()
	for _, format := range []Format{Word2Vec, Word2VecBinary, GloVe, FastTextVec} {
		path := filepath.Join(dir, "vectors")
		refused(t, v.Write(path, format), path, "4 words", `"mein haus" "an der" "" "neue\nzeile"`, "Escaped")
		if files, _ := os.ReadDir(dir); len(files) > 0 {
			t.Fatalf("something was written: %v", files)
		}
		if err := v.Escaped().Write(path, format); err != nil {
			t.Fatal(err)
		}
		back, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, back, []string{"gut", "mein▁haus", "an▁der", "<0x>", "neue<0x0A>zeile"}, v.Rows()...)
		if back, err = back.Unescaped(); err != nil {
			t.Fatal(err)
		}
		holds(t, back, words, v.Rows()...)
		os.Remove(path)
	}
	path := filepath.Join(dir, "vectors.safetensors")
	if err := v.Write(path, Safetensors); err != nil { // holds any bytes
		t.Fatal(err)
	}
	back, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, back, words, v.Rows()...)
	many := random(t, strings.Split(strings.Repeat("a ,", 30), ",")[:1], 2)
	refused(t, many.Write(path, Word2Vec), "1 words")
}

func TestFailedWriteKeepsTheOldFile(t *testing.T) {
	v := random(t, []string{"a"}, 2)
	dir := t.TempDir()
	path := filepath.Join(dir, "v.txt")
	if err := v.Write(path, Word2Vec); err != nil {
		t.Fatal(err)
	}
	refused(t, v.Write(path, "docx"), "unknown format", "glove")
	refused(t, random(t, []string{"a b"}, 2).Write(path, Word2Vec), "v.txt")
	refused(t, v.Write(filepath.Join(dir, "no", "v.txt"), Word2Vec), "cannot be written")
	if _, err := Open(path); err != nil {
		t.Error(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left over: %v", files)
	}
}

func TestDamagedSafetensorsAreRefused(t *testing.T) {
	v := random(t, []string{"a", "bc"}, 2)
	path := filepath.Join(t.TempDir(), "v.safetensors")
	if err := v.Write(path, Safetensors); err != nil {
		t.Fatal(err)
	}
	good, _ := os.ReadFile(path)
	for old, want := range map[string]string{
		`"embeddings"`: "no tensor", `"words"`: "without their words", `"word_offsets"`: "without their words", `"U8"`: "are I8", `"F32"`: "not floating-point",
	} {
		damaged := strings.Replace(string(good), old, map[string]string{`"embeddings"`: `"embeddingz"`, `"words"`: `"wordz"`, `"word_offsets"`: `"word_offsetz"`, `"U8"`: `"I8"`, `"F32"`: `"I32"`}[old], 1)
		_, err := Open(file(t, "x", damaged))
		refused(t, err, want)
	}
	for cut := 9; cut < len(good); cut += 7 {
		if _, err := Open(file(t, "x", string(good[:cut]))); err == nil {
			t.Errorf("cut at %d: no error", cut)
		}
	}
}
