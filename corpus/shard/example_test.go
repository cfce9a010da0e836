package shard_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/corpus/shard"
	"github.com/go-cloze/cloze/tokenize"
)

// Tokenise a corpus once, then read any place of it.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "texts.txt"), []byte("one two\nthree\n"), 0o644); err != nil {
		panic(err)
	}
	tokenizer, err := tokenize.NewBPE([]string{"<|endoftext|>"}, nil) // one id a byte
	if err != nil {
		panic(err)
	}
	source, err := corpus.Open(filepath.Join(dir, "texts.txt"))
	if err != nil {
		panic(err)
	}
	defer source.Close()
	tokens := filepath.Join(dir, "tokens")
	if err := shard.Write(context.Background(), tokens, source.All(), shard.Encoder{Tokenizer: tokenizer}, shard.ConfigFor(tokenizer), nil); err != nil {
		panic(err)
	}

	set, err := shard.Open(tokens)
	if err != nil {
		panic(err)
	}
	defer set.Close()
	if err := set.CheckTokenizer(tokenizer); err != nil {
		panic(err)
	}
	info := set.Info()
	fmt.Println(info.Tokens, "tokens,", info.Documents, "documents,", info.Words, "words,", info.TextBytes, "bytes of text")
	d := set.DocumentAt(9)
	start, end, next, _ := set.Document(d)
	ids, words := set.Append(nil, nil, start, end)
	fmt.Printf("token 9 is in document %d: %q, then %q\n", d, tokenizer.Decode(ids, false), tokenizer.Text(next))
	fmt.Printf("words start at %b\n", words[0])
	// Output:
	// 14 tokens, 2 documents, 3 words, 12 bytes of text
	// token 9 is in document 1: "<|endoftext|>three", then "<|endoftext|>"
	// words start at 11
}
