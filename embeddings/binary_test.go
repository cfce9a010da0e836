package embeddings

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func floats(xs ...float32) string {
	var b []byte
	for _, x := range xs {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return string(b)
}

func TestBinaryWithAndWithoutNewlines(t *testing.T) {
	v := reading(t, "2 2\na "+floats(1, 0)+"b\xff "+floats(0, 0.25))
	holds(t, v, []string{"a", "b\xff"}, 1, 0, 0, 0.25)
	repaired(t, v, map[string]int64{repairUTF8: 1})
	v = reading(t, "2 2\na "+floats(1, 0)+"\nb "+floats(0, 0.25)+"\n")
	holds(t, v, []string{"a", "b"}, 1, 0, 0, 0.25)
}

// Case C60: every way to cut a file is an error that counts what is missing.
func TestCutBinaryIsRefused(t *testing.T) {
	whole := "3 2\nalpha " + floats(1, 0) + "beta " + floats(0.5, 2) + "gamma " + floats(3, -4)
	holds(t, reading(t, whole), []string{"alpha", "beta", "gamma"}, 1, 0, 0.5, 2, 3, -4)
	for cut := range len(whole) {
		_, err := Options{}.Read("x", strings.NewReader(whole[:cut]))
		if err == nil {
			t.Fatalf("cut at %d: no error", cut)
		}
		refused(t, err)
	}
	_, err := Options{}.Read("x", strings.NewReader(whole[:len(whole)-3]))
	refused(t, err, "x: word 3: ", `"gamma"`, "3 of 8 bytes are missing")
	_, err = Options{}.Read("x", strings.NewReader(whole[:len(whole)-14]))
	refused(t, err, "x: word 3: ", "header promises 3 words", "at least 10 bytes")
	_, err = Options{}.Read("x", strings.NewReader(whole[:len(whole)-9]))
	refused(t, err, "x: word 3: ", "ends inside the word")
}

func TestBinaryCountsAreHeldAgainstTheFile(t *testing.T) {
	more := "1 2\nalpha " + floats(1, 0) + "beta " + floats(0.5, 2)
	v := reading(t, more)
	holds(t, v, []string{"alpha", "beta"}, 1, 0, 0.5, 2)
	repaired(t, v, map[string]int64{repairCount: 1})
	refused(t, strict(more), "header 1 words")
	_, err := Options{}.Read("x", strings.NewReader("1 2\nalpha "+floats(1, 0)+"\x01\x02\x03"))
	refused(t, err, "x: word 2", "3 bytes after the 1 words")
	_, err = Options{}.Read("x", strings.NewReader("99999999999 300\nalpha "+floats(1, 0)))
	refused(t, err)
	_, err = Options{}.Read("x", strings.NewReader("2 1000000000000\nalpha "+floats(1, 0)))
	refused(t, err)
	_, err = Options{}.Read("x", strings.NewReader("1 2\nalpha "+floats(1, float32(math.NaN()))))
	refused(t, err, "word 1", "number 2 of 2", "not finite")
	_, err = Options{}.Read("x", strings.NewReader("1 2\n\x01"+strings.Repeat("x", 3<<20)))
	refused(t, err, "no blank in")
}

// Vectors whose bytes spell digits: the name decides, and an explicit format.
func TestBinaryThatLooksLikeText(t *testing.T) {
	content := "1 1\na 1.50\n"
	holds(t, reading(t, content), []string{"a"}, 1.5)
	want := math.Float32frombits(binary.LittleEndian.Uint32([]byte("1.50")))
	v, err := Open(file(t, "x.bin", content))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, v, []string{"a"}, want)
	if v, err = (Options{Format: Word2VecBinary}).Read("x", strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	holds(t, v, []string{"a"}, want)
}

// realFiles: format, words, dimension and repairs of each; or what the refusal says.
var realFiles = map[string]string{
	"gensim/euclidean_vectors.bin":                               "word2vec-bin 2747 10 0",
	"gensim/high_precision.kv.bin":                               "word2vec-bin 2 2 0",
	"gensim/high_precision.kv.txt":                               "word2vec 2 2 0",
	"gensim/word2vec_pre_kv_c":                                   "word2vec 1750 10 0",
	"gensim/EN.1-10.cbow1_wind5_hs0_neg10_size300_smpl1e-05.txt": "word2vec 20 300 0",
	"gensim/IT.1-10.cbow1_wind5_hs0_neg10_size300_smpl1e-05.txt": "word2vec 20 300 0",
	"gensim/test_glove.txt":                                      "glove 76 50 0",
	"gensim/poincare_vectors.bin":                                "word2vec-bin 1182 10 0",
	"gensim/pretrained.vec":                                      "word2vec 1 5 1",
	"gensim/w2v_keyedvectors_load_test.modeldata":                "word2vec 2 3 2",
	"gensim/crime-and-punishment.vec":                            "word2vec 291 5 0",
	"gensim/lee_fasttext.vec":                                    "word2vec 1762 10 0",
	"gensim/toy-model.vec":                                       "word2vec 22 5 0",
	"gensim/pang_lee_polarity_fasttext.vec.gz":                   "word2vec 1694 100 5",
	"finalfusion/analogy.bin":                                    "word2vec-bin 43 100 0",
	"finalfusion/similarity.bin":                                 "word2vec-bin 41 100 0",
	"finalfusion/similarity.nodims":                              "glove 41 100 0",
	"finalfusion/similarity.txt":                                 "word2vec 41 100 0",
	"finalfusion/utf8-incomplete.bin":                            "word2vec-bin 3 3 1",
	"finalfusion/utf8-incomplete.dims":                           "word2vec 3 3 1",
	"finalfusion/utf8-incomplete.txt":                            "glove 3 3 1",
	"vector_excerpts/wiki.en.vec":                                "word2vec 99 300 1",
	"vector_excerpts/glove.6B.100d.sample.txt.gz":                "glove 100 100 0",
	"vector_excerpts/glove.6B.300d.sample.txt.gz":                "glove 100 300 0",
	"glove_6b_50d_top/glove.6B.50d.top10k.bin":                   "word2vec-bin 10000 50 0",
	"glove_6b_50d_top/glove.6B.50d.top25k.txt.gz":                "glove 25000 50 0",
	"gensim/crime-and-punishment.bin":                            "fasttext 291 5 0",
	"gensim/lee_fasttext.bin":                                    "fasttext 1762 10 0",
	"gensim/lee_fasttext_new.bin":                                "fasttext 1763 10 0",
	"gensim/non_ascii_fasttext.bin":                              "fasttext 171 2 0",
	"gensim/cp852_fasttext.bin":                                  "fasttext 171 2 69",
	"gensim/toy-model.bin":                                       "fasttext 22 5 0",
	"gensim/toy-model-pretrained.bin":                            "fasttext 24 5 1",
	"gensim/pang_lee_polarity_fasttext.bin":                      "fasttext 1694 100 5",
	"finalfusion/fasttext.bin":                                   "fasttext 157 50 0",
	"fasttext_lid176/lid.176.ftz":                                "fasttext 7235 16 0",
	"finalfusion/similarity.fifu":                                "finalfusion 41 100 0",
	"finalfusion/quantized.fifu":                                 "finalfusion 41 100 0",
	"finalfusion/quantized_storage.bin":                          "binary data",
	"vector_excerpts/glove.840B.300d.zip":                        "glove 100 300 0",
	"gensim/crime-and-punishment.txt":                            "not in a number",
	"gensim/fb-ngrams.txt":                                       "line 1",
	"tiny_gpt2_random/config.json":                               "JSON",
	"tiny_gpt2_random/model.safetensors":                         "not vectors",
	"model2vec/test-model-float32/model.safetensors":             "model2vec 29528 2 0",
	"model2vec/test-model-vocab-quantized":                       "model2vec 29524 64 0",
	"model2vec/test-model-int8/model.safetensors":                "without their words",
	"stories260K/stories260K.bin":                                "binary data",
}

// Every real file of the kinds read here, with the sizes that its SOURCE.md states.
func TestRealFiles(t *testing.T) {
	root := os.Getenv("CLOZE_DATA")
	if root == "" {
		t.Skip("CLOZE_DATA is not set")
	}
	root = filepath.Join(root, "models")
	for name, want := range realFiles {
		v, err := Open(filepath.Join(root, name))
		if err != nil {
			refused(t, err, want, name)
			continue
		}
		if r := v.Report(); fmt.Sprintf("%s %d %d %d", r.Format, r.Words, r.Dim, r.Total()) != want {
			t.Errorf("%s: %v, want %s", name, r, want)
		}
	}
	// The same vectors in text and binary; the text has them to eight digits.
	a, errA := Open(filepath.Join(root, "finalfusion/similarity.txt"))
	b, errB := Open(filepath.Join(root, "finalfusion/similarity.nodims"))
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if d, err := Compare(a, b); d != 0 || err != nil {
		t.Errorf("with and without header differ by %g: %v", d, err)
	}
}
