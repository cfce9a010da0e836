package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// crowd is a file of n words in 8 dimensions.
func crowd(t *testing.T, n int) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	fmt.Fprintf(&b, "%d 8\n", n)
	for i := range n {
		fmt.Fprintf(&b, "w%d", i)
		for range 8 {
			fmt.Fprintf(&b, " %.5f", rng.NormFloat64())
		}
		b.WriteByte('\n')
	}
	return write(t, t.TempDir(), "v.txt", b.String())
}

func TestConvertQuantizeReduceKeepNeighbors(t *testing.T) {
	v := crowd(t, 300)
	dir := t.TempDir()
	store := filepath.Join(dir, "v.cloze")
	if got := done(t, "", "embeddings", "convert", v, "--out", store).stdout; got != "wrote "+store+": cloze, 300 words of dimension 8, float32\n" {
		t.Errorf("%q", got)
	}
	want := done(t, "", "neighbors", v, "w7").stdout
	if got := done(t, "", "neighbors", store, "w7").stdout; got != want {
		t.Errorf("neighbours in the store\n%s, in the text\n%s", got, want)
	}
	for _, dtype := range []string{"float16", "int8"} {
		small := filepath.Join(dir, dtype)
		got := done(t, "", "embeddings", "quantize", store, "--dtype", dtype, "--out", small).stdout
		for _, part := range []string{"dimension 8, " + dtype, "mean cosine to the original: 0.9999", "neighbours kept@10: 0.9", "(of 300 words)"} {
			if !strings.Contains(got, part) && !(dtype == "float16" && strings.Contains(got, "original: 1.0000")) {
				t.Errorf("%s lacks %q:\n%s", dtype, part, got)
			}
		}
	}
	got := done(t, "", "embeddings", "reduce", v, "--dim", "8", "--out", filepath.Join(dir, "same"), "--format", "word2vec").stdout
	if !strings.Contains(got, "explained variance: 1.0000") || !strings.Contains(got, "kept@10: 1.0000") {
		t.Errorf("all dimensions kept: %s", got)
	}
	got = done(t, "", "embeddings", "reduce", v, "--dim", "3", "--centre", "--out", filepath.Join(dir, "three"), "--json").stdout
	if !strings.Contains(got, `"centred":true`) || !strings.Contains(got, `"dim":3`) {
		t.Errorf("three dimensions: %s", got)
	}
	failure(t, statusFailed, []string{"embeddings", "convert", v, "--out", store}, "exists")
	failure(t, statusFailed, []string{"embeddings", "convert", v, "--out", "x", "--format", "cloz"}, "--format", "did you mean cloze?")
	failure(t, statusFailed, []string{"embeddings", "quantize", v, "--out", "x", "--dtype", "int4"}, "--dtype", "int8")
	failure(t, statusFailed, []string{"embeddings", "reduce", v, "--out", filepath.Join(dir, "x"), "--dim", "9"}, "v.txt", "9 components", "1 to 8")
	failure(t, statusUsage, []string{"embeddings", "quantize", v, "--out", "x"}, "missing --dtype")
}

func TestIndexIsBuiltVerifiedAndUsed(t *testing.T) {
	v := crowd(t, 600)
	got := done(t, "", "embeddings", "index", v, "--quiet").stdout
	for _, part := range []string{"600 rows of dimension 8", "60 held-out queries", "recall@10", "wrote " + v + ".hnsw"} {
		if !strings.Contains(got, part) {
			t.Errorf("lacks %q:\n%s", part, got)
		}
	}
	if got := done(t, "", "embeddings", "verify", v).stdout; !strings.Contains(got, ".hnsw: good") {
		t.Errorf("verify: %s", got)
	}
	exact := done(t, "", "neighbors", v, "w5", "w9", "--negative", "w1").stdout
	if got := done(t, "", "neighbors", v, "w5", "w9", "--negative", "w1", "--approx").stdout; got != exact {
		t.Errorf("by the index\n%s, exact\n%s", got, exact)
	}
	failure(t, statusFailed, []string{"embeddings", "index", v}, "exists")
	failure(t, statusFailed, []string{"neighbors", v, "w5", "--approx", "--method", "mul"}, "--approx")
	failure(t, statusFailed, []string{"neighbors", kingdom(t), "king", "--approx"}, ".hnsw", "cloze embeddings index")
	// The vectors change: the index is refused.
	text, err := os.ReadFile(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(v, []byte(strings.Replace(string(text), "w5 ", "W5 ", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	failure(t, statusFailed, []string{"neighbors", v, "W5", "--approx"}, "other vectors", "build it again")
	failure(t, statusFailed, []string{"embeddings", "verify", v}, "other vectors")
}

func TestPlotDrawsAskedWords(t *testing.T) {
	v := crowd(t, 50)
	dir := t.TempDir()
	words := write(t, dir, "words.txt", "w3\nw4\n\nw5\nw6\nnobody\nw3\n")
	page, picture := filepath.Join(dir, "map.html"), filepath.Join(dir, "map.svg")
	r := done(t, "", "embeddings", "plot", v, "--words", words, "--iterations", "50", "--out", page, "--out", picture)
	if r.stdout != "drew 4 words: "+page+", "+picture+"\n" || !strings.Contains(r.stderr, "1 words without a vector (nobody)") {
		t.Errorf("%q, %q", r.stdout, r.stderr)
	}
	text, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(text), `["w3","w4","w5","w6"]`) {
		t.Errorf("the page lacks the words, %v", err)
	}
	if text, err := os.ReadFile(picture); err != nil || !strings.Contains(string(text), ">w6<") {
		t.Errorf("the picture lacks a word, %v", err)
	}
	done(t, "", "embeddings", "plot", v, "--method", "pca", "--top", "20", "--out", filepath.Join(dir, "p.png"))
	failure(t, statusFailed, []string{"embeddings", "plot", v, "--out", "x.gif"}, ".html, .png or .svg")
	failure(t, statusFailed, []string{"embeddings", "plot", v, "--out", filepath.Join(dir, "y.svg"), "--words", v + "x"}, "--words", "check the path")
	failure(t, statusUsage, []string{"embeddings", "plot", v}, "missing --out")
}
