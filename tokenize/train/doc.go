// Package train makes tokenizers from text.
//
// The way of the text in [BPE], [WordPiece], [Unigram] and [WordLevel]:
//
//	texts ──► count.go  copied into batches, cut into words by as many goroutines as there are threads, counted in
//	          table.go  a table each; one that is full goes to disk as a sorted run (spill.go)
//	      ──► keep.go   the tables become one list of words and counts; the rarest words are left out where it would not fit
//
// BPE (bpe.go) and WordPiece (wordpiece.go, bertwords.go cuts) go on with
//
//	list.go   ──► pairs.go  all neighbouring pairs with their counts and places
//	              merge.go  the most frequent pair becomes a piece, again and again
//
// Unigram (unigram.go, spwords.go cuts) with
//
//	utext.go  ──► seeds.go    the substrings that may be pieces
//	              lattice.go  how often each piece is expected, given the probabilities of all
//	              prune.go    probabilities from that; the pieces that are missed least go
//
// and [WordLevel] keeps the most frequent words. file.go writes the tokenizer.json, except for BPE's (tokenize.NewBPE).
//
// The result depends on the words and their counts alone: not on threads, on the order of documents or on the process. Counts have
// 64 bits. What is left out or cut is in the [Report].
package train
