package train_test

import (
	"fmt"

	"github.com/go-cloze/cloze/tokenize"
	"github.com/go-cloze/cloze/tokenize/train"
)

// texts gives two documents; a reader of files does the same with errors.
func texts(yield func([]byte, error) bool) {
	_ = yield([]byte("the green tea and the green tree"), nil) && yield([]byte("a tree is green"), nil)
}

func ExampleBPE() {
	c := train.DefaultBPE()
	c.VocabSize = 257 + 8 // special token, bytes, and eight merges
	t, report, err := train.BPE(c, texts)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.VocabSize, t.Encode("the green trees").Pieces)
	// Output: 265 [t he Ġgreen Ġtree s]
}

func ExampleUnigram() {
	c := train.DefaultUnigram()
	c.VocabSize, c.ByteFallback = 30, false
	file, _, err := train.Unigram(c, texts)
	if err != nil {
		fmt.Println(err)
		return
	}
	t, err := tokenize.Parse(file) // or write it: tokenizer.json
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Encode("the green trees").Pieces)
	// Output: [▁the ▁green ▁tree s]
}
