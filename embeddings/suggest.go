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
	for row, w := range v.words {
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
		e.Near = append(e.Near, v.words[m.row])
	}
	return e
}

// fold makes spellings alike that differ in case or in the mark of a blank, so
// that "the" finds "The" and "▁the" first.
func fold(w string) string {
	return strings.ToLower(strings.Trim(strings.ReplaceAll(w, blankMark, " "), " "))
}

// editDistance is Levenshtein's, or limit+1 as soon as it must be larger.
func editDistance(a, b []rune, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1) // distances from a[:i] to every b[:j]
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal, best := row[0], i+1
		row[0] = i + 1
		for j, y := range b {
			change := diagonal
			if x != y {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
			best = min(best, row[j+1])
		}
		if best > limit {
			return limit + 1
		}
	}
	return row[len(b)]
}
