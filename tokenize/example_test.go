package tokenize_test

import (
	"fmt"

	"github.com/go-cloze/cloze/tokenize"
)

// A tokenizer of bytes with one merge.
func ExampleNewBPE() {
	t, err := tokenize.NewBPE([]string{"<|endoftext|>"}, [][2]int32{{72, 73}})
	if err != nil {
		fmt.Println(err)
		return
	}
	e := t.Encode("high é<|endoftext|>")
	fmt.Println(e.IDs)
	fmt.Printf("%q\n", e.Pieces)
	fmt.Println(t.AppendIDs(nil, []byte("<|")), t.VocabSize())
	fmt.Println(t.Decode(e.IDs, true))
	// Output:
	// [257 71 72 221 128 103 0]
	// ["hi" "g" "h" "Ġ" "Ã" "©" "<|endoftext|>"]
	// [28 92] 258
	// high é
}

// Text appears as soon as its characters are whole.
func ExampleTokenizer_NewStreamDecoder() {
	t, _ := tokenize.NewBPE(nil, nil)
	d := t.NewStreamDecoder(true)
	for _, id := range t.AppendIDs(nil, []byte("né")) {
		fmt.Printf("%q ", d.Next(id))
	}
	fmt.Printf("%q\n", d.Flush())
	// Output: "n" "" "é" ""
}

func ExampleOpen() {
	_, err := tokenize.Open("no-such-folder/tokenizer.json")
	fmt.Println(err)
	// Output: tokenizer: stat no-such-folder/tokenizer.json: no such file or directory
}
