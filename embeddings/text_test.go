package embeddings

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func strict(content string) error {
	_, err := Options{Strict: true}.Read("test", strings.NewReader(content))
	return err
}

// Case C54.
func TestHeaderCountIsMendedAndReported(t *testing.T) {
	for _, content := range []string{"3 2\na 1 0\nb 0 1\n", "1 2\na 1 0\nb 0 1\n"} {
		v := reading(t, content)
		holds(t, v, []string{"a", "b"}, 1, 0, 0, 1)
		repaired(t, v, map[string]int64{repairCount: 1})
		claimed := content[:1]
		if s := v.Report().String(); !strings.Contains(s, "header: "+claimed+" words, dimension 2; file: 2, 2") {
			t.Errorf("the report lacks both numbers: %s", s)
		}
		refused(t, strict(content), "test: line 1", "header "+claimed+" words", "file 2")
	}
}

func TestHeaderDimensionIsMendedAndReported(t *testing.T) {
	v := reading(t, "2 5\na 1 0\nb 0 1\n")
	holds(t, v, []string{"a", "b"}, 1, 0, 0, 1)
	repaired(t, v, map[string]int64{repairDim: 1})
	refused(t, strict("2 5\na 1 0\nb 0 1\n"), "line 1", "dimension 5")
}

// Case C55.
func TestMissingHeaderIsNoticed(t *testing.T) {
	v := reading(t, "a 1 0\nb 0 1\n")
	holds(t, v, []string{"a", "b"}, 1, 0, 0, 1)
	if v.Report().HeaderWords != -1 || v.Report().Format != GloVe || v.Report().Total() != 0 {
		t.Errorf("report %+v", v.Report())
	}
	v = reading(t, "2 1\n7 5\n8 6\n")
	holds(t, v, []string{"7", "8"}, 5, 6)
	if v.Report().HeaderWords != 2 {
		t.Errorf("report %+v", v.Report())
	}
	holds(t, reading(t, "5 3\n7 5\n8 6\n"), []string{"5", "7", "8"}, 3, 5, 6) // no header: rows of one number
}

// Case C56.
func TestWordsKeepTheirBlanks(t *testing.T) {
	content := "4 2\n\u00a0 1 0\nnew york 0 1\n\u2009 1 1\n\t 2 2\n"
	v := reading(t, content)
	holds(t, v, []string{"\u00a0", "new york", "\u2009", "\t"}, 1, 0, 0, 1, 1, 1, 2, 2)
	repaired(t, v, map[string]int64{repairBlank: 2})
	refused(t, strict(content), "line 3", "blanks")
	// A word may end in numbers: the header, or most rows, say how many belong to it.
	holds(t, reading(t, "2 2\nroute 66 1 0\nb 0 1\n"), []string{"route 66", "b"}, 1, 0, 0, 1)
	holds(t, reading(t, "a 1 0\nroute 66 1 0\nb 0 1\n"), []string{"a", "route 66", "b"}, 1, 0, 1, 0, 0, 1)
}

// Case C58.
func TestFirstOfEqualWordsWins(t *testing.T) {
	text := "3 2\na 1 0\na 0 1\nb 0 1\n"
	row := func(w string, x, y float32) string { return w + " " + floats(x, y) }
	binary := "3 2\n" + row("a", 1, 0) + row("a", 0, 1) + row("b", 0, 1)
	for _, content := range []string{text, binary} {
		v := reading(t, content)
		holds(t, v, []string{"a", "b"}, 1, 0, 0, 1)
		repaired(t, v, map[string]int64{repairDuplicate: 1})
		if i, ok := v.Index("b"); i != 1 || !ok {
			t.Errorf("b is row %d", i)
		}
		refused(t, strict(content), "twice")
	}
}

// Case C59.
func TestNumberLayouts(t *testing.T) {
	for _, content := range []string{
		"2 2\na 1  0\nb\t0\t1\n", "2 2\r\na 1 0\r\nb 0 1\r\n", "2 2\na 1 0  \nb 0 1 \t", "a 1 0\nb 0 1", "2\t2 \na +1 0.0\nb 0e5 10.e-1\n", "2 2\na 1.000 0\nb .0 1E0\n",
	} {
		v := reading(t, content)
		holds(t, v, []string{"a", "b"}, 1, 0, 0, 1)
		if v.Report().Total() != 0 || strict(content) != nil {
			t.Errorf("%q: %v, strict %v", content, v.Report(), strict(content))
		}
	}
	holds(t, reading(t, "1 3\na 1e-3 -0 -.5\n"), []string{"a"}, 1e-3, float32(math.Copysign(0, -1)), -.5)
	v := reading(t, "\ufeff2 2\n\na 1 0\n \nb 0 1\n\n")
	holds(t, v, []string{"a", "b"}, 1, 0, 0, 1)
	repaired(t, v, map[string]int64{repairBOM: 1, repairBlankLine: 3})
}

func TestBadNumbersAreRefusedWithTheirLine(t *testing.T) {
	for content, parts := range map[string][]string{
		"2 2\na 1 0\nb nan 1\n":     {"line 3", `"nan"`, "not finite"},
		"2 2\na 1 0\nb 1 -Infinity": {"line 3", "not finite"},
		"2 2\na 1 0\nb 1e39 1\n":    {"line 3", "number 1 of 2", "too large"},
		"2 2\na 1 0\nb 0,5 1\n":     {"line 3", `"0,5"`, "decimal comma"},
		"2 2\na 0,5 0,1\nb 0,5 1\n": {"decimal comma"},
		"2 2\na 1 0\nb 1\n":         {"line 3", "2 numbers", "mend"},
		"2 2\na 1 0\n1 2\n":         {"line 3", "a word and 2 numbers"},
		"a 1 0\nb 0 1\nc":           {"line 3"},
		"2 2\na 1 0\nb 0x1p-2 1\n":  {"line 3", "0x1p-2"},
		"2 2\na 1 0\nb 1_0 1\n":     {"line 3", "1_0"},
	} {
		_, err := Options{}.Read("test", strings.NewReader(content))
		refused(t, err, append(parts, "test: ")...)
	}
}

// Threads and chunk borders change nothing, line numbers included.
func TestLongFilesAreReadInOrder(t *testing.T) {
	var b strings.Builder
	const n = 60000
	for i := range n {
		fmt.Fprintf(&b, "word%d %d.25 -%de-3 0.5\n", i, i, i)
	}
	for threads := 1; threads <= 5; threads += 2 {
		v, err := Options{Threads: threads}.Open(file(t, "x", b.String()))
		if err != nil || v.Len() != n || v.Dim() != 3 {
			t.Fatal(err, v)
		}
		for _, i := range []int{0, 1, 31234, n - 1} {
			row, ok := v.Vector(fmt.Sprint("word", i))
			if at, _ := v.Index(v.Word(i)); !ok || at != i || row[0] != float32(i)+.25 || row[1] != float32(float64(-i)/1000) {
				t.Errorf("row %d: %v", i, row)
			}
		}
		_, err = Options{Threads: threads}.Read("x", strings.NewReader(b.String()+"bad 1 2 x\nworse"))
		refused(t, err, fmt.Sprintf("line %d:", n+1), `"x"`)
	}
	_, err := Open(file(t, "x", "1 2\na 1 0\n"+strings.Repeat("x", 3<<20)))
	refused(t, err, "line 3")
}

// Buffers go round among all files that are read at once.
func TestFilesReadAtOnceDoNotMix(t *testing.T) {
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			var b strings.Builder
			const n = 150000 // several chunks
			for i := range n {
				fmt.Fprintf(&b, "w%d-%d %d %d\n", g, i, g, i)
			}
			v, err := Options{Threads: 2}.Read("x", strings.NewReader(b.String()))
			if err != nil || v.Len() != n {
				t.Error(err)
				return
			}
			for i := range n {
				if v.Row(i)[0] != float32(g) || v.Row(i)[1] != float32(i) || v.Word(i) != fmt.Sprintf("w%d-%d", g, i) {
					t.Errorf("file %d row %d: %s %v", g, i, v.Word(i), v.Row(i))
					return
				}
			}
		})
	}
	wait.Wait()
}

func TestGzipIsOpenedAndItsDamageSeen(t *testing.T) {
	pack := func(parts ...string) string {
		var b bytes.Buffer
		for _, p := range parts {
			z := gzip.NewWriter(&b)
			z.Write([]byte(p))
			z.Close()
		}
		return b.String()
	}
	v, err := Open(file(t, "v.gz", pack("2 2\na 1 0\n", "b 0 1\n"))) // two members
	if err != nil {
		t.Fatal(err)
	}
	holds(t, v, []string{"a", "b"}, 1, 0, 0, 1)
	whole := pack("2 2\n" + strings.Repeat("a 1 0\nb 0 1\n", 300000))
	for _, cut := range []int{len(whole) - 1, len(whole) - 9, len(whole) / 2, 20, 5} {
		_, err := Open(file(t, "v.gz", whole[:cut]))
		refused(t, err, "v.gz", "compressed data")
	}
	_, err = Open(file(t, "v.gz", pack(pack("2 2\na 1 0\n"))))
	refused(t, err, "gzip inside gzip")
}

func TestOtherFilesAreNamed(t *testing.T) {
	for content, want := range map[string]string{
		"": "empty", "2 2\n": "nothing after it", "2 2": "nothing after it", "PK\x03\x04....": "zip archive", "\x80\x04\x95....": "gensim", "\xba\x16\x4f\x2f\x0c\x00\x00\x00": "fastText model",
		"<!DOCTYPE html>\n<p>1 2 3": "HTML page", " \n<html lang=en>": "HTML page", "FiFu\x00": "finalfusion", "{\"a\": 1}": "JSON", "\x28\xb5\x2f\xfdxxxx": "zstd -d",
		"version https://git-lfs.github.com/spec/v1\n": "git lfs pull", "some text\nand more\n": "not in a number", "\x93NUMPY\x01\x00": "NumPy",
	} {
		_, err := Open(file(t, "x", content))
		refused(t, err, want)
	}
	for path, want := range map[string]string{t.TempDir(): "folder", filepath.Join(t.TempDir(), "none"): "no such file", os.DevNull: "plain file"} {
		_, err := Open(path)
		refused(t, err, want)
		if strings.Count(err.Error(), path) != 1 {
			t.Errorf("the path is not there once: %v", err)
		}
	}
	_, err := Options{Format: "parquet"}.Open(file(t, "x", "a 1 2\n"))
	refused(t, err, "unknown format", "word2vec-bin")
}

// A word in the first line may look like another format's mark.
func TestMarksOfOtherFormatsMayBeWords(t *testing.T) {
	for _, w := range []string{"PK\x03\x04", "<html", "{", "[", "BZh", "FiFu", "\x80\x02", "GGUF", "2"} {
		holds(t, reading(t, w+" 1 0\nb 0 1\n"), []string{w, "b"}, 1, 0, 0, 1)
	}
}
