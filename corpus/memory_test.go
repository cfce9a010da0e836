package corpus

import (
	"runtime"
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
