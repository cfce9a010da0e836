package embeddings_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-cloze/cloze/embeddings"
)

func Example() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "vectors.txt")

	v, err := embeddings.FromRows([]string{"cat", "dog", "car"}, 2, []float32{1, 0.2, 1, 0.1, -0.5, 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := v.Write(path, embeddings.Word2Vec); err != nil {
		fmt.Println(err)
		return
	}

	v, err = embeddings.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	near, err := v.Nearest("cat", 2, embeddings.SearchOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range near {
		fmt.Printf("%s %.4f\n", n.Word, n.Similarity)
	}
	_, err = v.Nearest("catt", 2, embeddings.SearchOptions{})
	var unknown *embeddings.UnknownWordError
	fmt.Println(errors.As(err, &unknown), err)
	// Output:
	// dog 0.9952
	// car -0.2631
	// true word "catt" is not among the 3 words; nearest spelling: "cat", "car"
}

func ExampleOptions_Read() {
	text := "3 2\nnew york 0.1 0.2\nparis 0.3 0.4\nparis 0.5 0.6\n"
	v, err := embeddings.Options{}.Read("cities.vec", strings.NewReader(text))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Words()[0], v.Row(0))
	fmt.Println(v.Report())
	_, err = embeddings.Options{Strict: true}.Read("cities.vec", strings.NewReader(text))
	fmt.Println(err)
	// Output:
	// new york [0.1 0.2]
	// cities.vec: word2vec, 2 words, dimension 2
	//   1 x word given twice, the first kept (first: line 4)
	//   1 x word holds blanks or tabs (first: line 2)
	// cities.vec: line 2: word holds blanks or tabs; mend the file, or read it without strict
}

func ExampleKeys() {
	keys := embeddings.Keys([]string{" the", "the", "\n", "\xe2\x80", "the"})
	for _, k := range keys {
		fmt.Printf("%s = %q\n", k, embeddings.Piece(k))
	}
	// Output:
	// ▁the = " the"
	// the = "the"
	// <0x0A> = "\n"
	// <0xE2><0x80> = "\xe2\x80"
	// the<#4> = "the"
}
