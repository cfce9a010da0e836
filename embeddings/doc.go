// Package embeddings opens word vectors, looks words up, searches neighbours and
// writes vectors again. It is plain Go: a program that imports it links no
// native library.
//
// The way of the data:
//
//	path -> open.go    what is this file? (by content, never by name; archive.go looks into zip)
//	     -> text.go    word2vec, GloVe and fastText text: a word and numbers on a line
//	        binary.go  word2vec binary
//	        tensors.go safetensors; model2vec.go where a tokenizer has the words
//	        fasttext.go, finalfusion.go  models that compose unknown words of their parts
//	        store.go   .cloze, our own, mapped
//	     -> vectors.go the store: words (words.go), rows one after another, norms
//	     -> nearest.go exact search by cosine: nearest_scan.go bounds every row's,
//	                   nearest_top.go keeps those that may be among the best
//	        query.go   searches by several words, cosmul.go the other rule; similarity.go
//	        pool.go    vectors of texts, sif.go weighs and cleans them
//	        evaluate.go agreement with people; evaluate_analogies.go questions answered right
//	        write.go   the store as a file again
//
// Reading is lenient and says what it mended ([Vectors.Report]): a header that
// counts wrong, no header, words that hold blanks, words given twice, blank
// lines. [Options].Strict turns each of these into an error. What would lose or
// invent numbers is always an error: a row with too few of them, NaN, a binary
// file that ends early.
//
// A word without a vector of its own ([Vectors.Has]) is what a [Policy] makes of it:
// an error, nothing, zeros, or a vector composed of its parts where the model has
// some ([Vectors.CanCompose]); answers tell which ([UnknownWord]).
//
// A model's tokens hold blanks, newlines and halves of characters, which no
// vector file can. [Key] gives each a readable name and [Piece] undoes it.
//
// A [Vectors] never changes once made: any number of goroutines may use it.
package embeddings
