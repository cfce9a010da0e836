package sugarme

import (
	"github.com/sugarme/tokenizer"

	"github.com/go-cloze/cloze/tokenize"
)

// PostProcessor returns the template of t ([CLS] A [SEP] and the like), for texts alone and in pairs.
func PostProcessor(t *tokenize.Tokenizer) tokenizer.PostProcessor {
	// What t makes of a word shows where its template puts tokens.
	for _, word := range []string{"a", "the", "1", "."} {
		one := t.Encode(word)
		two := t.EncodePair(word, word, tokenize.EncodeOptions{})
		if a, b := slots(&one), slots(&two); len(a) > 0 && len(b) > 1 {
			return post{a, b}
		}
	}
	return post{[]slot{{text: 1}}, []slot{{text: 1}, {text: 2, typeID: 1}}} // t has no token for any text
}

// post is the template of a text alone and of two.
type post struct{ single, pair []slot }

// slot is a token of the template, or one of the texts.
type slot struct {
	text   int // 1, 2: the first, the second text; 0: a token
	id     int
	token  string
	typeID int
}

// slots reads the template off an encoding; nil where a text has no tokens in it.
func slots(e *tokenize.Encoding) (out []slot) {
	texts := 0
	for i, id := range e.IDs {
		s := slot{id: int(id), token: e.Pieces[i], typeID: int(e.TypeIDs[i])}
		if !e.SpecialMask[i] {
			s = slot{text: 1, typeID: s.typeID}
			if e.Sequences != nil {
				s.text = 1 + e.Sequences[i]
			}
			if n := len(out); n > 0 && out[n-1].text == s.text {
				continue // another token of the same text
			}
			texts++
		}
		out = append(out, s)
	}
	if texts == 0 || e.Sequences != nil && texts < 2 {
		return nil
	}
	return out
}

// AddedTokens is how many tokens the template adds.
func (p post) AddedTokens(isPair bool) (n int) {
	template := p.single
	if isPair {
		template = p.pair
	}
	for _, s := range template {
		if s.text == 0 {
			n++
		}
	}
	return n
}

// Process puts the template around one or two encodings and around what truncation has cut off of them, in windows of their own.
func (p post) Process(first, second *tokenizer.Encoding, add bool) *tokenizer.Encoding {
	out := p.around(first, second, add)
	for i := range first.Overflowing {
		out.Overflowing = append(out.Overflowing, *p.around(&first.Overflowing[i], second, add))
	}
	if second != nil {
		for i := range second.Overflowing {
			out.Overflowing = append(out.Overflowing, *p.around(first, &second.Overflowing[i], add))
		}
	}
	return out
}

func (p post) around(first, second *tokenizer.Encoding, add bool) *tokenizer.Encoding {
	template := p.single
	if second != nil {
		template = p.pair
	}
	out := &tokenizer.Encoding{SequenceRanges: map[int]tokenizer.Range{}}
	for _, s := range template {
		switch {
		case s.text > 0:
			e := first
			if s.text == 2 {
				e = second
			}
			start := len(out.Ids)
			appendEncoding(out, e, s.typeID)
			r := tokenizer.Range{}
			for i := start; i < len(out.Ids); i++ {
				r = append(r, i)
			}
			if len(r) > 0 { // theirs looks at the first of each
				out.SequenceRanges[s.text-1] = r
			}
		case add:
			out.Ids, out.Tokens, out.TypeIds = append(out.Ids, s.id), append(out.Tokens, s.token), append(out.TypeIds, s.typeID)
			out.Offsets, out.Words = append(out.Offsets, []int{0, 0}), append(out.Words, -1)
			out.SpecialTokenMask, out.AttentionMask = append(out.SpecialTokenMask, 1), append(out.AttentionMask, 1)
		}
	}
	return out
}

// appendEncoding appends the tokens of e with a type.
func appendEncoding(out, e *tokenizer.Encoding, typeID int) {
	out.Ids, out.Tokens = append(out.Ids, e.Ids...), append(out.Tokens, e.Tokens...)
	out.Offsets, out.Words = append(out.Offsets, e.Offsets...), append(out.Words, e.Words...)
	out.SpecialTokenMask, out.AttentionMask = append(out.SpecialTokenMask, e.SpecialTokenMask...), append(out.AttentionMask, e.AttentionMask...)
	for range e.Ids {
		out.TypeIds = append(out.TypeIds, typeID)
	}
}
