// Package tokenize turns text into token ids and back, exactly as the Hugging Face package `tokenizers` does.
//
// The way of the text through plain byte-level BPE, a file a stage:
//
//	text ──► added.go      special and added tokens are cut out (never special ones in the data form)
//	     ──► bytelevel.go  a blank may be put in front; blocks.go cuts the rest into words (GPT-2's pattern)
//	     ──► cache.go      a word seen before gives its ids at once; merge.go merges the bytes of the others by rank
//	     ──► template.go   ids of the template (<s>, </s> ...) are put around (never in the data form)
//	ids  ──► decode.go     bytes of the pieces, joined; stream.go gives them one id at a time
//
// and through every other pipeline (general.go; quick.go is a short cut for ASCII):
//
//	text ──► added.go ──► normal.go, normalize_*.go ──► pretokenize_*.go, pattern_*.go ──► model_*.go ──► template.go, limits.go
//	ids  ──► decode_steps.go
//
// [Open] reads a tokenizer.json (file.go, scan.go, *_read.go), an older file (sentencepiece.go, vocabtxt.go, tiktoken.go) or a folder that holds one
// (folder.go); [Tokenizer.Save] writes it (save.go). What the file asks for and this package cannot do is refused by name.
//
// There are two ways in. [Tokenizer.AppendIDs] is for corpora and other people's text: it allocates nothing, and text never
// yields the id of a special token. [Tokenizer.Encode] is what the Python package's encode does: it recognises special text, adds the
// template, and tells pieces, offsets and word numbers.
//
// A Tokenizer is never changed once made and may be used by any number of goroutines: what a call needs to write to (word
// cache, merge buffers) is borrowed for the call from a small fixed set of scratch blocks, one a concurrent caller.
package tokenize
