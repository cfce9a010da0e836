package objectives

// Side is what is trained on, or what is held out, of one corpus or of several, in order.
type Side []*Stream

// Tokens is the number of tokens the model reads, eots included.
func (s Side) Tokens() (n int) {
	for _, stream := range s {
		n += stream.Tokens()
	}
	return n
}

// Documents is the number of documents.
func (s Side) Documents() (n int) {
	for _, stream := range s {
		n += stream.Documents()
	}
	return n
}

// Bytes is the number of bytes of text in the documents.
func (s Side) Bytes() (n int64) {
	for _, stream := range s {
		n += stream.Bytes()
	}
	return n
}

// Fingerprint tells two sides apart whose documents, or their order, differ. That of one stream is the stream's own.
func (s Side) Fingerprint() uint64 {
	var hash uint64
	for i, stream := range s {
		if i == 0 {
			hash = stream.Fingerprint()
		} else {
			hash = mix64(hash ^ mix64(stream.Fingerprint()))
		}
	}
	return hash
}

// Cut gives each stream in blocks of size tokens, those of one behind those of the other; no block holds text of two.
func (s Side) Cut(size int) Blocks {
	return s.Blocks(func(_ int, stream *Stream) Blocks { return stream.Cut(size) })
}

// Blocks is Cut by a function, which gets a stream and its number.
func (s Side) Blocks(cut func(i int, stream *Stream) Blocks) Blocks {
	if len(s) == 1 {
		return cut(0, s[0])
	}
	rows := make(rowsOfBlocks, len(s))
	for i, stream := range s {
		rows[i] = cut(i, stream)
	}
	return rows
}

// rowsOfBlocks are few: which of them holds a block is found by counting.
type rowsOfBlocks []Blocks

func (r rowsOfBlocks) Len() (n int) {
	for _, b := range r {
		n += b.Len()
	}
	return n
}

func (r rowsOfBlocks) Sequences(i int, dst []Sequence) []Sequence {
	for _, b := range r {
		if i < b.Len() {
			return b.Sequences(i, dst)
		}
		i -= b.Len()
	}
	panic("objectives: a block beyond the last one")
}
