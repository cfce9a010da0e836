package tokenize

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Encoding is what is known of each token of a text. All slices have one element a token.
type Encoding struct {
	IDs         []int32
	Pieces      []string // the token as the file spells it
	Offsets     [][2]int // half-open byte range in the input, on character boundaries; 0,0 for the template's tokens
	WordIDs     []int    // number of the word, or added token, that the token is part of; -1 for the template's tokens
	TypeIDs     []int32  // as the template says; 0 without one
	SpecialMask []bool   // true for the template's tokens alone, as in the reference
	Dropped     int      // bytes that the tokenizer has no token for, see Tokenizer.MissingBytes

	Sequences     []int      // of two texts, which one a token is from: 0, 1, -1 for the template's; nil for a text alone
	AttentionMask []bool     // false for padding; nil where nothing is padded
	Overflow      []Encoding // what truncation has cut off, in windows like this one; nil without it

	text, second string
}

// EncodeOptions changes what Encode does.
type EncodeOptions struct {
	AsData      bool // as AppendIDs: special text is text, and no template is added
	NoTemplate  bool // special text is recognised but no template is added
	ApplyLimits bool // cut and pad as the file's truncation and padding say; not for data
}

// Encode does what the reference's encode does: special text is recognised, the template is added, nothing is cut or padded.
func (t *Tokenizer) Encode(text string) Encoding { return t.EncodeWith(text, EncodeOptions{}) }

// EncodeWith is Encode with options.
func (t *Tokenizer) EncodeWith(text string, o EncodeOptions) Encoding {
	return t.finishEncoding(t.encodeText(text, o), nil, o)
}

// EncodePair encodes two texts that belong together, as the template for pairs says. Offsets and word numbers of each are its own;
// [Encoding].Sequences tells which is which.
func (t *Tokenizer) EncodePair(text, second string, o EncodeOptions) Encoding {
	b := t.encodeText(second, o)
	return t.finishEncoding(t.encodeText(text, o), &b, o)
}

// encodeText does everything before the post-processor.
func (t *Tokenizer) encodeText(text string, o EncodeOptions) Encoding {
	e := encoder{t: t, text: text}
	e.out.text = text
	if t.general != nil {
		t.general.encode(&e, o.AsData)
		return e.out
	}
	e.s = t.pool.get()
	e.run([]byte(text), o.AsData)
	e.out.Dropped = e.s.dropped
	t.pool.put(e.s)
	return e.out
}

// finishEncoding cuts, adds the template and pads.
func (t *Tokenizer) finishEncoding(e Encoding, pair *Encoding, o EncodeOptions) Encoding {
	if o.AsData {
		if pair != nil {
			e = sides.apply(e, pair, false)
		}
		return e
	}
	template := !o.NoTemplate
	if o.ApplyLimits && t.limits.cut != nil {
		return t.encodeWindows(e, pair, template)
	}
	e = t.post(e, pair, template)
	if o.ApplyLimits {
		one := []Encoding{e}
		t.Pad(one)
		return one[0]
	}
	return e
}

// post runs the post-processor.
func (t *Tokenizer) post(e Encoding, pair *Encoding, template bool) Encoding {
	for _, step := range t.steps {
		e, pair = step.apply(e, pair, template), nil
	}
	if pair != nil {
		e = sides.apply(e, pair, template)
	}
	return e
}

// encoder is one call of Encode.
type encoder struct {
	t    *Tokenizer
	s    *scratch
	text string // the input
	out  Encoding
	word int
	from int // where the text between added tokens starts
	ids  []int32
}

// run encodes all segments. An added token at the very start keeps the blank away, as in AppendIDs.
func (e *encoder) run(text []byte, asData bool) {
	if len(text) == 0 {
		return
	}
	for _, p := range e.t.added.split(e.s, text, asData) {
		if p.id != noID {
			e.add(p.id, p.start, p.end, e.text[p.start:p.end])
			e.word++
			continue
		}
		e.from = p.start
		part := e.t.part(e.s, text[p.start:p.end])
		e.plain(part, p.end-len(part)) // one before the input, with a blank in front
	}
}

// plain encodes text without added tokens; base is where it starts in the input.
func (e *encoder) plain(text []byte, base int) {
	m := e.t.model
	for i := 0; i < len(text); {
		end := e.t.level.wordEnd(text, i)
		if m.complete && m.whole == nil {
			e.ids = m.appendWord(e.ids[:0], e.s, text, i, end)
			at := i
			for _, id := range e.ids {
				n := len(e.t.vocab.raw[id])
				e.add(id, base+at, base+at+n, string(text[at:at+n]))
				at += n
			}
		} else {
			syms, dropped := m.symbols(e.s, text[i:end])
			e.s.dropped += dropped
			for _, sym := range syms {
				from, to := i+int(sym.start), i+int(sym.end)
				e.add(sym.id, base+from, base+to, string(text[from:to]))
			}
		}
		e.word++
		i = end
	}
}

// add appends one token that covers input[start:end]; covered is that text, with the blank in front where there is one.
func (e *encoder) add(id int32, start, end int, covered string) {
	if start < e.from { // the blank in front is not in the input: it counts to the first character, as in the reference
		start, covered = e.from, covered[1:]
		if covered == "" && !e.t.trim {
			_, n := utf8.DecodeRuneInString(e.text[start:])
			end = start + n
		}
	}
	if e.t.trim {
		start, end = e.trimmed(id, covered, start, end)
	}
	piece, _ := e.t.Token(id)
	e.out.IDs = append(e.out.IDs, id)
	e.out.Pieces = append(e.out.Pieces, piece)
	e.out.Offsets = append(e.out.Offsets, [2]int{charStart(e.text, start), charEnd(e.text, end)})
	e.out.WordIDs = append(e.out.WordIDs, e.word)
	e.out.TypeIDs = append(e.out.TypeIDs, 0)
	e.out.SpecialMask = append(e.out.SpecialMask, false)
}

// trimmed narrows a range to what is not blank at the ends of its text: U+0020 for pieces of words (the reference looks at the
// piece's spelling, where other white space looks different), all white space for added tokens. A piece of blanks alone keeps an
// empty range at its end.
func (e *encoder) trimmed(id int32, covered string, start, end int) (int, int) {
	isBlank := func(r rune) bool { return r == ' ' }
	if e.t.added.get(id) != nil {
		isBlank = unicode.IsSpace
	}
	rest := strings.TrimLeftFunc(covered, isBlank)
	if rest == "" {
		return end, end
	}
	return start + len(covered) - len(rest), end - (len(rest) - len(strings.TrimRightFunc(rest, isBlank)))
}

// charStart moves a place inside a character to its first byte; charEnd, to behind its last one.
func charStart(text string, i int) int {
	start, _ := charAround(text, i)
	return start
}

func charEnd(text string, i int) int {
	_, end := charAround(text, i)
	return end
}

// charAround returns the character that i lies inside of, i itself where it lies between two. Bytes that are no UTF-8 are
// characters of their own.
func charAround(text string, i int) (start, end int) {
	if i <= 0 || i >= len(text) || utf8.RuneStart(text[i]) {
		return i, i
	}
	for j := i - 1; j >= 0 && j > i-utf8.UTFMax; j-- {
		if utf8.RuneStart(text[j]) {
			if _, n := utf8.DecodeRuneInString(text[j:]); j+n > i {
				return j, j + n
			}
			break
		}
	}
	return i, i
}

// CodePointOffsets returns the offsets counted in code points, as the reference's Python package gives them. A byte that is no UTF-8
// counts as one code point.
func (e *Encoding) CodePointOffsets() [][2]int {
	points := [2][]int32{codePoints(e.text)}
	if e.Sequences != nil {
		points[1] = codePoints(e.second)
	}
	out := make([][2]int, len(e.Offsets))
	for i, o := range e.Offsets {
		p := points[0]
		if e.Sequences != nil && e.Sequences[i] == 1 {
			p = points[1]
		}
		out[i] = [2]int{int(p[o[0]]), int(p[o[1]])}
	}
	return out
}

// codePoints returns how many code points lie before each byte of text.
func codePoints(text string) []int32 {
	points := make([]int32, len(text)+1)
	n := int32(0)
	for i := 0; i < len(text); {
		_, size := utf8.DecodeRuneInString(text[i:])
		for j := range size {
			points[i+j] = n
		}
		n++
		i += size
	}
	points[len(text)] = n
	return points
}

// MarshalJSON writes the encoding as one object: ids, pieces, offsets (code points), byte_offsets, word_ids (null for the template's
// tokens), type_ids, special_mask (0 or 1), and dropped where it is not 0.
func (e Encoding) MarshalJSON() ([]byte, error) {
	words := make([]*int, len(e.WordIDs))
	mask := make([]int, len(e.SpecialMask))
	for i := range words {
		if e.WordIDs[i] >= 0 {
			words[i] = &e.WordIDs[i]
		}
		if e.SpecialMask[i] {
			mask[i] = 1
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		IDs         []int32  `json:"ids"`
		Pieces      []string `json:"pieces"`
		Offsets     [][2]int `json:"offsets"`
		ByteOffsets [][2]int `json:"byte_offsets"`
		WordIDs     []*int   `json:"word_ids"`
		TypeIDs     []int32  `json:"type_ids"`
		SpecialMask []int    `json:"special_mask"`
		Dropped     int      `json:"dropped,omitempty"`
	}{notNil(e.IDs), notNil(e.Pieces), e.CodePointOffsets(), notNil(e.Offsets), words, notNil(e.TypeIDs), mask, e.Dropped})
	return bytes.TrimSpace(b.Bytes()), err
}

// notNil makes an empty list print as [] and not as null.
func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
