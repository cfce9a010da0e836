package objectives

import (
	"fmt"
	"sort"
)

// Builder collects the token ids of a corpus in memory. It is a Corpus; Split parts it into training and validation.
type Builder struct {
	vocabSize int
	endOfText int32
	ids       idStore // eot before each document
	docs      []document
	empty     int64
}

type document struct {
	start int    // index into ids, of the eot where there is one
	bytes int64  // of text
	hash  uint64 // of text
}

// NewBuilder makes an empty Builder for ids in [0, vocabSize). endOfText is the token between documents, IgnoreIndex where the tokenizer
// has none; then no token is asked for across a document's end, and the first of each is never asked for.
func NewBuilder(vocabSize int, endOfText int32) *Builder {
	return &Builder{vocabSize: vocabSize, endOfText: endOfText, ids: newIDStore(max(vocabSize, int(endOfText)+1))}
}

// Add appends a document: its text, which is measured and hashed but not kept, and the ids of it, which are copied.
// A document without ids is counted (Empty) and left out. An id outside the vocabulary is an error that names it.
func (b *Builder) Add(text []byte, ids []int32) error {
	if len(ids) == 0 {
		b.empty++
		return nil
	}
	for i, id := range ids {
		if id < 0 || int(id) >= b.vocabSize {
			return fmt.Errorf("objectives: document %d, token %d has id %d, outside the tokenizer's vocabulary of %d: tokenize it with the same tokenizer",
				len(b.docs)+1, i, id, b.vocabSize)
		}
	}
	b.docs = append(b.docs, document{start: b.ids.len(), bytes: int64(len(text)), hash: hashText(text)})
	if b.endOfText != IgnoreIndex {
		b.ids.append(b.endOfText)
	}
	b.ids.append(ids...)
	return nil
}

// Documents is the number of documents held.
func (b *Builder) Documents() int { return len(b.docs) }

// Tokens is the number of tokens held, eots included.
func (b *Builder) Tokens() int { return b.ids.len() }

// Empty is the number of documents that had no tokens and were left out.
func (b *Builder) Empty() int64 { return b.empty }

// DocumentAt is part of Row.
func (b *Builder) DocumentAt(i int) int {
	return sort.Search(len(b.docs), func(d int) bool { return b.docs[d].start > i }) - 1
}

// Document is part of Row. The language is always 0.
func (b *Builder) Document(d int) (start, end int, next int32, language int16) {
	end = b.ids.len()
	if d+1 < len(b.docs) {
		end = b.docs[d+1].start
	}
	return b.docs[d].start, end, b.endOfText, 0
}

// Append is part of Row. Word starts are unknown.
func (b *Builder) Append(ids []int32, words []uint64, lo, hi int) ([]int32, []uint64) {
	return b.ids.appendTo(ids, lo, hi), words
}

// Text is part of Corpus.
func (b *Builder) Text(d int) (bytes int64, hash uint64) { return b.docs[d].bytes, b.docs[d].hash }

// Repeats is the number of documents whose text had been seen before.
func (b *Builder) Repeats() int { return Repeats(b) }

// Split parts the documents held, as the function Split does. Nothing may be added afterwards.
func (b *Builder) Split(cfg SplitConfig, textBytes func(ids []int32) int64) (training, valid *Stream, how string) {
	return Split(b, cfg, textBytes)
}

// hashText is FNV-1a, the hash that corpus/shard keeps of a text.
func hashText(text []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range text {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
