// Package fasttext reads, writes and asks models of the original fastText tool:
// word vectors with sub-words, and text classifiers (.bin), both also in their
// quantised form (.ftz). It is plain Go and needs nothing else of this module.
//
// The way of the data:
//
//	file -> read.go        magic, arguments, dictionary, two matrices
//	     -> dictionary.go  words and labels, a text to rows of the input matrix
//	        hash.go        sub-words to rows: FNV-1a over signed bytes
//	     -> matrix.go      rows as float32, or as product-quantised codes (quantise.go)
//	     -> model.go       a word's vector: the mean of its row and its sub-words' rows
//	        predict.go     a text's labels: the mean of its rows through the output (losses.go, tree.go)
//	     -> write.go       the model as a file again, which the original opens
//
// Shapes: V words, B buckets of sub-words and word n-grams, C outputs (labels of
// a classifier, words otherwise), D the width. Input is [V+B,D], output [C,D].
//
// Numbers are those of the original: sums run in float32 in its order, ties of
// probabilities come in the order of its heap (heap.go). Sources: Bojanowski et
// al., "Enriching Word Vectors with Subword Information", 2017; Joulin et al.,
// "Bag of Tricks for Efficient Text Classification", 2016; Joulin et al.,
// "FastText.zip: Compressing text classification models", 2016.
package fasttext
