package corpus

import (
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// peakHeap runs f and returns how much the heap grew at most, sampled each millisecond.
func peakHeap(t testing.TB, f func()) int {
	t.Helper()
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			runtime.ReadMemStats(&now)
			peak.Store(max(peak.Load(), now.HeapAlloc))
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-done
	return int(peak.Load()) - int(before.HeapAlloc)
}

// TestMemoryDoesNotGrowWithTheInput streams 200 MB through a pipe, twice.
func TestMemoryDoesNotGrowWithTheInput(t *testing.T) {
	if testing.Short() {
		t.Skip("200 MB are read")
	}
	record := `{"id":1,"text":"` + strings.Repeat(`Zeile mit \"Umlaut\" ä und Ende\n`, 30) + "\"}\n"
	block := []byte(strings.Repeat(record, 64))
	const total = 200 << 20
	for _, o := range []Options{{Format: FormatJSONL}, {Format: FormatText}} {
		r, w := io.Pipe()
		go func() {
			defer w.Close()
			for n := 0; n < total; n += len(block) {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}()
		var report Report
		grown := peakHeap(t, func() {
			s, err := o.Read("pipe", r)
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range s.All() {
				if err != nil {
					t.Fatal(err)
				}
			}
			report = s.Report()
		})
		if report.Bytes < total || report.Documents != report.Bytes/int64(len(record)) {
			t.Errorf("%d bytes, %d documents", report.Bytes, report.Documents)
		}
		if grown > 4<<20 {
			t.Errorf("%s: the heap grew by %d bytes", o.Format, grown)
		}
		t.Logf("%s: %d bytes read, heap grew by at most %d", o.Format, report.Bytes, grown)
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	for name, line := range map[string]string{"a.txt": "a line\n", "a.jsonl": "{\"id\":3,\"text\":\"a \\n line\"}\n", "a.csv": "\"a \"\"line\"\"\"\n"} {
		content := strings.Repeat(line, 2000)
		if name == "a.csv" {
			content = "text\n" + content
		}
		s, err := Options{}.Read(name, strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Next(); err != nil { // opens the file
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(1000, func() { s.Next() }); n > 0 {
			t.Errorf("%s: %v allocations a document", name, n)
		}
	}
}
