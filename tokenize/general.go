package tokenize

// normalizer changes the text before it is cut.
type normalizer interface{ normalize(n *normal) }

// general is the pipeline for whatever is not plain byte-level BPE: normaliser, pre-tokenizers, model, over text that knows where it came from.
type general struct {
	added    *addedSet
	round    [2]*matcher  // added tokens looked for in the normalised text, by their normalised content: all of them; in data
	norm     normalizer   // nil: none
	pre      preTokenizer // nil: what lies between added tokens is one word
	model    wordModel
	quick    *quick     // nil: no fast way
	plain    *Tokenizer // the byte-level path for what the normaliser leaves; nil without one
	places   bool       // a step asks where a piece came from, so that places are kept up even where nobody asks for offsets
	pool     *workPool
	switches bpeSwitches // of a BPE model
}

// segments prepares text[p.start:p.end]: normalised in w.norm, cut at added tokens of the second round.
func (g *general) segments(w *work, text []byte, p segment, track, asData bool) []segment {
	n := &w.norm
	n.set(text[p.start:p.end], p.start, track || g.places)
	if g.norm != nil {
		g.norm.normalize(n)
	}
	m := g.round[0]
	if asData {
		m = g.round[1]
	}
	w.inner = w.inner[:0]
	if m == nil {
		if len(n.b) > 0 {
			w.inner = append(w.inner, segment{0, len(n.b), noID})
		}
	} else {
		w.inner = m.split(w.inner, n.b, 0, len(n.b))
	}
	return w.inner
}

// words cuts a segment of w.norm into words, which then are the pieces of w.cut; first says whether w.norm starts where the input does.
func (g *general) words(w *work, text segment, first bool) []piece {
	n, c := &w.norm, &w.cut
	first = first && text.start == 0
	var at []span
	if n.track {
		at = n.at[text.start:text.end]
		if text.start > 0 && len(at) > 0 {
			first = at[0][0] == 0
		}
	}
	c.set(n.b[text.start:text.end], at, n.track, first)
	if g.pre != nil {
		g.pre.apply(c)
	}
	return c.cuts
}

// append is AppendIDs. Where starts is not nil it marks words as AppendWords does.
func (g *general) append(dst []int32, starts *[]uint64, text []byte) []int32 {
	if g.plain != nil {
		return g.appendPlain(dst, starts, text)
	}
	w := g.pool.get(g.quick != nil)
	for _, p := range g.raw(w, text, true) {
		if p.id != noID {
			dst = mark(dst, starts, p.id)
			continue
		}
		if g.quick != nil {
			dst = g.quick.append(g, dst, starts, w, text[p.start:p.end])
		} else {
			dst = g.appendText(dst, starts, w, text[p.start:p.end], p.start == 0)
		}
	}
	g.pool.put(w)
	return dst
}

// appendText appends the ids of text that no added token of the first round cuts; first says whether the input starts with it.
func (g *general) appendText(dst []int32, starts *[]uint64, w *work, text []byte, first bool) []int32 {
	p := segment{0, len(text), noID}
	for _, q := range g.segments(w, text, p, false, true) {
		if q.id != noID {
			dst = mark(dst, starts, q.id)
			continue
		}
		for _, c := range g.words(w, q, first) {
			n := len(dst)
			dst = g.appendWord(dst, w, w.cut.b, int(c.start), int(c.end))
			if starts != nil && len(dst) > n {
				*starts = markWord(*starts, n)
			}
		}
	}
	return dst
}

// mark appends the id of an added token, which is a word.
func mark(dst []int32, starts *[]uint64, id int32) []int32 {
	if starts != nil {
		*starts = markWord(*starts, len(dst))
	}
	return append(dst, id)
}

// raw cuts the input at the added tokens that are looked for in it as it is.
func (g *general) raw(w *work, text []byte, asData bool) []segment {
	m := g.added.all[0]
	if asData {
		m = g.added.data[0]
	}
	w.parts.parts = w.parts.parts[:0]
	if m == nil {
		w.parts.parts = append(w.parts.parts, segment{0, len(text), noID})
	} else {
		w.parts.parts = m.split(w.parts.parts, text, 0, len(text))
	}
	return w.parts.parts
}

// encode fills e with the tokens of its text.
func (g *general) encode(e *encoder, asData bool) {
	w := g.pool.get(g.quick != nil)
	text := []byte(e.text)
	for _, p := range g.raw(w, text, asData) {
		if p.id != noID {
			e.token(p.id, p.start, p.end, string(text[p.start:p.end]))
			e.word++
			continue
		}
		for _, q := range g.segments(w, text, p, true, asData) {
			if q.id != noID {
				at := w.norm.at[q.start:q.end]
				e.token(q.id, int(at[0][0]), int(at[len(at)-1][1]), string(w.norm.b[q.start:q.end]))
				e.word++
				continue
			}
			for _, c := range g.words(w, q, p.start == 0) {
				g.word(e, w, c, asData)
				e.word++
			}
		}
	}
	e.out.Dropped = w.dropped
	g.pool.put(w)
}

// word adds the tokens of one word.
func (g *general) word(e *encoder, w *work, c piece, asData bool) {
	word, at := w.cut.b[c.start:c.end], w.cut.at[c.start:c.end]
	_, surface := g.model.(*unigram)
	for _, s := range g.model.pieces(w, word, asData) {
		value := ""
		if e.t.trim { // what trimming looks at: the piece, for Unigram the text that it covers
			if value, _ = e.t.Token(s.id); surface {
				value = string(word[s.start:s.end])
			}
		}
		e.token(s.id, int(at[s.start][0]), int(at[s.end-1][1]), value)
	}
}

// markWord sets bit i, lengthening the bitset with zeros as needed.
func markWord(starts []uint64, i int) []uint64 {
	for i>>6 >= len(starts) {
		starts = append(starts, 0)
	}
	starts[i>>6] |= 1 << (i & 63)
	return starts
}
