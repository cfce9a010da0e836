package pipeline

import (
	"context"
	"slices"
	"unicode"
	"unicode/utf8"
)

// TokenVectors are a text's tokens, each with its own vector.
type TokenVectors struct {
	IDs     []int32
	Pieces  []string  // as the tokenizer spells them
	Offsets [][2]int  // of each, half-open, in bytes of the text; 0,0 for tokens of the template and of a prompt
	Vectors []float32 // [N,D]: hidden states, neither pooled nor scaled
	Cut     bool      // the text was longer than MaxTokens
}

// EmbedTokens returns the vectors of the tokens of texts, those of template and prompt too, in their order. As of Embed, they do not depend on the
// texts beside.
func (e *Embedder) EmbedTokens(ctx context.Context, texts []string) ([]TokenVectors, error) {
	out := make([]TokenVectors, len(texts))
	rows, tokens := make([]embedRow, len(texts)), make([]int, len(texts))
	for i, text := range texts {
		encoding := e.encode(text)
		o := &out[i]
		o.Pieces, o.Offsets = encoding.Pieces, e.offsetsIn(text, encoding.Offsets)
		rows[i], o.Cut = e.rowOf(encoding)
		if kept := rows[i].kept; kept != nil { // kept rises, so that what it names moves to the front
			for to, from := range kept {
				o.Pieces[to], o.Offsets[to] = o.Pieces[from], o.Offsets[from]
			}
			o.Pieces, o.Offsets = o.Pieces[:len(kept)], o.Offsets[:len(kept)]
		}
		o.IDs, tokens[i] = rows[i].ids, len(rows[i].ids)
	}
	err := e.each(ctx, rows, tokens, func(i int, hiddenND []float32) { out[i].Vectors = slices.Clone(hiddenND) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// offsetsIn turns offsets into what the network read, a prompt and the text that may be in lower case, into those of the text.
func (e *Embedder) offsetsIn(text string, offsets [][2]int) [][2]int {
	if e.Prompt == "" && !e.Lower {
		return offsets
	}
	at := make([]int, len(e.Prompt), len(e.Prompt)+len(text)+1) // of each byte read, where the text's character begins
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		read := size
		if e.Lower { // in another case a character may be of other length
			read = utf8.RuneLen(unicode.ToLower(c))
		}
		for range read {
			at = append(at, i)
		}
		i += size
	}
	at = append(at, len(text))
	out := make([][2]int, len(offsets))
	for i, o := range offsets {
		out[i] = [2]int{at[o[0]], at[o[1]]}
	}
	return out
}
