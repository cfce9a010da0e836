package sugarme_test

import (
	"fmt"

	"github.com/sugarme/tokenizer"

	"github.com/go-cloze/cloze/tokenize"
	"github.com/go-cloze/cloze/tokenize/sugarme"
)

const file = `{"pre_tokenizer": {"type": "Whitespace"}, "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
	"max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "green": 1, "tea": 2, "##s": 3, "!": 4}}}`

// A program that is built on sugarme/tokenizer keeps its types and gets our words and ids.
func ExampleNew() {
	t, err := tokenize.Parse([]byte(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	var tk *tokenizer.Tokenizer = sugarme.New(t)
	e, err := tk.EncodeSingle("green teas!")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Ids, e.Tokens, e.Offsets)
	// Output: [1 2 3 4] [green tea ##s !] [[0 5] [6 9] [9 10] [10 11]]
}
