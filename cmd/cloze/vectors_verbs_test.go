package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// kingdom is a file of a few words in the plane.
func kingdom(t *testing.T) string {
	return write(t, t.TempDir(), "v.txt", "6 2\nking 1 1\nman 1 0\nwoman -1 0.2\nqueen -1 1.2\nship 0.1 -1\n▁sea 0 -2\n")
}

func TestNeighborsOfSeveralWordsTogether(t *testing.T) {
	v := kingdom(t)
	golden(t, "neighbors-joined", done(t, "", "neighbors", v, "king", "--positive", "woman", "--negative", "man", "-k", "2").stdout)
	golden(t, "neighbors-joined-json", done(t, "", "neighbors", v, "king", "--negative", "man", "--unknown", "skip", "--positive", "x", "-k", "1", "--json").stdout)
	r := done(t, "", "neighbors", v, "king", "--negative", "man", "--unknown", "skip", "--positive", "x", "-k", "1")
	if !strings.Contains(r.stderr, `"x" has no vector of its own; left out`) {
		t.Errorf("the skipped word is not told: %q", r.stderr)
	}
	if got := done(t, "", "neighbors", v, "king", "--first", "2").stdout; got != "man\t0.7071\n" {
		t.Errorf("of the first two rows: %q", got)
	}
	failure(t, statusFailed, []string{"neighbors", v, "king", "--negative", "mann"}, "v.txt", `word "mann"`, `"man"`)
	failure(t, statusFailed, []string{"neighbors", v, "king", "--method", "mull"}, "--method", "did you mean mul?")
	failure(t, statusFailed, []string{"neighbors", v, "king", "--unknown", "guess"}, "--unknown", "compose, error, skip, zero")
	failure(t, statusFailed, []string{"neighbors", v, "king", "--first", "-1"}, "--first is -1")
	failure(t, statusUsage, []string{"neighbors", v}, "missing argument")
}

func TestAnalogyLeavesTheThreeOut(t *testing.T) {
	v := kingdom(t)
	golden(t, "analogy", done(t, "", "analogy", v, "man", "king", "woman", "-k", "2").stdout)
	golden(t, "analogy-mul-json", done(t, "", "analogy", v, "man", "king", "woman", "-k", "1", "--method", "mul", "--json").stdout)
	failure(t, statusFailed, []string{"analogy", v, "man", "kingg", "woman"}, "v.txt", "kingg", `"king"`)
	failure(t, statusUsage, []string{"analogy", v, "man", "king"}, "2 words", "A B C")
	failure(t, statusUsage, []string{"analogy", v}, "A B C")
}

// Lines from a pipe get no prompt, each an answer or a fault that names the line.
func TestInteractiveAnswersLines(t *testing.T) {
	v := kingdom(t)
	r := cloze(t, "king\r\n\nsea\nking woman -man\nnobody\n", "neighbors", v, "--interactive", "-k", "1")
	if r.status != statusFailed || r.stdout != "king:\nman\t0.7071\n▁sea:\nship\t0.9950\nking woman -man:\nqueen\t0.9666\n" {
		t.Errorf("status %d:\n%s", r.status, r.stdout)
	}
	if !strings.HasPrefix(r.stderr, `standard input:5: word "nobody"`) || strings.Contains(r.stderr, ">") {
		t.Errorf("%q", r.stderr)
	}
	r = cloze(t, "man king woman\nman king\n", "analogy", v, "--interactive", "-k", "1", "--json")
	if lines := strings.Count(r.stdout, "\n"); lines != 1 || !strings.Contains(r.stderr, "standard input:2: 2 words") {
		t.Errorf("%d lines, %q", lines, r.stderr)
	}
}

func TestEvalVectorsPrintsSetsAndSections(t *testing.T) {
	v, dir := kingdom(t), t.TempDir()
	pairs := write(t, dir, "sets/pairs.tsv", "# scores\nking\tqueen\t8\nKing\tship\t1\nman\twoman\t3\nman\tnobody\t9\nheading\n")
	write(t, dir, "sets/more.csv", "king,man,1\nking,woman,2\n")
	write(t, dir, "sets/notes.md", "not a set")
	questions := write(t, dir, "q.txt", ": family\nMan King Woman Queen\nman king woman ship\n: gram1\nman king x y\n")
	golden(t, "eval-vectors", strings.ReplaceAll(done(t, "", "eval", "vectors", v, "--similarity", filepath.Dir(pairs), "--analogies", questions).stdout, v, "v.txt"))
	var report struct {
		Similarity []struct {
			Name     string
			Pairs    int
			Spearman *float64
		}
		Analogies []struct {
			Total struct{ Correct, Asked, Unknown int }
		}
	}
	one := write(t, dir, "one.txt", "king queen 1\n")
	out := done(t, "", "eval", "vectors", v, "--json", "--similarity", one, "--analogies", questions, "--zero-unknown").stdout
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if s := report.Similarity[0]; s.Pairs != 1 || s.Spearman != nil || s.Name != "one" {
		t.Errorf("one pair has no correlation: %s", out)
	}
	if total := report.Analogies[0].Total; total.Correct != 1 || total.Asked != 3 || total.Unknown != 1 {
		t.Errorf("%+v", total)
	}
	failure(t, statusUsage, []string{"eval", "vectors", v}, "--similarity or --analogies")
	failure(t, statusFailed, []string{"eval", "vectors", v, "--similarity", questions}, "q.txt", "no pair")
	failure(t, statusFailed, []string{"eval", "vectors", v, "--analogies", pairs}, "pairs.tsv", "no question")
	failure(t, statusFailed, []string{"eval", "vectors", v, "--analogies", filepath.Join(dir, "none")}, "none", "no such file")
	failure(t, statusFailed, []string{"eval", "vectors", v, "--similarity", t.TempDir()}, "folder without a file")
	failure(t, statusFailed, []string{"eval", "vectors", v, "--similarity", write(t, dir, "x.txt", "x y 1\n")}, "v.txt", "no pair of which both words have a vector")
}

const embedText = "The KING, the man!\n\nnobody\r\nwoman queen"

func TestEmbedWritesAVectorForEachLine(t *testing.T) {
	v := kingdom(t)
	for _, format := range []string{"text", "jsonl", "csv"} {
		r := done(t, embedText, "embed", v, "--format", format)
		golden(t, "embed-"+format, r.stdout)
		if r.stderr != "embed: 4 lines, 7 words, 3 (42.9 %) unknown and left out; 2 lines have no known word and a vector of zeros\n" {
			t.Errorf("%s", r.stderr)
		}
	}
	file := done(t, embedText, "embed", v, "--format", "parquet").stdout
	rows, err := parquet.Read[embedRow](strings.NewReader(file), int64(len(file)))
	if err != nil || len(rows) != 4 || rows[3].Line != 4 || fmt.Sprint(rows[0].Vector, rows[3].Vector) != "[1 0.5] [-1 0.70000005]" {
		t.Error(rows, err)
	}
	for args, want := range map[string]string{
		"--pooling sum":                  "2 1\n0 0\n0 0\n-2 1.4000001\n",
		"--pooling max":                  "1 1\n0 0\n0 0\n-1 1.2\n",
		"--unknown zero":                 "0.5 0.25\n0 0\n0 0\n-1 0.70000005\n",
		"--words blanks --pooling sum":   "0 0\n0 0\n0 0\n-2 1.4000001\n",
		"--unit --pooling sum --threads": "1.7071068 0.70710677\n0 0\n0 0\n-1.6207651 0.9643374\n",
	} {
		fields := strings.Fields(args)
		if fields[len(fields)-1] == "--threads" {
			fields = append(fields, "1")
		}
		if got := done(t, embedText, append([]string{"embed", v, "--quiet"}, fields...)...).stdout; got != want {
			t.Errorf("%s:\n%s, want\n%s", args, got, want)
		}
	}
	failure(t, statusFailed, []string{"embed", v, "--format", "xml"}, "--format", "text, npy, jsonl, csv, parquet")
	failure(t, statusFailed, []string{"embed", v, "--pooling", "cls"}, "--pooling", "mean, sum, max, sif")
	failure(t, statusFailed, []string{"embed", v, write(t, t.TempDir(), "in.txt", "king\nnobody\n"), "--unknown", "error", "--format", "npy"}, "in.txt:2", "nobody")
	failure(t, statusUsage, []string{"embed", v, "--counts", "x"}, "--pooling sif")
	model := t.TempDir()
	write(t, model, "config.json", "{}")
	failure(t, statusFailed, []string{"embed", model}, model) // no model that can be opened, or no libtorch
}

func TestEmbedWritesNpy(t *testing.T) {
	out := []byte(done(t, embedText, "embed", kingdom(t), "--format", "npy").stdout)
	size := 10 + int(binary.LittleEndian.Uint16(out[8:]))
	if !bytes.HasPrefix(out, []byte("\x93NUMPY\x01\x00")) || size%64 != 0 || !bytes.Contains(out[:size], []byte("'descr': '<f4', 'fortran_order': False, 'shape': (4, 2)")) {
		t.Fatalf("%q", out[:size])
	}
	var rows []float32
	for at := size; at < len(out); at += 4 {
		rows = append(rows, math.Float32frombits(binary.LittleEndian.Uint32(out[at:])))
	}
	if len(rows) != 8 || rows[0] != 1 || rows[6] != -1 || rows[2] != 0 {
		t.Errorf("%v", rows)
	}
}

// The weights of sif come from a file, or are counted; what texts share is gone afterwards.
func TestEmbedBySIF(t *testing.T) {
	v := kingdom(t)
	counts := write(t, t.TempDir(), "counts.txt", "king 9\nman\t1\nship 90\n")
	text := "king man\nking ship\n\nman man man\n"
	var vectors [][]float64
	for line := range strings.Lines(done(t, text, "embed", v, "--pooling", "sif", "--sif-a", "0.1", "--counts", counts, "--json", "--quiet").stdout) {
		var r struct{ Vector []float64 }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		vectors = append(vectors, r.Vector)
	}
	// By hand: p is 0.09, 0.01, 0.9, so the weights are 0.1/0.19, 0.1/0.11, 0.1.
	king, man, ship := 0.1/0.19, 0.1/0.11, 0.1/1
	plain := [][2]float64{{(king + man) / 2, king / 2}, {(king + 0.1*ship) / 2, (king - ship) / 2}, {0, 0}, {man, 0}}
	var xx, xy, yy float64
	for _, p := range plain {
		xx, xy, yy = xx+p[0]*p[0], xy+p[0]*p[1], yy+p[1]*p[1]
	}
	angle := math.Atan2(2*xy, xx-yy) / 2 // of the longer axis
	u := [2]float64{math.Cos(angle), math.Sin(angle)}
	for i, p := range plain {
		along := p[0]*u[0] + p[1]*u[1]
		for d := range 2 {
			if got, want := vectors[i][d], p[d]-along*u[d]; math.Abs(got-want) > 1e-6 {
				t.Errorf("line %d: %v, want %v", i+1, got, want)
			}
		}
	}
	r := done(t, text, "embed", v, "--pooling", "sif")
	if !strings.Contains(r.stderr, "words counted in the text itself") || strings.Count(r.stdout, "\n") != 4 {
		t.Errorf("%s%s", r.stderr, r.stdout)
	}
	if got := done(t, "\n", "embed", v, "--pooling", "sif", "--quiet").stdout; got != "0 0\n" {
		t.Errorf("of an empty line: %q", got)
	}
	bad := write(t, t.TempDir(), "bad.txt", "king 1\nman many\n")
	failure(t, statusFailed, []string{"embed", v, "--pooling", "sif", "--counts", bad, bad}, "bad.txt:2", "a word and a whole number")
	failure(t, statusFailed, []string{"embed", v, "--pooling", "sif", "--counts", filepath.Join(t.TempDir(), "none"), bad}, "none", "no such file")
}

// A tokenizer's pieces are words of the vectors that a model's tokens were exported to.
func TestEmbedTakesATokenizersPieces(t *testing.T) {
	dir, tokenizer := trained(t)
	ids := strings.Fields(done(t, "the harbour\n", "tokenizer", "encode", "--as-data", "--tokenizer", tokenizer).stdout)
	var vectors strings.Builder
	vectors.WriteString("the 1 0\n")
	path := write(t, dir, "tokens.vec", vectors.String())
	r := done(t, "the harbour\n", "embed", path, "--tokenizer", tokenizer, "--json")
	var record struct{ Words int }
	if err := json.Unmarshal([]byte(r.stdout), &record); err != nil || record.Words != len(ids) {
		t.Errorf("%d words, %d ids: %v", record.Words, len(ids), err)
	}
}
