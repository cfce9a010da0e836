package embeddings

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
)

// checkNumber holds scanNumber against strconv, which rounds once and exactly.
func checkNumber(t *testing.T, s string) {
	t.Helper()
	x, end, status := scanNumber([]byte(s), 0)
	want, err := strconv.ParseFloat(s, 32)
	if status != isNumber {
		if err == nil && !math.IsInf(want, 0) && !math.IsNaN(want) && !strings.ContainsAny(s, "xX_") {
			t.Errorf("%q is refused", s)
		}
		return
	}
	if err != nil || end != len(s) || math.Float32bits(x) != math.Float32bits(float32(want)) {
		t.Errorf("%q = %v up to %d, want %v (%v)", s, x, end, want, err)
	}
}

func TestNumbersAreRoundedExactly(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50000 {
		x := math.Float32frombits(rng.Uint32())
		if !finite(x) {
			continue
		}
		// The number, the middle to its neighbour, and just beside that.
		middle := (float64(x) + float64(math.Nextafter32(x, 0))) / 2
		for _, y := range []float64{float64(x), middle, math.Nextafter(middle, 0), math.Nextafter(middle, 1e300)} {
			for _, digits := range []int{3, 9, 17, 19} {
				checkNumber(t, strconv.FormatFloat(y, 'e', digits-1, 64))
			}
		}
		if a := math.Abs(float64(x)); a < 1e9 && a > 1e-9 {
			for _, digits := range []int{4, 8, 15, 25, 40} {
				checkNumber(t, strconv.FormatFloat(middle, 'f', digits, 64))
			}
		}
	}
	for _, s := range []string{"0", "-0", "00000000000000000000000000001.5", "3.4028235e38", "3.4028236e38", "3.5e38", "1e-45", "7e-46", "1e-99999999999", "1e99999999999", "0e99999999",
		"18446744073709551615", "18446744073709551616", "99999999999999999999", "16777217", "0.000000000000000000000000000000000000000000001", "1.17549435e-38", "1e22", "1e23", "-1e-22", "+1"} {
		checkNumber(t, s)
	}
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1.5", "-0.44457", "1e-3", "nan", "inf", "1.671300083398818970e-02", ".", "-", "1e", "0x1", "1_0", "1..2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !strings.ContainsAny(s, " \t") {
			checkNumber(t, s)
		}
	})
}

// FuzzOpen: no input panics or hangs; an error is one line; what opens has no
// word twice and only finite numbers, and every format that takes it gives it
// back bit by bit.
func FuzzOpen(f *testing.F) {
	for _, s := range []string{
		"2 2\na 1 0\nb 0 1\n", "a 1 0\nb 0 1\n", "2 1\n7 5\n8 6\n", "3 2\na 1 0\na 0 1\nb 0 1\n", "\ufeff2 2\n\na 1  0\r\nnew york\t0\t1", "1 2\na nan 1\n", "0 5\n", "1 1\na 1.50\n", " 1 0\n\t 2 2\n",
		"2 2\na " + floats(1, 0) + "\nb " + floats(0, 1) + "\n", "2 2\na " + floats(1, 0), "9999999999999 9999999999\na 1\n", "\x1f\x8b\x08", "PK\x03\x04", "{\"a\":1}", "1 1\n7 5", "5 5", "\n\n\n",
	} {
		f.Add([]byte(s), "")
		f.Add([]byte(s), "word2vec-bin")
	}
	for _, name := range []string{"skipgram.bin", "pruned.ftz", "words-only.bin"} {
		content, err := os.ReadFile(filepath.Join(fastTextModels, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content, "")
		f.Add(content[8:], "") // as of old, without a magic number
	}
	for kind, buckets := range map[int]int{fifuWords: 0, fifuHashed: 4, fifuFastText: 5, fifuExplicit: 2} {
		f.Add(tinyFifu(kind, buckets), "")
	}
	f.Fuzz(func(t *testing.T, data []byte, format string) {
		v, err := Options{Format: Format(format), Threads: 2}.Read("fuzz", bytes.NewReader(data))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("two lines: %q", err)
			}
			return
		}
		if len(v.Rows()) != v.Len()*v.Dim() || !found(v) {
			t.Fatalf("%d words, %d rows of %d, or a word that is not found", v.Len(), len(v.Rows()), v.Dim())
		}
		for _, w := range []string{"", "bé", "\xff"} {
			if x, err := v.Compose(w); (err == nil) != v.CanCompose(w) || err == nil && len(x) != v.Dim() {
				t.Fatalf("composing %q: %v %v", w, x, err)
			}
		}
		for _, x := range v.Rows() {
			if !finite(x) {
				t.Fatal("a number is not finite")
			}
		}
		v = v.Escaped()
		for _, format := range []Format{Word2Vec, Word2VecBinary, GloVe} {
			var b bytes.Buffer
			if v.Encode(&b, format) != nil {
				continue
			}
			back, err := Options{Format: format, Strict: true}.Read("back", &b)
			if err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			if d, err := Compare(v, back); d != 0 || err != nil {
				t.Fatalf("%s: %g %v", format, d, err)
			}
		}
	})
}

func found(v *Vectors) bool {
	for i, w := range v.Words() {
		if row, ok := v.Index(w); !ok || row != i {
			return false
		}
	}
	return true
}

// FuzzZip: archives are files, so each is written first.
func FuzzZip(f *testing.F) {
	f.Add([]byte(zipped(f, "a.txt", "a 1 0\nb 0 1\n")), "a.txt")
	f.Add([]byte(zipped(f, "a.txt", "a 1 0\n", "b/c.bin", "1 2\na "+floats(1, 0))), "b/c.bin")
	f.Add([]byte(zipped(f, "m.bin", string(tinyFifu(fifuHashed, 4)))), "")
	f.Fuzz(func(t *testing.T, data []byte, member string) {
		path := file(t, "x.zip", string(data))
		for _, p := range []string{path, path + "/" + member} {
			if _, err := Open(p); err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("two lines: %q", err)
			}
		}
	})
}

// FuzzModel2Vec: a folder of two files, either of them damaged.
func FuzzModel2Vec(f *testing.F) {
	folder := tinyModel2Vec(f, tinyTokenizer, safetensors.Float32Source("embeddings", []float32{1, 2, 3, 4}, 2, 2),
		safetensors.Source{Name: "mapping", DType: safetensors.I32, Shape: []int64{3}, Data: make([]byte, 12)}, safetensors.Float32Source("weights", []float32{1, 2, 3}, 3))
	content, err := os.ReadFile(filepath.Join(folder, model2vecRows))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content, []byte(tinyTokenizer), []byte(`{"normalize": true}`))
	f.Fuzz(func(t *testing.T, tensors, tokenizer, config []byte) {
		folder := t.TempDir()
		for name, content := range map[string][]byte{model2vecRows: tensors, model2vecTokens: tokenizer, "config.json": config} {
			if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		v, err := Open(folder)
		if err != nil {
			return
		}
		if x, err := v.Compose("a b"); (err == nil) != v.CanCompose("a b") || err == nil && len(x) != v.Dim() {
			t.Errorf("%v %v", x, err)
		}
	})
}
