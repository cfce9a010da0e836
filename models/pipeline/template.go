package pipeline

import (
	"fmt"

	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/tokenize"
)

// template is what a tokenizer puts around a text, or around the two of a pair. Texts are read as data, in which special text is text, and that
// leaves the template out; so it is put around them here.
type template struct {
	alone, pair [3]around // before, between and behind; alone has nothing between
}

// around is tokens of the template with their segments.
type around struct {
	ids      []int32
	segments []int8
}

// templateOf finds it out by a text of one letter.
func templateOf(t *tokenize.Tokenizer) (tpl template, err error) {
	const letter = "a"
	alone, pair := t.Encode(letter), t.EncodePair(letter, letter, tokenize.EncodeOptions{})
	part := 0
	for i, id := range alone.IDs {
		if !alone.SpecialMask[i] {
			part = 2
			continue
		}
		tpl.alone[part].add(id, alone.TypeIDs[i])
	}
	found := part == 2
	part = 0
	for i, id := range pair.IDs {
		if pair.Sequences[i] >= 0 {
			part = pair.Sequences[i] + 1
			continue
		}
		tpl.pair[part].add(id, pair.TypeIDs[i])
	}
	if !found || part != 2 {
		return tpl, fmt.Errorf("the tokenizer has no token for %q, by which its template could be found; take another tokenizer", letter)
	}
	return tpl, nil
}

func (a *around) add(id, segment int32) {
	a.ids, a.segments = append(a.ids, id), append(a.segments, int8(segment))
}

// parts are what stands around a text, or around the two of a pair.
func (tpl template) parts(pair bool) [3]around {
	if pair {
		return tpl.pair
	}
	return tpl.alone
}

// fit is how many tokens of a text and of its pair are kept where there is room for n with the parts around them: of two texts the longer one loses
// a token at a time, as in transformers' longest_first.
func fit(text, pair int, parts [3]around, n int) (int, int) {
	n -= len(parts[0].ids) + len(parts[1].ids) + len(parts[2].ids)
	for text+pair > max(n, 0) {
		if pair > text {
			pair--
		} else {
			text--
		}
	}
	return text, pair
}

// row puts the template around a text, or a pair (not empty), cut to at most n tokens in all.
func (tpl template) row(text, pair []int32, n int) (row objectives.Sequence, cut bool) {
	parts := tpl.parts(len(pair) > 0)
	keptText, keptPair := fit(len(text), len(pair), parts, n)
	cut = keptText < len(text) || keptPair < len(pair)
	text, pair = text[:keptText], pair[:keptPair]
	put := func(ids []int32, segments []int8, segment int8) {
		row.IDs, row.Segments = append(row.IDs, ids...), append(row.Segments, segments...)
		for len(row.Segments) < len(row.IDs) {
			row.Segments = append(row.Segments, segment)
		}
	}
	put(parts[0].ids, parts[0].segments, 0)
	put(text, nil, 0)
	put(parts[1].ids, parts[1].segments, 0)
	second := int8(0)
	if len(parts[2].segments) > 0 {
		second = parts[2].segments[len(parts[2].segments)-1]
	}
	put(pair, nil, second)
	put(parts[2].ids, parts[2].segments, 0)
	return row, cut
}
