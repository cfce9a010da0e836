package objectives

// Stream is some of the documents of a Corpus as a Row of their own, without copying them: the training or the validation side of a split. Every
// token of every document is asked for once, its first one too where there are eots; the eot behind the last document is only ever a target and
// not among the Tokens.
type Stream struct {
	corpus Corpus
	runs   []run
	tokens int
	docs   int
	bytes  int64  // of text that the tokens stand for
	hash   uint64 // of the documents' texts, in order

	byToken, byDocument finder // of the run
}

// run is documents of the corpus that lie side by side there and here.
type run struct {
	lo, hi int // tokens of the corpus; may begin or end inside a document, which counts to both sides then
	doc    int // of the corpus, the one that lo lies in
	at     int // token of the stream that lo is
	first  int // document of the stream that doc is
}

// newStream makes a stream of runs, of which only lo and hi are given, in the order of the corpus.
func newStream(c Corpus, runs []run) *Stream {
	s := &Stream{corpus: c}
	var tokens, docs []int // where runs start
	for _, r := range runs {
		if r.lo == r.hi {
			continue
		}
		r.doc, r.at, r.first = c.DocumentAt(r.lo), s.tokens, s.docs
		last := c.DocumentAt(r.hi - 1)
		for d := r.doc; d <= last; d++ {
			bytes, hash := c.Text(d)
			s.bytes += bytes
			s.hash = mix64(s.hash ^ mix64(hash))
		}
		s.tokens += r.hi - r.lo
		s.docs += last - r.doc + 1
		s.runs = append(s.runs, r)
		tokens, docs = append(tokens, r.at), append(docs, r.first)
	}
	s.byToken, s.byDocument = newFinder(tokens, s.tokens), newFinder(docs, s.docs)
	return s
}

// Tokens is the number of tokens the model reads, eots included.
func (s *Stream) Tokens() int { return s.tokens }

// Documents is the number of documents.
func (s *Stream) Documents() int { return s.docs }

// Bytes is the number of bytes of text in the documents; an eot stands for none.
func (s *Stream) Bytes() int64 { return s.bytes }

// Fingerprint tells two streams apart whose documents, or their order, differ.
func (s *Stream) Fingerprint() uint64 { return s.hash }

// Cut gives the stream in blocks of size tokens, as the function Cut does.
func (s *Stream) Cut(size int) *RowBlocks { return Cut(s, size) }

// DocumentAt is part of Row.
func (s *Stream) DocumentAt(i int) int {
	r := &s.runs[s.byToken.find(i)]
	return s.corpus.DocumentAt(i-r.at+r.lo) - r.doc + r.first
}

// Document is part of Row.
func (s *Stream) Document(d int) (start, end int, next int32, language int16) {
	r := &s.runs[s.byDocument.find(d)]
	start, end, next, language = s.corpus.Document(d - r.first + r.doc)
	if end > r.hi { // the document is parted, and what follows is the other side's
		end, next = r.hi, IgnoreIndex
	}
	return max(start, r.lo) - r.lo + r.at, end - r.lo + r.at, next, language
}

// Append is part of Row. What is asked for must not cross the end of a document.
func (s *Stream) Append(ids []int32, words []uint64, lo, hi int) ([]int32, []uint64) {
	r := &s.runs[s.byToken.find(lo)]
	return s.corpus.Append(ids, words, lo-r.at+r.lo, hi-r.at+r.lo)
}
