// Package train makes tokenizers from text.
//
// The way of the text in [BPE]:
//
//	texts ──► count.go  copied into batches, cut into words by as many goroutines as there are threads, counted in
//	          table.go  a table each; one that is full goes to disk as a sorted run (spill.go)
//	      ──► keep.go   the tables become one list of words and counts; the rarest words are left out where it would not fit
//	      ──► pairs.go  all neighbouring pairs with their counts and places
//	          merge.go  the most frequent pair becomes a piece, again and again
//	      ──► tokenize.NewBPE
//
// The result depends on the words and their counts alone: not on threads, on the order of documents or on the process. Counts have
// 64 bits. What is left out or cut is in the [Report].
package train
