package tokenize

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"
)

// data returns the folder of larger real data, and skips the test where there is none.
func data(tb testing.TB) string {
	dir := os.Getenv("CLOZE_DATA")
	if dir == "" {
		tb.Skip("CLOZE_DATA is not set")
	}
	return dir
}

// novels returns the first n bytes of the English novels.
func novels(tb testing.TB, n int) []byte {
	paths, _ := filepath.Glob(filepath.Join(data(tb), "corpora", "novels_en", "*.txt.gz"))
	sort.Strings(paths)
	var text []byte
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			tb.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			tb.Fatal(err)
		}
		b, err := io.ReadAll(z)
		if err != nil {
			tb.Fatal(err)
		}
		f.Close()
		if text = append(text, b...); len(text) >= n {
			return text[:n]
		}
	}
	return text
}

func gpt2(tb testing.TB) *Tokenizer {
	t, err := Open(filepath.Join(data(tb), "tokenizers", "gpt2", "tokenizer.json"))
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func BenchmarkAppendIDsNovels(b *testing.B) {
	t, text := gpt2(b), novels(b, 20<<20)
	dst := make([]int32, 0, len(text)/3)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	before, passes := processorSeconds(), 0
	for b.Loop() {
		dst = t.AppendIDs(dst[:0], text)
		passes++
	}
	b.ReportMetric(float64(passes*len(text))/1e6/(processorSeconds()-before), "MB/cpu-s")
}

// processorSeconds is what the process has used so far: on a shared machine the honest measure beside the wall clock.
func processorSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// BenchmarkAppendIDsNovelsCold makes a new tokenizer for each pass, so that the cache is empty.
func BenchmarkAppendIDsNovelsCold(b *testing.B) {
	t, text := gpt2(b), novels(b, 20<<20)
	b.SetBytes(int64(len(text)))
	before, passes := processorSeconds(), 0
	for b.Loop() {
		t.pool = newPool()
		t.AppendIDs(make([]int32, 0, len(text)/2), text)
		passes++
	}
	b.ReportMetric(float64(passes*len(text))/1e6/(processorSeconds()-before), "MB/cpu-s")
}

// BenchmarkTextFile encodes the file $CLOZE_TEXT for testdata/bench/tokenize_speed.py: first with an empty cache, then twice more.
func BenchmarkTextFile(b *testing.B) {
	path := os.Getenv("CLOZE_TEXT")
	if path == "" {
		b.Skip("CLOZE_TEXT is not set")
	}
	t := gpt2(b)
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	var rounds []string
	var ids []int32
	for range 3 {
		clock, processor := time.Now(), processorSeconds()
		ids = t.AppendIDs(make([]int32, 0, len(text)/2), text)
		rounds = append(rounds, fmt.Sprintf("[%f, %f]", time.Since(clock).Seconds(), processorSeconds()-processor))
	}
	sum := crc32.NewIEEE()
	if err := binary.Write(sum, binary.LittleEndian, ids); err != nil {
		b.Fatal(err)
	}
	b.Logf(`{"rounds": [%s], "ids": %d, "crc": %d}`, strings.Join(rounds, ", "), len(ids), sum.Sum32())
}

func BenchmarkAppendIDsLines(b *testing.B) {
	t, text := gpt2(b), novels(b, 4<<20)
	lines := bytes.Split(text, []byte("\n"))
	var dst []int32
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for _, l := range lines {
			dst = t.AppendIDs(dst[:0], l)
		}
	}
}

func BenchmarkEncodeLines(b *testing.B) {
	t, text := gpt2(b), novels(b, 1<<20)
	lines := bytes.Split(text, []byte("\n"))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for _, l := range lines {
			t.Encode(string(l))
		}
	}
}

func BenchmarkAppendIDsOneLetter(b *testing.B) {
	t, text := gpt2(b), bytes.Repeat([]byte("a"), 1<<20)
	var dst []int32
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		dst = t.AppendIDs(dst[:0], text)
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := data(b)
	for b.Loop() {
		if _, err := Open(filepath.Join(dir, "tokenizers", "gpt2", "tokenizer.json")); err != nil {
			b.Fatal(err)
		}
	}
}
