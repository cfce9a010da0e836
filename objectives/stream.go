package objectives

import "sort"

// idStore is a growing row of token ids, two bytes an id while the vocabulary allows.
type idStore struct {
	narrow []uint16
	wide   []int32 // in use when isWide
	isWide bool
}

func newIDStore(vocabSize int) idStore { return idStore{isWide: vocabSize > 1<<16} }

func (s *idStore) len() int {
	if s.isWide {
		return len(s.wide)
	}
	return len(s.narrow)
}

func (s *idStore) at(i int) int32 {
	if s.isWide {
		return s.wide[i]
	}
	return int32(s.narrow[i])
}

func (s *idStore) append(ids ...int32) {
	if s.isWide {
		s.wide = append(s.wide, ids...)
		return
	}
	for _, id := range ids {
		s.narrow = append(s.narrow, uint16(id))
	}
}

// appendTo widens ids[lo:hi] onto dst.
func (s *idStore) appendTo(dst []int32, lo, hi int) []int32 {
	if s.isWide {
		return append(dst, s.wide[lo:hi]...)
	}
	for _, id := range s.narrow[lo:hi] {
		dst = append(dst, int32(id))
	}
	return dst
}

// move copies ids[lo:hi] down to at; both ends may overlap.
func (s *idStore) move(at, lo, hi int) {
	if s.isWide {
		copy(s.wide[at:], s.wide[lo:hi])
	} else {
		copy(s.narrow[at:], s.narrow[lo:hi])
	}
}

// truncate shortens the row to n ids.
func (s *idStore) truncate(n int) {
	if s.isWide {
		s.wide = s.wide[:n]
	} else {
		s.narrow = s.narrow[:n]
	}
}

// Stream is the token ids of some documents in one row, `eot doc eot doc ... eot` (without the eots where the tokenizer has no end-of-text
// token). The eot both ends a document and starts the next, so that every token of every document is asked for once, its first one too.
// The last eot is only ever a target: it is not among the Tokens.
type Stream struct {
	ids       idStore
	starts    []int  // index of the first token of each document (of its eot), increasing
	separated bool   // there are eots
	tokens    int    // tokens the model reads
	bytes     int64  // bytes of text the tokens stand for
	hash      uint64 // of the documents' texts, in order
}

// Tokens is the number of tokens the model reads, eots included.
func (s *Stream) Tokens() int { return s.tokens }

// Documents is the number of documents.
func (s *Stream) Documents() int { return len(s.starts) }

// Bytes is the number of bytes of text in the documents; an eot stands for none.
func (s *Stream) Bytes() int64 { return s.bytes }

// Fingerprint tells two streams apart whose documents, or their order, differ.
func (s *Stream) Fingerprint() uint64 { return s.hash }

// next gives the id that follows token i, IgnoreIndex at the end of the stream or, without eots, of a document.
func (s *Stream) next(i int) int32 {
	if i+1 >= s.ids.len() {
		return IgnoreIndex
	}
	if !s.separated {
		d := sort.SearchInts(s.starts, i+1)
		if d < len(s.starts) && s.starts[d] == i+1 {
			return IgnoreIndex
		}
	}
	return s.ids.at(i + 1)
}

// Blocks is a set of examples in pieces of about equal length, the unit that is shuffled. Safe for use by several goroutines.
type Blocks interface {
	// Len is the number of blocks.
	Len() int
	// Sequences appends the sequences of block i, which is in [0, Len). It reuses the IDs of what lies between len and cap of dst,
	// so a caller that passes dst[:0] each time allocates nothing; the sequences are the caller's.
	Sequences(i int, dst []Sequence) []Sequence
}

// Cut gives the stream in blocks of size tokens. The last block is shorter where size does not divide Tokens; nothing is dropped.
func (s *Stream) Cut(size int) *StreamBlocks {
	if size < 1 {
		panic("objectives: block size below 1")
	}
	return &StreamBlocks{stream: s, size: size}
}

// StreamBlocks is a Stream cut into blocks; it implements Blocks.
type StreamBlocks struct {
	stream *Stream
	size   int
}

// Len is the number of blocks, the shorter last one included.
func (b *StreamBlocks) Len() int { return (b.stream.tokens + b.size - 1) / b.size }

// Sequences appends block i cut at the starts of documents. A document that goes on from the block before starts anew at position 0.
func (b *StreamBlocks) Sequences(i int, dst []Sequence) []Sequence {
	s := b.stream
	lo, end := i*b.size, min((i+1)*b.size, s.tokens)
	d := sort.SearchInts(s.starts, lo+1) // the first document that starts after lo
	for lo < end {
		hi := end
		if d < len(s.starts) && s.starts[d] < end {
			hi = s.starts[d]
		}
		dst = growSequences(dst)
		q := &dst[len(dst)-1]
		*q = Sequence{IDs: s.ids.appendTo(q.IDs[:0], lo, hi), Next: s.next(hi - 1)}
		lo, d = hi, d+1
	}
	return dst
}

// growSequences lengthens dst by one, keeping the memory of an element that lies in its capacity.
func growSequences(dst []Sequence) []Sequence {
	if len(dst) < cap(dst) {
		return dst[:len(dst)+1]
	}
	return append(dst, Sequence{})
}
