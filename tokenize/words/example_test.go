package words_test

import (
	"fmt"

	"github.com/go-cloze/cloze/tokenize/words"
)

func ExampleSegmenter() {
	s := words.New([]byte("She didn’t pay 3.50 € for 2 日本."))
	for s.Next() {
		if s.Kind() != words.None {
			fmt.Printf("%d-%d %s %s\n", s.Start(), s.End(), s.Bytes(), s.Kind())
		}
	}
	// Output:
	// 0-3 She letter
	// 4-12 didn’t letter
	// 13-16 pay letter
	// 17-21 3.50 number
	// 26-29 for letter
	// 30-31 2 number
	// 32-35 日 ideograph
	// 35-38 本 ideograph
}
