package embeddings

import (
	"fmt"
	"math"
)

// Term is one part of a [Query]: a word, or a vector where Vector is set.
type Term struct {
	Word   string
	Vector []float32 // [D] float32; read only during the search
	// Weight is how much it counts; 0 stands for 1.
	Weight float64
}

// Words are terms of weight 1.
func Words(words ...string) []Term {
	terms := make([]Term, len(words))
	for i, w := range words {
		terms[i].Word = w
	}
	return terms
}

// Method is the rule by which terms are joined.
type Method uint8

const (
	// CosAdd ranks by the cosine with the sum of the terms: positive ones added,
	// negative ones subtracted, words scaled to length 1 first, vectors as they
	// are. It is 3CosAdd for two positive words and a negative one (Mikolov et al.,
	// "Linguistic Regularities in Continuous Space Word Representations", 2013),
	// and gensim's most_similar.
	CosAdd Method = iota
	// CosMul ranks by a product, in which no large cosine drowns the others:
	//
	//	s(x, t) = (1 + cos(x, t)) / 2
	//	score(x) = prod over positive t of s(x, t) / (prod over negative t of s(x, t) + 1e-6)
	//
	// It is 3CosMul (Levy and Goldberg, "Linguistic Regularities in Sparse and
	// Explicit Word Representations", 2014, equation 4 and footnote 7), and gensim's
	// most_similar_cosmul. Weights are exponents. Scores are not cosines; they may
	// be above 1.
	CosMul
)

// Query is a question by several words and vectors.
type Query struct {
	Positive, Negative []Term
	QueryOptions
}

// QueryOptions are how a [Query] is answered. The zero value: 3CosAdd over all
// rows; unknown words are composed or an error.
type QueryOptions struct {
	Method  Method
	Unknown Policy
	SearchOptions
}

// Answer is what was found.
type Answer struct {
	// Neighbors are the words found, best first. Their Similarity is the cosine,
	// or the score of CosMul.
	Neighbors []Neighbor `json:"neighbors"`
	// Unknown are the words of the question without a vector of their own; Place
	// counts the positive terms, then the negative ones.
	Unknown []UnknownWord `json:"unknown,omitempty"`
}

// Search returns the k words that fit the query best, best first, equal ones by
// row. Words of the query are left out of the answer. It is an error when no term
// is left, when a zero vector is to be scaled, when the terms cancel each other,
// and when a word is unknown (*UnknownWordError, by policy).
func (v *Vectors) Search(q Query, k int) (Answer, error) {
	if k < 1 {
		return Answer{}, fmt.Errorf("k is %d, ask for at least 1 neighbour", k)
	}
	positive, answer, inputs, err := v.terms(q.Positive, 0, q.QueryOptions)
	if err != nil {
		return Answer{}, err
	}
	negative, more, moreInputs, err := v.terms(q.Negative, len(q.Positive), q.QueryOptions)
	if err != nil {
		return Answer{}, err
	}
	answer.Unknown = append(answer.Unknown, more.Unknown...)
	inputs = append(inputs, moreInputs...)
	if len(positive)+len(negative) == 0 {
		return Answer{}, fmt.Errorf("the query has no word with a vector (%d given, %d unknown)", len(q.Positive)+len(q.Negative), len(answer.Unknown))
	}
	// The inputs are asked for too and then left out, which costs less than a
	// question at every row.
	wanted := min(k, v.Len()) + len(inputs)
	var found []Neighbor
	switch q.Method {
	case CosAdd:
		var sum []float32
		if sum, err = v.sum(positive, negative); err == nil {
			found, err = v.NearestTo(sum, wanted, q.SearchOptions)
		}
	case CosMul:
		found, err = v.cosMul(positive, negative, wanted, q.SearchOptions)
	default:
		err = fmt.Errorf("unknown method %d", q.Method)
	}
	if err != nil {
		return Answer{}, err
	}
	answer.Neighbors = without(found, inputs, k)
	return answer, nil
}

// Analogy answers "a is to b as c is to what?": the words nearest to b - a + c,
// each scaled to length 1 first, or by [CosMul]. The three are left out.
func (v *Vectors) Analogy(a, b, c string, k int, o QueryOptions) (Answer, error) {
	return v.Search(Query{Positive: Words(b, c), Negative: Words(a), QueryOptions: o}, k)
}

// weighted is a term made ready: a word of length 1, or a vector.
type weighted struct {
	vector []float64
	weight float64
}

// terms looks the terms up. inputs are the rows of their words.
func (v *Vectors) terms(terms []Term, place int, o QueryOptions) (ready []weighted, a Answer, inputs []int, err error) {
	var row []float32
	for i, t := range terms {
		w := weighted{weight: t.Weight}
		if w.weight == 0 {
			w.weight = 1
		}
		if !(math.Abs(w.weight) <= math.MaxFloat64) {
			return nil, a, nil, fmt.Errorf("term %d has the weight %v; only finite numbers can be used", place+i+1, t.Weight)
		}
		name := fmt.Sprintf("vector of term %d", place+i+1)
		row = append(row[:0], t.Vector...)
		if t.Vector == nil {
			name = "vector of word " + quote(t.Word)
			var f lookedUp
			if row, f, err = v.appendWord(row, t.Word, o.Unknown); err != nil {
				return nil, a, nil, err
			}
			if f.row < 0 {
				a.Unknown = append(a.Unknown, UnknownWord{t.Word, place + i, f.used})
			} else {
				inputs = append(inputs, f.row)
			}
			if len(row) == 0 { // skipped
				continue
			}
		}
		if w.vector, err = v.ready(row, name, t.Vector == nil, o); err != nil {
			return nil, a, nil, err
		}
		if w.vector != nil {
			ready = append(ready, w)
		}
	}
	return ready, a, inputs, nil
}

// ready is the vector in float64, of length 1 where its method scales it; nil
// for a vector of zeros that the policy asked for.
func (v *Vectors) ready(row []float32, name string, word bool, o QueryOptions) ([]float64, error) {
	length := norm(row)
	switch {
	case len(row) != v.dim:
		return nil, fmt.Errorf("the %s has %d numbers, the vectors have %d", name, len(row), v.dim)
	case math.IsNaN(length) || math.IsInf(length, 0):
		return nil, fmt.Errorf("the %s holds a number that is not finite", name)
	case length == 0 && o.Unknown == Zero:
		return nil, nil // adds nothing
	case length == 0:
		return nil, fmt.Errorf("the %s is zero: it has no direction and so no neighbours", name)
	}
	if !word && o.Method == CosAdd {
		length = 1
	}
	out := make([]float64, len(row))
	for i, x := range row {
		out[i] = float64(x) / length
	}
	return out, nil
}

// sum joins the terms for CosAdd, to some length that does not matter.
func (v *Vectors) sum(positive, negative []weighted) ([]float32, error) {
	sum := make([]float64, v.dim)
	largest := 0.0
	for side, terms := range [][]weighted{positive, negative} {
		for _, t := range terms {
			w := t.weight
			if side == 1 {
				w = -w
			}
			for i, x := range t.vector {
				sum[i] += w * x
				largest = max(largest, math.Abs(w*x))
			}
		}
	}
	out := make([]float32, v.dim)
	zero := true
	for i, x := range sum {
		if math.Abs(x) > 1e-12*largest { // below it is what rounding left of terms that cancel each other
			out[i] = float32(x / largest)
			zero = false
		}
	}
	if zero {
		return nil, fmt.Errorf("the terms of the query cancel each other: their sum has no direction and so no neighbours")
	}
	return out, nil
}

// without drops the inputs and keeps k.
func without(found []Neighbor, inputs []int, k int) []Neighbor {
	kept := found[:0]
	for _, n := range found {
		isInput := false
		for _, row := range inputs {
			isInput = isInput || n.Row == row
		}
		if !isInput && len(kept) < k {
			kept = append(kept, n)
		}
	}
	return kept
}
