//go:build ignore

// corpus_read reads paths through corpus.Open and Next to the last document, once, and prints the speed by the clock and by
// processor time (of the whole process, start included; it tells more on a busy machine).
//
//	CGO_ENABLED=0 GOWORK=off go build -o /tmp/corpus_read testdata/bench/corpus_read.go
//	GOMAXPROCS=1 /tmp/corpus_read line|paragraph|file PATH...
package main

import (
	"fmt"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/go-cloze/cloze/corpus"
)

func main() {
	start := time.Now()
	s, err := corpus.Options{Unit: os.Args[1]}.Open(os.Args[2:]...)
	if err != nil {
		log.Fatal(err)
	}
	docs, size := 0, 0
	for doc, err := range s.All() {
		if err != nil {
			log.Fatal(err)
		}
		docs++
		size += len(doc.Text)
	}
	elapsed := time.Since(start).Seconds()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		log.Fatal(err)
	}
	busy := float64(use.Utime.Sec+use.Stime.Sec) + float64(use.Utime.Usec+use.Stime.Usec)/1e6
	mb := float64(s.Report().Bytes) / 1e6
	fmt.Printf("%7.1f MB/s by the clock  %7.1f MB per processor second  %d documents, %d bytes of %d, largest resident set %d KiB\n",
		mb/elapsed, mb/busy, docs, size, s.Report().Bytes, use.Maxrss)
}
