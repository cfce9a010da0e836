//go:build ignore

// embeddings_glove TEXT STORE times reading a vector file and writing it as a .cloze
// store, in this one process, for embeddings_glove.py.
package main

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/go-cloze/cloze/embeddings"
)

func main() {
	start := time.Now()
	v, err := embeddings.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("open", time.Since(start).Seconds(), processor())
	if err := v.Write(os.Args[2], embeddings.Cloze); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("convert", time.Since(start).Seconds(), processor())
}

// processor is the time that all threads of this process have taken, in seconds.
func processor() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}
