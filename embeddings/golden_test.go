package embeddings

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// data is the folder of real data; without one the test is skipped.
func data(t testing.TB) string {
	t.Helper()
	root := os.Getenv("CLOZE_DATA")
	if root == "" {
		t.Skip("CLOZE_DATA is not set: no real vectors to compare on")
	}
	return root
}

// golden reads what testdata/gen/embeddings_queries.py wrote.
func golden(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "embeddings", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

var gloveOnce struct {
	sync.Once
	v   *Vectors
	err error
}

// realVectors are 25,000 x 50 of GloVe, those the goldens are of, read once.
func realVectors(t testing.TB) *Vectors {
	t.Helper()
	path := filepath.Join(data(t), "models/glove_6b_50d_top/glove.6B.50d.top25k.txt.gz")
	gloveOnce.Do(func() { gloveOnce.v, gloveOnce.err = Open(path) })
	if gloveOnce.err != nil {
		t.Fatal(gloveOnce.err)
	}
	return gloveOnce.v
}

// near compares a number with the peer's.
func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, want %v (tolerance %v)", what, got, want, tolerance)
	}
}

// scoredWord is a word with a number, in Python a tuple.
type scoredWord struct {
	Word  string
	Score float64
}

func (s *scoredWord) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&s.Word, &s.Score})
}

// answers wants the peer's words in its order; where the peer's scores are equal
// but for rounding, any order of those.
func answers(t testing.TB, what string, got []Neighbor, want []scoredWord) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d answers, want %d", what, len(got), len(want))
		return
	}
	for i, w := range want {
		near(t, what+": "+w.Word, got[i].Similarity, w.Score, 1e-6)
		if got[i].Word == w.Word {
			continue
		}
		tied := false
		for j, other := range want {
			tied = tied || other.Word == got[i].Word && math.Abs(other.Score-w.Score) < 1e-6 && i != j
		}
		if !tied {
			t.Errorf("%s: answer %d is %q, want %q", what, i, got[i].Word, w.Word)
		}
	}
}
