//go:build ignore

// embeddings_glove TEXT STORE times reading a vector file and writing it as a .cloze
// store, in this one process, for embeddings_glove.py.
package main

import (
	"fmt"
	"os"
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
	fmt.Println("open", time.Since(start).Seconds())
	if err := v.Write(os.Args[2], embeddings.Cloze); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("convert", time.Since(start).Seconds())
}
