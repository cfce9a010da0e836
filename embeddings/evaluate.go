package embeddings

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/go-cloze/cloze/objectives/metrics"
)

// EvalOptions are how vectors are measured. The zero value is gensim's default, so
// that numbers compare.
type EvalOptions struct {
	// First is how many rows count as known, from the first; 0 stands for 300,000.
	First int
	// CaseSensitive looks words up as they stand. Otherwise all are compared in
	// upper case, and of words that differ in case alone the first row counts.
	CaseSensitive bool
	// ZeroUnknown counts pairs and questions with an unknown word: as similarity 0,
	// as wrong. Otherwise they are left out.
	ZeroUnknown bool
	// Compose counts words as known of which a vector can be composed; in pairs
	// alone. Then numbers do not compare with gensim's.
	Compose bool
	// Method answers the questions.
	Method Method
	// Threads is the number of goroutines; 0 = all cores. It changes no answer.
	Threads int
}

// SimilarityResult is how well cosines agree with people's scores.
type SimilarityResult struct {
	Name string `json:"name"`
	// Pairs is how many were compared, Unknown how many had an unknown word.
	Pairs   int `json:"pairs"`
	Unknown int `json:"unknown"`
	// UnknownShare is Unknown over all pairs of the set, 0 to 1.
	UnknownShare float64 `json:"unknown_share"`
	Spearman     float64 `json:"spearman"`
	Pearson      float64 `json:"pearson"`
	Skipped      int     `json:"skipped_lines,omitempty"`
}

// MarshalJSON writes a correlation that is NaN as null: JSON has no NaN.
func (r SimilarityResult) MarshalJSON() ([]byte, error) {
	type plain SimilarityResult
	null := func(x float64) *float64 {
		if math.IsNaN(x) {
			return nil
		}
		return &x
	}
	return json.Marshal(struct {
		plain
		Spearman *float64 `json:"spearman"`
		Pearson  *float64 `json:"pearson"`
	}{plain(r), null(r.Spearman), null(r.Pearson)})
}

// Evaluator measures vectors. It may be used by several goroutines at once.
type Evaluator struct {
	v       *Vectors
	o       EvalOptions
	first   int
	allowed map[string]int32 // word, in upper case unless CaseSensitive, to row
}

// defaultFirst is gensim's restrict_vocab.
const defaultFirst = 300000

// Evaluator makes ready to measure with any number of sets. It lists the words,
// which takes some tenths of a second for 300,000.
func (v *Vectors) Evaluator(o EvalOptions) (*Evaluator, error) {
	if o.First < 0 {
		return nil, fmt.Errorf("the first %d rows cannot be taken; give a number above 0, or 0 for %d", o.First, defaultFirst)
	}
	if o.First == 0 {
		o.First = defaultFirst
	}
	e := &Evaluator{v: v, o: o, first: min(o.First, v.Len())}
	e.allowed = make(map[string]int32, e.first)
	for row := e.first - 1; row >= 0; row-- { // backwards: the first of equal words stays
		e.allowed[e.fold(v.Word(row))] = int32(row)
	}
	return e, nil
}

func (e *Evaluator) fold(word string) string {
	if e.o.CaseSensitive {
		return word
	}
	return upper(word)
}

// Similarity compares the cosines of a set's pairs with their scores. A set of
// which no pair is known is an error; with a single pair, or where one side never
// changes, the correlations are NaN.
func (e *Evaluator) Similarity(set *SimilaritySet) (SimilarityResult, error) {
	r := SimilarityResult{Name: set.Name, Skipped: set.Skipped}
	var people, cosines []float64
	var a, b []float32
	for _, pair := range set.Pairs {
		var knowsA, knowsB bool
		a, knowsA = e.appendKnown(a[:0], pair.A)
		b, knowsB = e.appendKnown(b[:0], pair.B)
		c := 0.0
		if !knowsA || !knowsB {
			r.Unknown++
			if !e.o.ZeroUnknown {
				continue
			}
		} else {
			c = cosine(widen(a), widen(b))
		}
		people, cosines = append(people, pair.Score), append(cosines, c)
	}
	if len(people) == 0 {
		return r, fmt.Errorf("%s: no pair of which both words have a vector (%d pairs); is it a set of another language?", set.Name, len(set.Pairs))
	}
	r.Pairs = len(people)
	r.UnknownShare = float64(r.Unknown) / float64(len(set.Pairs))
	r.Spearman, r.Pearson = metrics.Spearman(people, cosines), metrics.Pearson(people, cosines)
	return r, nil
}

// appendKnown appends the vector of a word of a set, if it has one.
func (e *Evaluator) appendKnown(dst []float32, word string) ([]float32, bool) {
	if row, ok := e.allowed[e.fold(word)]; ok {
		return e.v.AppendRow(dst, int(row)), true
	}
	if e.o.Compose && e.v.CanCompose(word) {
		out, err := e.v.compose.appendVector(dst, word)
		return out, err == nil
	}
	return dst, false
}

// MeanSpearman is the mean over sets, for a word in a table; NaN for none.
func MeanSpearman(results []SimilarityResult) float64 {
	var m metrics.Mean
	for _, r := range results {
		if !math.IsNaN(r.Spearman) {
			m.Add(r.Spearman, 1)
		}
	}
	return m.Value()
}
