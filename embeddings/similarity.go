package embeddings

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Similarity is the cosine of two words, -1 to 1; 0 where one of the vectors is
// zero. Words without a vector of their own are composed or an *UnknownWordError.
func (v *Vectors) Similarity(a, b string) (float64, error) {
	s, _, err := v.SetSimilarity([]string{a}, []string{b}, Compose)
	return s, err
}

// SetSimilarity is the cosine of the means of two sets of words, vectors as they
// are, -1 to 1; 0 where one of the means is zero. Place in the unknown words counts
// the words of a, then those of b. A set of which nothing is left is an error. It
// is gensim's n_similarity.
func (v *Vectors) SetSimilarity(a, b []string, p Policy) (float64, []UnknownWord, error) {
	meanA, unknown, err := v.mean(a, p, false)
	if err != nil {
		return 0, nil, err
	}
	meanB, more, err := v.mean(b, p, false)
	if err != nil {
		return 0, nil, err
	}
	for _, u := range more {
		u.Place += len(a)
		unknown = append(unknown, u)
	}
	return cosine(meanA, meanB), unknown, nil
}

// Centrality ranks words by their cosine with the mean of all of them, each
// scaled to length 1 first; the one most like the others first, equal ones by
// falling spelling (gensim's rank_by_centrality). Row is -1 for words that have
// none.
func (v *Vectors) Centrality(words []string, p Policy) (Answer, error) {
	mean, unknown, err := v.mean(words, p, true)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Unknown: unknown}
	var row []float32
	for _, word := range words {
		var f lookedUp
		if row, f, err = v.appendWord(row[:0], word, p); err != nil {
			return Answer{}, err
		}
		if len(row) > 0 { // not skipped
			answer.Neighbors = append(answer.Neighbors, Neighbor{word, f.row, cosine(widen(row), mean)})
		}
	}
	slices.SortStableFunc(answer.Neighbors, func(a, b Neighbor) int {
		return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(b.Word, a.Word))
	})
	return answer, nil
}

// DoesNotMatch is the word that is least like the others: the last of
// Centrality.
func (v *Vectors) DoesNotMatch(words []string, p Policy) (string, error) {
	answer, err := v.Centrality(words, p)
	if err != nil {
		return "", err
	}
	return answer.Neighbors[len(answer.Neighbors)-1].Word, nil
}

// mean is the mean of the words' vectors in float64, each scaled to length 1
// first if unit says so.
func (v *Vectors) mean(words []string, p Policy, unit bool) ([]float64, []UnknownWord, error) {
	if len(words) == 0 {
		return nil, nil, errors.New("no word was given; give at least one")
	}
	rows, unknown, err := v.AppendVectors(nil, words, p)
	if err != nil {
		return nil, nil, err
	}
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("none of the words has a vector: %w", v.Unknown(words[0]))
	}
	mean := make([]float64, v.dim)
	for row := range slices.Chunk(rows, v.dim) {
		length := 1.0
		if unit {
			length = norm(row)
		}
		if length == 0 {
			continue // a vector of zeros counts, and adds nothing
		}
		for i, x := range row {
			mean[i] += float64(x) / length
		}
	}
	for i := range mean {
		mean[i] *= float64(v.dim) / float64(len(rows))
	}
	return mean, unknown, nil
}

// cosine of two vectors; 0 where one of them is zero.
func cosine(a, b []float64) float64 {
	var ab, aa, bb float64
	for i, x := range a {
		ab, aa, bb = ab+x*b[i], aa+x*x, bb+b[i]*b[i]
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return max(-1, min(1, ab/(math.Sqrt(aa)*math.Sqrt(bb))))
}

func widen(row []float32) []float64 {
	out := make([]float64, len(row))
	for i, x := range row {
		out[i] = float64(x)
	}
	return out
}
