package embeddings

import (
	"sort"
	"strings"
)

// Unknown is the error for a word that the vectors do not have, with up to three
// words spelled like it. It looks at every word: for error messages only.
func (v *Vectors) Unknown(word string) *UnknownWordError {
	type match struct{ row, distance int }
	var near []match
	want := []rune(fold(word))
	limit := 1 + len(want)/4 // one slip in a short word, two from four letters on
	for row, w := range v.Words() {
		if len(w) > 4*(len(want)+limit)+8 { // cheap: too long in any encoding
			continue
		}
		if d := editDistance(want, []rune(fold(w)), limit); d <= limit && w != "" {
			near = append(near, match{row, d})
		}
	}
	sort.SliceStable(near, func(i, j int) bool { return near[i].distance < near[j].distance })
	e := &UnknownWordError{Word: word, Words: v.Len()}
	for _, m := range near[:min(3, len(near))] {
		e.Near = append(e.Near, v.Word(m.row))
	}
	return e
}

// fold makes spellings alike that differ in case or in the mark of a blank, so
// that "the" finds "The" and "▁the" first.
func fold(w string) string {
	return strings.ToLower(strings.Trim(strings.ReplaceAll(w, blankMark, " "), " "))
}

// editDistance counts letters changed, added, left out, or swapped with their
// neighbour; limit+1 as soon as it must be larger.
func editDistance(a, b []rune, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	// Rows of distances from a[:i-1], a[:i] and a[:i+1] to every b[:j].
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i, x := range a {
		row[0] = i + 1
		best := row[0]
		for j, y := range b {
			change := last[j]
			if x != y {
				change++
			}
			row[j+1] = min(change, row[j]+1, last[j+1]+1)
			if i > 0 && j > 0 && x == b[j-1] && a[i-1] == y {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
			best = min(best, row[j+1])
		}
		if best > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
