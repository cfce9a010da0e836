package embeddings

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
)

// goldenTerm is a word, its weight, and whether its raw vector is meant.
type goldenTerm struct {
	word   string
	weight float64
	raw    int
}

func (g *goldenTerm) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&g.word, &g.weight, &g.raw})
}

func termsOf(t *testing.T, v *Vectors, golden []goldenTerm) []Term {
	var terms []Term
	for _, g := range golden {
		term := Term{Word: g.word, Weight: g.weight}
		if g.raw != 0 {
			row, ok := v.Vector(g.word)
			if !ok {
				t.Fatalf("no %q", g.word)
			}
			term = Term{Vector: row, Weight: g.weight}
		}
		terms = append(terms, term)
	}
	return terms
}

func TestSearchEqualsGensimsMostSimilar(t *testing.T) {
	v := realVectors(t)
	var peer struct {
		Similar []struct {
			Positive, Negative []goldenTerm
			First              int
			Answer             []scoredWord
		}
	}
	golden(t, "queries", &peer)
	if len(peer.Similar) < 8 {
		t.Fatalf("%d cases", len(peer.Similar))
	}
	for i, c := range peer.Similar {
		q := Query{Positive: termsOf(t, v, c.Positive), Negative: termsOf(t, v, c.Negative)}
		q.First = c.First
		got, err := v.Search(q, len(c.Answer))
		if err != nil {
			t.Errorf("case %d: %v", i, err)
			continue
		}
		answers(t, fmt.Sprintf("case %d", i), got.Neighbors, c.Answer)
	}
}

func TestCosMulEqualsGensims(t *testing.T) {
	v := realVectors(t)
	var peer struct {
		Cosmul []struct {
			Positive, Negative []string
			Answer             []scoredWord
		}
	}
	golden(t, "queries", &peer)
	if len(peer.Cosmul) < 6 {
		t.Fatalf("%d cases", len(peer.Cosmul))
	}
	for i, c := range peer.Cosmul {
		for _, threads := range []int{1, 3} {
			q := Query{Positive: Words(c.Positive...), Negative: Words(c.Negative...), QueryOptions: QueryOptions{Method: CosMul}}
			q.Threads = threads
			got, err := v.Search(q, len(c.Answer))
			if err != nil {
				t.Fatal(err)
			}
			answers(t, fmt.Sprintf("case %d", i), got.Neighbors, c.Answer)
		}
	}
}

// royal is the four words of case C62.
func royal(t *testing.T) *Vectors {
	v, err := FromRows([]string{"king", "man", "woman", "queen", "zero"}, 2, []float32{1, 1, 1, 0, -1, 0.2, -1, 1.2, 0, 0})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Case C62: the rule is that words have length 1 first; the three are left out.
func TestAnalogyScalesWordsFirst(t *testing.T) {
	v := royal(t)
	got, err := v.Analogy("man", "king", "woman", 10, QueryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Neighbors) != 1 || got.Neighbors[0].Word != "queen" || math.Abs(got.Neighbors[0].Similarity-0.966609) > 1e-6 {
		t.Errorf("%+v", got)
	}
	var raw []Term
	for _, word := range []string{"king", "woman"} {
		row, _ := v.Vector(word)
		raw = append(raw, Term{Vector: row})
	}
	man, _ := v.Vector("man")
	got, err = v.Search(Query{Positive: raw, Negative: []Term{{Vector: man}}}, 1)
	if err != nil || got.Neighbors[0].Word != "queen" || math.Abs(got.Neighbors[0].Similarity-1) > 1e-7 {
		t.Errorf("vectors as they are: %+v %v, want queen at 1", got, err)
	}
}

// Case C63: in a plain store an unknown word is an error that names it, or skipped
// and told; in one with parts of words it is composed and told.
func TestUnknownWordsGoByThePolicy(t *testing.T) {
	v := royal(t)
	var unknown *UnknownWordError
	if _, err := v.Analogy("man", "kingg", "woman", 1, QueryOptions{}); !errors.As(err, &unknown) || unknown.Word != "kingg" || !slices.Contains(unknown.Near, "king") {
		t.Errorf("not an error that names the word: %v", err)
	}
	got, err := v.Analogy("man", "kingg", "woman", 1, QueryOptions{Unknown: Skip})
	if err != nil || len(got.Unknown) != 1 || got.Unknown[0] != (UnknownWord{"kingg", 0, Skip}) || got.Neighbors[0].Word != "queen" {
		t.Errorf("skip: %+v %v", got, err)
	}
	if _, err := v.Search(Query{Positive: Words("x", "y"), QueryOptions: QueryOptions{Unknown: Skip}}, 1); err == nil {
		t.Error("a query of which nothing is left has an answer")
	}
	if v.Has("kingg") || v.CanCompose("kingg") {
		t.Error("a plain store claims a word that it does not have")
	}

	v.compose = lastLetter{v}
	if v.Has("kingg") || !v.CanCompose("kingg") {
		t.Error("with parts: has its own, or cannot be composed")
	}
	got, err = v.Analogy("man", "kingg", "woman", 1, QueryOptions{})
	if err != nil || len(got.Unknown) != 1 || got.Unknown[0] != (UnknownWord{"kingg", 0, Compose}) {
		t.Errorf("compose: %+v %v", got, err)
	}
	if _, err := v.Analogy("man", "kingg", "woman", 1, QueryOptions{Unknown: Fail}); !errors.As(err, &unknown) {
		t.Errorf("fail composes: %v", err)
	}
	if got, err = v.Analogy("man", "kingg", "woman", 1, QueryOptions{Unknown: ComposeOrSkip}); err != nil || got.Unknown[0].Used != Compose {
		t.Errorf("compose-or-skip: %+v %v", got, err)
	}
}

// lastLetter makes words that end in g of king, others not at all.
type lastLetter struct{ v *Vectors }

func (l lastLetter) canCompose(word string) bool { return word != "" && word[len(word)-1] == 'g' }
func (l lastLetter) appendVector(dst []float32, word string) ([]float32, error) {
	return append(dst, 1, 1), nil
}

func TestAppendVectorsKeepsToThePolicy(t *testing.T) {
	v := royal(t)
	words := []string{"queen", "x", "man"}
	rows, unknown, err := v.AppendVectors([]float32{7}, words, Skip)
	if err != nil || !slices.Equal(rows, []float32{7, -1, 1.2, 1, 0}) || !slices.Equal(unknown, []UnknownWord{{"x", 1, Skip}}) {
		t.Errorf("skip: %v %v %v", rows, unknown, err)
	}
	rows, unknown, err = v.AppendVectors(nil, words, Zero)
	if err != nil || !slices.Equal(rows, []float32{-1, 1.2, 0, 0, 1, 0}) || !slices.Equal(unknown, []UnknownWord{{"x", 1, Zero}}) {
		t.Errorf("zero: %v %v %v", rows, unknown, err)
	}
	if rows, _, err = v.AppendVectors([]float32{7}, words, Fail); err == nil || !slices.Equal(rows, []float32{7}) {
		t.Errorf("fail: %v %v", rows, err)
	}
	for p := Compose; p <= ComposeOrSkip; p++ {
		var back Policy
		if err := back.UnmarshalText([]byte(p.String())); err != nil || back != p {
			t.Errorf("%v comes back as %v %v", p, back, err)
		}
	}
	var p Policy
	if err := p.UnmarshalText([]byte("guess")); err == nil {
		t.Error("an unknown policy is taken")
	}
}

func TestQueriesWithoutDirectionAreErrors(t *testing.T) {
	v := royal(t)
	inf := float32(math.Inf(1))
	for name, q := range map[string]Query{
		"nothing":      {},
		"zero word":    {Positive: Words("zero", "king")},
		"cancel":       {Positive: Words("king", "man"), Negative: Words("man", "king")},
		"zero vector":  {Positive: []Term{{Vector: []float32{0, 0}}}},
		"short vector": {Positive: []Term{{Vector: []float32{1}}}},
		"infinite":     {Positive: []Term{{Vector: []float32{1, inf}}}},
		"weight":       {Positive: []Term{{Word: "king", Weight: math.NaN()}}},
		"method":       {Positive: Words("king"), QueryOptions: QueryOptions{Method: 9}},
	} {
		if got, err := v.Search(q, 3); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
		q.Method = CosMul
		if got, err := v.Search(q, 3); err == nil && name != "cancel" && name != "method" {
			t.Errorf("%s by product: %+v", name, got)
		}
	}
	if _, err := v.Search(Query{Positive: Words("king")}, 0); err == nil {
		t.Error("k of 0 has an answer")
	}
	got, err := v.Search(Query{Positive: []Term{{Vector: []float32{1e38, 3e38}, Weight: 1e30}}}, 1)
	if err != nil || len(got.Neighbors) != 1 {
		t.Errorf("a sum beyond float32: %+v %v", got, err)
	}
}

// First is as good as a Skip of all other rows, by any method and in a batch.
func TestFirstRowsAlone(t *testing.T) {
	v := realVectors(t)
	for _, method := range []Method{CosAdd, CosMul} {
		q := Query{Positive: Words("king", "woman"), Negative: Words("man"), QueryOptions: QueryOptions{Method: method}}
		q.First = 777
		first, err := v.Search(q, 20)
		if err != nil {
			t.Fatal(err)
		}
		q.First, q.Skip = 0, func(row int) bool { return row >= 777 }
		skipped, err := v.Search(q, 20)
		if err != nil || !slices.Equal(first.Neighbors, skipped.Neighbors) || len(first.Neighbors) != 20 {
			t.Errorf("first %v, skipped %v %v", first.Neighbors, skipped.Neighbors, err)
		}
	}
	batch, err := v.NearestBatch(v.Row(3), 5, SearchOptions{First: 2})
	if err != nil || len(batch[0]) != 2 {
		t.Errorf("%v %v", batch, err)
	}
}

func TestCosMulKeepsTheBestInOrder(t *testing.T) {
	b := best{keep: 4}
	for row, score := range []float64{0.5, 0.1, 0.9, 0.5, 0.7, 0.5, 0.2} {
		b.add(score, row)
	}
	b.add(0.5, 1)
	if want := []scored{{0.9, 2}, {0.7, 4}, {0.5, 0}, {0.5, 1}}; !slices.Equal(b.rows, want) {
		t.Errorf("%v, want %v", b.rows, want)
	}
}
