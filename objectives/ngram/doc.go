// Package ngram trains text classifiers in seconds: fastText's supervised model, in plain Go.
//
//	texts ─► dictionary ─► features of each text ─► groups of features ─► rows [G,D] ─► mean ─► output [C,D] ─► labels
//	         words that    words, pieces of words,  those that stand in   trained by SGD
//	         are frequent  n-grams of words         the same texts
//
// The architecture, the hashing and the defaults are the original's (Joulin et al., "Bag of Tricks for Efficient Text Classification", 2016,
// equation 1), and so is the model that comes out: package fasttext asks it and writes it as a .bin that the original opens.
//
// What is other is the work. The original cuts each text into features again in every epoch; here that is done once. And of two features that
// stand in the same texts equally often each gets the same update at every step. Most of a text's features are such twins: the pieces of a word
// that no other word has, the n-grams of a rare word. Those are trained as one row that counts for as many as it stands for, which gives
// the same sums for a fraction of the additions (features.go).
//
// Training runs on one thread, so the same seed gives the same bits.
package ngram
