package embeddings

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"
)

// resident are the bytes that this process has in memory: of its own (anon) and
// of mapped files (file).
func resident(t testing.TB) (anon, file int) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("this system does not tell its processes' memory in /proc/self/status")
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 3 {
			n, _ := strconv.Atoi(fields[1])
			switch fields[0] {
			case "RssAnon:":
				anon = n << 10
			case "RssFile:":
				file = n << 10
			}
		}
	}
	return anon, file
}

// uniform makes n words with rows of numbers that cost little to draw.
func uniform(t testing.TB, n, dim int) *Vectors {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 1))
	words, rows := make([]string, n), make([]float32, n*dim)
	for i := range words {
		words[i] = strconv.Itoa(i)
	}
	for i := range rows {
		rows[i] = float32(rng.Uint64()>>40) - 1<<23
	}
	v, err := FromRows(words, dim, rows)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Case C64, at a fifth of its size: a mapped store is in memory once, in pages
// that all processes share; what a process has of its own stays below a tenth.
func TestSearchingAStoreTakesNoMemoryOfItsOwn(t *testing.T) {
	const n, dim = 200_000, 100
	path := filepath.Join(t.TempDir(), "v.cloze")
	if err := uniform(t, n, dim).WriteStore(path, StoreOptions{}); err != nil {
		t.Fatal(err)
	}
	debug.FreeOSMemory()
	anon, file := resident(t)
	v, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	// Each thread of the system's brings a stack and an allocator's cache with it,
	// so their number is not left to the machine.
	for i := range 100 {
		if near, err := v.NearestTo(v.Row(i*997), 10, SearchOptions{Threads: 2}); err != nil || near[0].Row != i*997 {
			t.Fatal(near, err)
		}
	}
	// Garbage goes back first on both sides: how much waits for the collector
	// depends on the tests before this one and on the processors.
	debug.FreeOSMemory()
	anonAfter, fileAfter := resident(t)
	t.Logf("%d bytes of the process's own and %d of the file", anonAfter-anon, fileAfter-file)
	if data := 4 * n * dim; anonAfter-anon > data/10 || fileAfter-file > data+data/10 {
		t.Errorf("%d bytes of vectors take %d of the process's own and %d of the file", data, anonAfter-anon, fileAfter-file)
	}
}

// Opening does not depend on the number of words: the same few pages are read.
func TestOpeningReadsNothingButTheHead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.cloze")
	if err := uniform(t, 100_000, 50).WriteStore(path, StoreOptions{Screen: true}); err != nil {
		t.Fatal(err)
	}
	allocated := testing.AllocsPerRun(10, func() {
		v, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		v.Close()
	})
	if allocated > 100 {
		t.Errorf("%v allocations", allocated)
	}
	_, file := resident(t)
	v, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	// The kernel maps 16 pages around each that is touched.
	if _, after := resident(t); after-file > 1<<20 {
		t.Errorf("opening brings %d bytes of the file into memory", after-file)
	}
}

// BenchmarkOpenStore opens the store of $CLOZE_BENCH_VECTORS and looks up the
// first 1,000 words and their vectors. The words are made before.
func BenchmarkOpenStore(b *testing.B) {
	path := os.Getenv("CLOZE_BENCH_VECTORS")
	all := large(b, "float32", StoreOptions{})
	for _, which := range []string{"first words", "any words"} {
		b.Run(which, func(b *testing.B) {
			words := make([]string, 1000)
			for i := range words {
				words[i] = all.Word(i)
				if which == "any words" {
					words[i] = all.Word(i * 7919 % all.Len())
				}
			}
			runtime.GC()
			worst, growth := time.Duration(0), 0
			for b.Loop() {
				anon, file := resident(b)
				start := time.Now()
				v, err := Open(path + ".float32.cloze")
				if err != nil {
					b.Fatal(err)
				}
				sum := float32(0)
				for _, w := range words {
					row, ok := v.Vector(w)
					if !ok {
						b.Fatal(w)
					}
					sum += row[0]
				}
				worst = max(worst, time.Since(start))
				anonAfter, fileAfter := resident(b)
				growth = max(growth, anonAfter-anon+fileAfter-file)
				v.Close()
				if sum == 0 {
					b.Fatal("no numbers")
				}
			}
			b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
			b.ReportMetric(float64(growth)/1e6, "growth-MB")
		})
	}
}
