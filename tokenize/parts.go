package tokenize

import "unicode/utf8"

// Word is text on its way to the model: the input after the normalizer, or a word of it after the pre-tokenizer.
type Word struct {
	Text    string
	Offsets [][2]int // by byte of Text: which bytes of what the step was given it came from
}

// Part is one token of a word: its id and the bytes of the word that it covers.
type Part struct {
	ID         int32
	Start, End int
}

// Parts are the steps of a pipeline as functions, for programs that have steps of their own (tokenize/sugarme). They may be called by
// any number of goroutines.
type Parts struct {
	Normalize func(text string) Word   // the whole text between added tokens
	Split     func(text string) []Word // a normalized text into words
	Pieces    func(word string) []Part // a word into tokens
}

// Parts returns the tokenizer's own steps.
func (t *Tokenizer) Parts() Parts {
	g := t.generalised()
	return Parts{
		Normalize: func(text string) Word {
			w := g.pool.get(g.quick != nil)
			defer g.pool.put(w)
			w.norm.set([]byte(text), 0, true)
			if g.norm != nil {
				g.norm.normalize(&w.norm)
			}
			return newWord(w.norm.b, w.norm.at)
		},
		Split: func(text string) (words []Word) {
			w := g.pool.get(g.quick != nil)
			defer g.pool.put(w)
			w.norm.set([]byte(text), 0, true)
			if text == "" {
				return nil
			}
			for _, c := range g.words(w, segment{0, len(w.norm.b), noID}, true) {
				words = append(words, newWord(w.cut.b[c.start:c.end], w.cut.at[c.start:c.end]))
			}
			return words
		},
		Pieces: func(word string) (parts []Part) {
			w := g.pool.get(g.quick != nil)
			defer g.pool.put(w)
			for _, s := range g.model.pieces(w, []byte(word), true) {
				parts = append(parts, Part{s.id, int(s.start), int(s.end)})
			}
			return parts
		},
	}
}

// AppendNormalized appends what the normalizer makes of text: Parts.Normalize without offsets, for whoever reads a corpus.
func (t *Tokenizer) AppendNormalized(dst, text []byte) []byte {
	g := t.generalised()
	w := g.pool.get(g.quick != nil)
	w.norm.set(text, 0, false)
	if g.norm != nil {
		g.norm.normalize(&w.norm)
	}
	dst = append(dst, w.norm.b...)
	g.pool.put(w)
	return dst
}

func newWord(b []byte, at []span) Word {
	w := Word{string(b), make([][2]int, len(at))}
	for i, s := range at {
		w.Offsets[i] = [2]int{int(s[0]), int(s[1])}
	}
	return w
}

// WithParts returns a tokenizer with the steps that are set in place of its own; the ids of Pieces are those of this tokenizer's vocabulary,
// and others and those of special tokens are left out and counted in [Encoding].Dropped. What a step makes must be UTF-8 with an
// offset for each byte, or it stands for the whole of what the step was given. Save writes the file as it was.
func (t *Tokenizer) WithParts(p Parts) *Tokenizer {
	c, g := *t, *t.generalised()
	if t.general == nil && !t.joins {
		c.decoder = []decodeStep{}
		// ByteLevel is what such a file has, and it is always read.
		_ = c.addDecoder([]byte(`{"type":"ByteLevel"}`))
	}
	c.general, g.quick, g.plain = &g, nil, nil
	g.pool = newWorkPool() // words remembered there came from other parts
	if p.Normalize != nil {
		g.norm = ownNormalizer(p.Normalize)
	}
	if p.Split != nil {
		g.pre = ownSplit(p.Split)
	}
	if p.Pieces != nil {
		g.model = ownModel{p.Pieces, t}
	}
	return &c
}

// generalised returns the pipeline in its general form, which byte-level BPE has too.
func (t *Tokenizer) generalised() *general {
	if t.general != nil {
		return t.general
	}
	var pre preTokenizer = byteLevelSplit{t.level.prefix, t.level.regex}
	if t.level.scan != nil {
		pre = steps{patternSplit{find: scanned(t.level.scan), as: isolated}, pre}
	}
	return &general{added: t.added, pre: pre, model: spelledBPE{t.model}, pool: newWorkPool(), round: t.normalizedRounds()}
}

// normalizedRounds are the matchers of added tokens in normalized text, which here is the text itself.
func (t *Tokenizer) normalizedRounds() [2]*matcher {
	var all, data []AddedToken
	for _, a := range t.added.tokens {
		if a.Normalized {
			all = append(all, a)
			if !a.Special {
				data = append(data, a)
			}
		}
	}
	return [2]*matcher{newMatcher(all), newMatcher(data)}
}

// spelledBPE is byte-level BPE over words that are written in the characters of bytes.
type spelledBPE struct{ *bpe }

func (m spelledBPE) pieces(w *work, word []byte, _ bool) []symbol {
	w.spelled = w.spelled[:0]
	var at []int32 // where each byte is spelled
	for i, r := range string(word) {
		if int(r) < len(runeByte) && runeByte[r] >= 0 {
			w.spelled = append(w.spelled, byte(runeByte[r]))
			at = append(at, int32(i))
			continue
		}
		for range utf8.RuneLen(r) {
			at = append(at, int32(i))
		}
		w.spelled = utf8.AppendRune(w.spelled, r) // no byte-level text: its bytes
	}
	at = append(at, int32(len(word)))
	syms, dropped := m.symbols(&w.merge, w.spelled)
	w.dropped += dropped
	for i := range syms {
		syms[i].start, syms[i].end = at[syms[i].start], max(at[syms[i].end], at[syms[i].start]+1)
	}
	return syms
}

// place returns the bytes of the input that a byte of a step's text came from: of what the step was given if the step does not tell.
func (w Word) place(i int, at []span) span {
	if len(at) == 0 {
		return span{}
	}
	start, end := 0, len(at)
	if len(w.Offsets) == len(w.Text) {
		start, end = w.Offsets[i][0], w.Offsets[i][1]
	}
	start = min(max(start, 0), len(at)-1)
	if end = min(end, len(at)); end <= start { // put in: it lies before what follows
		return span{at[start][0], at[start][0]}
	}
	return span{at[start][0], at[end-1][1]}
}

// ownNormalizer is a normalizer from outside.
type ownNormalizer func(string) Word

func (f ownNormalizer) normalize(n *normal) {
	w := f(string(n.b)).valid()
	n.out, n.outAt = append(n.out[:0], w.Text...), n.outAt[:0]
	if n.track {
		for i := range len(w.Text) {
			n.outAt = append(n.outAt, w.place(i, n.at))
		}
	}
	n.end()
}

// ownSplit is a pre-tokenizer from outside.
type ownSplit func(string) []Word

func (f ownSplit) apply(p *pieces) {
	p.rewrite()
	for _, c := range p.cuts {
		for i, w := range f(string(p.b[c.start:c.end])) {
			w = w.valid()
			start := int32(len(p.out))
			p.out = append(p.out, w.Text...)
			if p.track {
				for k := range len(w.Text) {
					p.outAt = append(p.outAt, w.place(k, p.at[c.start:c.end]))
				}
			}
			if len(w.Text) > 0 {
				p.next = append(p.next, piece{start, int32(len(p.out)), c.first && i == 0})
			}
		}
	}
	p.rewritten()
}

// valid makes a text UTF-8.
func (w Word) valid() Word {
	if !utf8.ValidString(w.Text) {
		w = Word{Text: string([]rune(w.Text))}
	}
	return w
}

// ownModel is a model from outside.
type ownModel struct {
	parts func(string) []Part
	t     *Tokenizer
}

func (m ownModel) pieces(w *work, word []byte, asData bool) []symbol {
	syms := w.syms[:0]
	for _, p := range m.parts(string(word)) {
		start, end := min(max(p.Start, 0), len(word)), min(max(p.End, 0), len(word))
		if _, known := m.t.Token(p.ID); !known || asData && m.t.IsSpecial(p.ID) || len(word) == 0 {
			w.dropped += max(end-start, 0)
			continue
		}
		if start >= end { // a token has a place
			start = min(start, len(word)-1)
			end = start + 1
		}
		syms = append(syms, symbol{p.ID, int32(start), int32(end)})
	}
	w.syms = syms
	return syms
}
