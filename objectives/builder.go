package objectives

import (
	"fmt"
	"sort"
)

// Builder collects the token ids of a corpus in memory and parts them into training and validation.
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
	if b.separated() {
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

// Repeats is the number of documents whose text had been seen before.
func (b *Builder) Repeats() int {
	hashes := make([]uint64, len(b.docs))
	for i := range b.docs {
		hashes[i] = b.docs[i].hash
	}
	sort.Slice(hashes, func(i, j int) bool { return hashes[i] < hashes[j] })
	n := 0
	for i := 1; i < len(hashes); i++ {
		if hashes[i] == hashes[i-1] {
			n++
		}
	}
	return n
}

func (b *Builder) separated() bool { return b.endOfText != IgnoreIndex }

// end is the index after the last token of document i.
func (b *Builder) end(i int) int {
	if i+1 < len(b.docs) {
		return b.docs[i+1].start
	}
	return b.ids.len()
}

// hashText is FNV-1a, mixed so that its order says nothing about the text.
func hashText(text []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range text {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return mix64(h)
}
