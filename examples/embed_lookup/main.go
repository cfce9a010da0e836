// Command embed_lookup looks words up in a file of vectors: what a program does that uses trained embeddings and
// wants nothing of libtorch. It builds without cgo.
//
//	go run ./examples/embed_lookup vectors.txt king queen
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/go-cloze/cloze/embeddings"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: embed_lookup VECTORS WORD...")
		os.Exit(2)
	}
	if err := lookUp(os.Stdout, os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "embed_lookup:", err)
		os.Exit(1)
	}
}

// lookUp prints the vector of each word and its two nearest neighbours.
func lookUp(w io.Writer, path string, words []string) error {
	vectors, err := embeddings.Open(path) // word2vec, GloVe, fastText, safetensors: the content tells
	if err != nil {
		return err
	}
	for _, word := range words {
		row, ok := vectors.Find(word)
		if !ok {
			return fmt.Errorf("%s: %w", path, vectors.Unknown(word)) // names words that are spelled alike
		}
		fmt.Fprintf(w, "%s %v\n", vectors.Word(row), vectors.Row(row))
		near, err := vectors.Nearest(vectors.Word(row), 2, embeddings.SearchOptions{})
		if err != nil {
			return err
		}
		for _, n := range near {
			fmt.Fprintf(w, "  %-8s %.3f\n", n.Word, n.Similarity)
		}
	}
	return nil
}
