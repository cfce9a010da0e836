package classify_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/classify"
	"github.com/go-cloze/cloze/objectives/ngram"
)

// Train on a csv that is at hand, and answer a text.
func Example() {
	const csv = "text,label\nrain again,wet\nsuch a bright sun,dry\na puddle after the rain,wet\nwarm sun all day,dry\n"
	set, err := labelled.Options{}.Read("days.csv", strings.NewReader(csv))
	if err != nil {
		log.Fatal(err)
	}
	options := classify.NgramOptions{Config: ngram.DefaultConfig(), Seed: 1}
	options.Dim, options.Epochs, options.LR = 10, 50, 0.5
	ctx := context.Background()
	c, _, err := classify.TrainNgram(ctx, set, nil, options)
	if err != nil {
		log.Fatal(err)
	}
	answers, err := c.Predict(ctx, []classify.Text{{Text: "some rain"}, {Text: "snow"}, {Text: "the sun, a warm sun"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range answers {
		// Empty: the classifier knows no word of the text, and answers as it would none.
		fmt.Println(c.Card.Labels[a.Labels[0]], a.Empty)
	}
	// Output:
	// wet false
	// wet true
	// dry false
}
