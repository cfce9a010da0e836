package wordvec

import (
	"encoding/binary"
	"fmt"
	"os"
)

const (
	chunkWords = 10_000          // from so many words on a chunk is full, and ends with the sentence
	cutWords   = 10 * chunkWords // a chunk ends here even inside a sentence: one window in 20,000 then lacks a side
)

// Corpus is a text in numbers: places of words in its vocabulary, in a file. Its methods may be called by several goroutines.
type Corpus struct {
	*Vocabulary
	file *os.File
	indexer
}

// OpenCorpus opens what an Encoder left: the file of numbers and the vocabulary.
func OpenCorpus(path, vocabulary string) (*Corpus, error) {
	v, err := ReadVocabulary(vocabulary)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, "read", err)
	}
	c := &Corpus{Vocabulary: v, file: file}
	if err := c.index(); err != nil {
		file.Close()
		return nil, err
	}
	return c, nil
}

// Close closes the file of numbers.
func (c *Corpus) Close() error { return c.file.Close() }

// Chunks is how many chunks an epoch has.
func (c *Corpus) Chunks() int { return len(c.begins) - 1 }

// WordsBefore is how many words of an epoch lie before a chunk; those of all before Chunks().
func (c *Corpus) WordsBefore(chunk int) int64 { return c.words[chunk] }

// index finds where the chunks begin.
func (c *Corpus) index() error {
	info, err := c.file.Stat()
	if err != nil {
		return fileError(c.file.Name(), "read", err)
	}
	in := newStreamReader(c.file, info.Size()&^3)
	n := newIndexer()
	for value, ok := in.next(); ok; value, ok = in.next() {
		if int64(value) > int64(c.Len()) {
			return fmt.Errorf("%s: word %d of %d at byte %d: not the numbers of this vocabulary, or damaged; start the run again", c.file.Name(), value, c.Len(), n.at)
		}
		n.see(value)
	}
	c.indexer = n.done()
	return in.err
}

// indexer cuts a stream into chunks as it passes by.
type indexer struct {
	begins []int64 // of the chunks in the file, and the end of the last
	words  []int64 // before each chunk, and all
	cut    int64   // sentences that lie in more than one chunk

	at, seen int64
	inChunk  int
	isCut    bool // the sentence that is passing by
}

func newIndexer() indexer { return indexer{begins: []int64{0}, words: []int64{0}} }

func (n *indexer) see(value uint32) {
	n.at += 4
	if value != sentenceEnd {
		n.seen++
		if n.inChunk++; n.inChunk >= cutWords {
			if !n.isCut {
				n.cut++
			}
			n.isCut = true
			n.end()
		}
		return
	}
	n.isCut = false
	if n.inChunk >= chunkWords {
		n.end()
	}
}

func (n *indexer) end() {
	n.begins, n.words, n.inChunk = append(n.begins, n.at), append(n.words, n.seen), 0
}

func (n indexer) done() indexer {
	if n.inChunk > 0 {
		n.end()
	}
	return n
}

// Chunk is some sentences.
type Chunk struct {
	Tokens []int32 // places in the vocabulary
	Ends   []int32 // sentence i is Tokens[Ends[i-1]:Ends[i]]
	buf    []byte
}

// Read fills a chunk, whose memory is used again.
func (c *Corpus) Read(chunk int, into *Chunk) error {
	size := int(c.begins[chunk+1] - c.begins[chunk])
	if cap(into.buf) < size {
		into.buf = make([]byte, size)
	}
	buf := into.buf[:size]
	if _, err := c.file.ReadAt(buf, c.begins[chunk]); err != nil {
		return fileError(c.file.Name(), "read", err)
	}
	into.Tokens, into.Ends = into.Tokens[:0], into.Ends[:0]
	for ; len(buf) > 0; buf = buf[4:] {
		if value := binary.LittleEndian.Uint32(buf); value != sentenceEnd {
			into.Tokens = append(into.Tokens, int32(value-1))
		} else {
			into.Ends = append(into.Ends, int32(len(into.Tokens)))
		}
	}
	if n := len(into.Ends); n == 0 || int(into.Ends[n-1]) < len(into.Tokens) {
		into.Ends = append(into.Ends, int32(len(into.Tokens))) // a sentence that goes on in the next chunk
	}
	return nil
}
