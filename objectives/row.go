package objectives

// Row is documents as token ids, one behind the other: `eot doc eot doc ...`, or without the eots. corpus/shard has it on disk, a Builder in
// memory. Safe for use by several goroutines.
type Row interface {
	// Tokens is the number of ids.
	Tokens() int
	// DocumentAt is the document that token i, in [0, Tokens()), lies in.
	DocumentAt(i int) int
	// Document gives where a document starts (at its eot) and ends, the id that is to follow its last one (the eot, IgnoreIndex where nothing is
	// asked for there), and the index of its language.
	Document(d int) (start, end int, next int32, language int16)
	// Append appends tokens [lo, hi) to ids, and to words, from a new element on, a bit for each of them that starts a word. Where that is unknown
	// words is returned as it came.
	Append(ids []int32, words []uint64, lo, hi int) ([]int32, []uint64)
}

// Corpus is a Row that knows of the texts behind it.
type Corpus interface {
	Row
	Documents() int
	// Text gives the length of a document's text in bytes and its FNV-1a hash, 64 bits.
	Text(d int) (bytes int64, hash uint64)
}

// Blocks is a set of examples in pieces of about equal length, the unit that is shuffled. Safe for use by several goroutines.
type Blocks interface {
	// Len is the number of blocks.
	Len() int
	// Sequences appends the sequences of block i, which is in [0, Len). It reuses the memory of what lies between len and cap of dst,
	// so a caller that passes dst[:0] each time allocates nothing; the sequences are the caller's.
	Sequences(i int, dst []Sequence) []Sequence
}

// RowBlocks is a Row cut into blocks; it implements Blocks.
type RowBlocks struct {
	row  Row
	size int
}

// Cut gives a row in blocks of size tokens. The last block is shorter where size does not divide Tokens; nothing is dropped.
func Cut(row Row, size int) *RowBlocks {
	if size < 1 {
		panic("objectives: block size below 1")
	}
	return &RowBlocks{row: row, size: size}
}

// Len is the number of blocks, the shorter last one included.
func (b *RowBlocks) Len() int { return (b.row.Tokens() + b.size - 1) / b.size }

// Sequences appends block i cut at the starts of documents. A document that goes on from the block before starts anew at position 0.
func (b *RowBlocks) Sequences(i int, dst []Sequence) []Sequence {
	return appendSequences(b.row, i*b.size, min((i+1)*b.size, b.row.Tokens()), dst)
}

// appendSequences appends tokens [lo, end) of a row, a sequence for each document in them.
func appendSequences(row Row, lo, end int, dst []Sequence) []Sequence {
	for d := row.DocumentAt(lo); lo < end; d++ {
		_, docEnd, next, language := row.Document(d)
		if docEnd <= lo { // only in a file that was damaged: go on rather than hang
			docEnd = end
		}
		dst = growSequences(dst)
		q := &dst[len(dst)-1]
		hi := min(docEnd, end)
		// One more than the block takes, where the document goes on: that is what its last token is asked for.
		ids, words := row.Append(q.IDs[:0], q.WordStarts[:0], lo, min(hi+1, docEnd))
		if n := hi - lo; len(ids) > n {
			ids, next = ids[:n], ids[n]
			words = cutBits(words, n)
		}
		*q = Sequence{IDs: ids, Next: next, Language: language}
		if len(words) > 0 {
			q.WordStarts = words
		}
		lo = hi
	}
	return dst
}

// cutBits shortens a bitset to n bits, nothing where it has none.
func cutBits(words []uint64, n int) []uint64 {
	if len(words) == 0 {
		return words
	}
	words = words[:(n+63)/64]
	if n&63 != 0 {
		words[n>>6] &= 1<<(n&63) - 1
	}
	return words
}

// growSequences lengthens dst by one, keeping the memory of an element that lies in its capacity.
func growSequences(dst []Sequence) []Sequence {
	if len(dst) < cap(dst) {
		return dst[:len(dst)+1]
	}
	return append(dst, Sequence{})
}
