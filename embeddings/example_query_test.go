package embeddings_test

import (
	"fmt"
	"strings"

	"github.com/go-cloze/cloze/embeddings"
)

// court is a handful of words.
func court() *embeddings.Vectors {
	v, err := embeddings.FromRows([]string{"king", "man", "woman", "queen", "ship"}, 2, []float32{1, 1, 1, 0, -1, 0.2, -1, 1.2, 0.1, -1})
	if err != nil {
		panic(err)
	}
	return v
}

func ExampleVectors_Analogy() {
	answer, err := court().Analogy("man", "king", "woman", 1, embeddings.QueryOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %.4f\n", answer.Neighbors[0].Word, answer.Neighbors[0].Similarity)
	// Output: queen 0.9666
}

func ExampleVectors_Search() {
	query := embeddings.Query{
		Positive:     []embeddings.Term{{Word: "king"}, {Word: "queen", Weight: 0.5}, {Word: "emperor"}},
		Negative:     embeddings.Words("ship"),
		QueryOptions: embeddings.QueryOptions{Unknown: embeddings.Skip},
	}
	answer, err := court().Search(query, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range answer.Neighbors {
		fmt.Printf("%s %.3f\n", n.Word, n.Similarity)
	}
	fmt.Println(answer.Unknown[0].Word, answer.Unknown[0].Used)
	// Output:
	// man 0.137
	// woman 0.060
	// emperor skip
}

func ExampleVectors_AppendText() {
	v := court()
	vector, unknown, err := v.AppendText(nil, strings.Fields("a king and queen"), embeddings.TextOptions{Unknown: embeddings.ComposeOrSkip})
	fmt.Println(vector, len(unknown), err)
	// Output: [0 1.1] 2 <nil>
}

func ExampleVectors_Evaluator() {
	set, err := embeddings.ReadAnalogySet("court", strings.NewReader(": family\nMan King Woman Queen\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	evaluator, err := court().Evaluator(embeddings.EvalOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	result := evaluator.Analogies(set)
	fmt.Printf("%d of %d right\n", result.Total.Correct, result.Total.Asked)
	// Output: 1 of 1 right
}
