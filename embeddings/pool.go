package embeddings

import (
	"fmt"
	"math"
)

// Pooling is the rule by which the vectors of a text's words become one.
type Pooling uint8

const (
	// Mean is the sum of the words' vectors over the number of words.
	Mean Pooling = iota
	// Sum is the sum.
	Sum
	// Max is the largest number of each dimension.
	Max
)

// TextOptions are how a text's vector is made. The zero value: the mean of the
// words' vectors as they are; unknown words are composed or an error.
type TextOptions struct {
	Pooling Pooling
	// Unknown is the policy for words without a vector; ComposeOrSkip suits texts.
	Unknown Policy
	// Unit scales each word's vector to length 1 first.
	Unit bool
	// Weight, where set, multiplies each word's vector; [SIF] makes one. It is not
	// divided out again: Mean divides by the number of words. It may be called by
	// several goroutines at once if AppendText is.
	Weight func(word string) float64
}

// AppendText appends the vector of a text, [D] float32, to dst, and tells the
// words without a vector of their own. A text with no word, or of which nothing
// is left, has a vector of zeros. How a text is cut into words is the caller's
// choice: strings.Fields, or package tokenize/words. An error leaves dst as it was.
func (v *Vectors) AppendText(dst []float32, words []string, o TextOptions) ([]float32, []UnknownWord, error) {
	sum := make([]float64, v.dim)
	if o.Pooling == Max {
		for i := range sum {
			sum[i] = math.Inf(-1)
		}
	}
	var unknown []UnknownWord
	var row []float32
	count := 0
	for i, word := range words {
		var f lookedUp
		var err error
		if row, f, err = v.appendWord(row[:0], word, o.Unknown); err != nil {
			return dst, nil, err
		}
		if f.row < 0 {
			unknown = append(unknown, UnknownWord{word, i, f.used})
		}
		if len(row) == 0 { // skipped
			continue
		}
		count++
		o.add(sum, row, word)
	}
	out := dst
	for _, x := range sum {
		switch {
		case count == 0:
			x = 0
		case o.Pooling == Mean:
			x /= float64(count)
		}
		if !finite(float32(x)) {
			return dst, nil, fmt.Errorf("the vector of the text leaves the range of float32 (%v); are the weights finite?", x)
		}
		out = append(out, float32(x))
	}
	return out, unknown, nil
}

// add joins one word's vector to those before it.
func (o TextOptions) add(sum []float64, row []float32, word string) {
	weight := 1.0
	if o.Weight != nil {
		weight = o.Weight(word)
	}
	if o.Unit {
		if length := norm(row); length > 0 {
			weight /= length
		}
	}
	for i, x := range row {
		x := weight * float64(x)
		if o.Pooling == Max {
			sum[i] = max(sum[i], x)
		} else {
			sum[i] += x
		}
	}
}
