package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-cloze/cloze/tokenize"
)

// unreachedPiece is a piece that encoding does not give.
type unreachedPiece struct {
	ID      int32  `json:"id"`
	Piece   string `json:"piece"`    // as the file spells it
	ByModel bool   `json:"by_model"` // the model itself gives other pieces for it; else its text is changed or cut before
}

// reach looks for pieces that no text gives.
type reach struct {
	t      *tokenize.Tokenizer
	file   tokenizerFile
	pieces func(word string) []tokenize.Part
	prefix string // of pieces inside a word: "##"
	around []string
	ids    []int32
	text   []byte
}

// manyLetters is how many of the vocabulary's own letters a continuing piece is tried behind: any one of them serves
// unless a longer piece begins with it.
const manyLetters = 64

// unreached returns the pieces, added tokens apart, that are never reached; the help of inspect defines the word.
func unreached(t *tokenize.Tokenizer, file tokenizerFile) []unreachedPiece {
	r := &reach{t: t, file: file, pieces: t.Parts().Pieces, around: []string{"", "\uE000", "a", "1", "."}}
	if prefix, ok := file.Model["continuing_subword_prefix"].(string); ok {
		r.prefix = prefix
	}
	skip := map[int32]bool{}
	for _, a := range t.Added() {
		skip[a.ID] = true
	}
	if id, ok := file.unknownToken(t); ok {
		skip[id] = true
	}
	letters := r.letters()
	found := []unreachedPiece{}
	for id := range int32(t.VocabSize()) {
		piece, ok := t.Token(id)
		if !ok || skip[id] || r.reached(id, piece, letters) {
			continue
		}
		found = append(found, unreachedPiece{id, piece, !r.modelMakes(id, piece)})
	}
	return found
}

// letters are single letters that are pieces: what a continuing piece may stand behind.
func (r *reach) letters() (letters []string) {
	for id := int32(0); id < int32(r.t.VocabSize()) && len(letters) < manyLetters; id++ {
		piece, _ := r.t.Token(id)
		if c, n := utf8.DecodeRuneInString(piece); n == len(piece) && unicode.IsLetter(c) {
			letters = append(letters, piece)
		}
	}
	return letters
}

// reached tries a piece in the texts that the help names, its own first, which serves nearly all.
func (r *reach) reached(id int32, piece string, letters []string) bool {
	raw := r.t.TokenBytes(id)
	if len(raw) == 1 && r.file.byteFallback() && !r.file.byteLevel() && len(piece) == len("<0x00>") && piece[0] == '<' {
		return r.gives(id, "", piece, "") || r.byteReached(id, raw[0]) // Unigram takes <0x0A> in a text for the piece
	}
	if r.prefix != "" && strings.HasPrefix(piece, r.prefix) {
		inside := strings.TrimPrefix(piece, r.prefix)
		return slices.ContainsFunc(letters, func(l string) bool { return r.gives(id, l, inside, "") })
	}
	text := string(raw)
	for _, before := range r.around {
		for _, after := range r.around {
			if r.gives(id, before, text, after) {
				return true
			}
		}
	}
	// Half a character is not to be had alone: a cutter sees other letters than in a text that completes it.
	return !utf8.Valid(raw) && r.modelMakes(id, piece)
}

// byteReached looks for a character that comes out as bytes, this one among them.
func (r *reach) byteReached(id int32, b byte) bool {
	first, last := rune(b), rune(b)
	switch { // the characters whose first byte it is
	case b >= 0xF5 || b == 0xC0 || b == 0xC1:
		return false // no byte of UTF-8
	case b >= 0xF0:
		first, last = rune(b&7)<<18, rune(b&7)<<18+1<<18-1
	case b >= 0xE0:
		first, last = rune(b&15)<<12, rune(b&15)<<12+1<<12-1
	case b >= 0xC0:
		first, last = rune(b&31)<<6, rune(b&31)<<6+63
	case b >= 0x80: // not a first byte: the last one of characters for private use
		first, last = 0xF0000+rune(b-0x80), 0xF0000+rune(b-0x80)
	}
	for c := first; c <= min(last, unicode.MaxRune); c++ {
		if utf8.ValidRune(c) && (r.gives(id, "", string(c), "") || r.gives(id, "a", string(c), "a")) {
			return true
		}
		if c-first > 1<<13 {
			c += 1 << 10 // a whole plane: a sample of it
		}
	}
	return false
}

// gives says whether the ids of a text hold the id.
func (r *reach) gives(id int32, before, piece, after string) bool {
	r.text = append(append(append(r.text[:0], before...), piece...), after...)
	r.ids = r.t.AppendIDs(r.ids[:0], r.text)
	return slices.Contains(r.ids, id)
}

// modelMakes says whether the model gives the piece for its own spelling, whatever stands before the model.
func (r *reach) modelMakes(id int32, piece string) bool {
	parts := r.pieces(piece)
	return len(parts) == 1 && parts[0].ID == id
}

// unreachedText is the part of the report that people read.
func unreachedText(pieces []unreachedPiece, total int) string {
	const shown = 10
	byModel := 0
	var first []string
	for _, p := range pieces {
		if p.ByModel {
			byModel++
		}
		if len(first) < shown {
			first = append(first, fmt.Sprintf("%d %s", p.ID, visible(p.Piece)))
		}
	}
	if len(pieces) == 0 {
		return "none"
	}
	text := fmt.Sprintf("%s (%s): ", count(len(pieces)), share(len(pieces), total))
	switch byModel {
	case 0:
		text += "all are changed or cut before the model"
	case len(pieces):
		text += "the model makes none of them"
	default:
		text += fmt.Sprintf("%s that the model does not make, %s changed or cut before it", count(byModel), count(len(pieces)-byModel))
	}
	text += "\n    " + strings.Join(first, "\n    ")
	if len(pieces) > shown {
		text += "\n    ... and " + count(len(pieces)-shown) + " more (--json lists all)"
	}
	return text
}

// share writes a part of a whole as a percentage.
func share[T ~int | ~int64](part, whole T) string {
	if whole == 0 {
		return "0 %"
	}
	percent := 100 * float64(part) / float64(whole)
	switch {
	case percent < 0.1: // a few of many are not 0 %
		return fmt.Sprintf("%.2g %%", percent)
	case percent > 99.9: // nor all but a few 100 %
		return fmt.Sprintf("%.5g %%", percent)
	}
	return fmt.Sprintf("%.1f %%", percent)
}
