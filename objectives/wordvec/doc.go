// Package wordvec makes a text ready for the training of word vectors (word2vec, fastText): words become numbers, once, and every epoch reads
// the numbers.
//
// The way of the data:
//
//	text a sentence ─► cut.go    words: by blanks, by UAX #29, or the pieces of a tokenizer
//	                 ► table.go  a number for each word, in the order in which words are first met
//	                 ► stream.go the numbers in a file, a zero after each sentence
//	                 ► phrases.go  pairs that belong together become words of their own (new_york), pass by pass
//	                 ► vocab.go  words that are frequent enough, the most frequent first; the file is renumbered in place
//	                 ► chunks.go a chunk of about 10,000 words at a time, for the training loop
//
// The text is read once, so that it may come from a pipe. What training draws from is computed here too: how often a frequent word is passed
// over (vocab.go), what words serve as noise (noise.go), and the Huffman codes of hierarchical softmax (huffman.go).
//
// A sentence is what the corpus reader calls a document, by default a line. It is never cut at a fixed length: only one of more than 100,000
// words is trained in several pieces.
package wordvec
