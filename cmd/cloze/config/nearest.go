package config

import "strings"

// Nearest returns the candidate closest to word by edit distance, "" when none is close enough to be a likely
// slip (more than a third of the letters differ, at least two allowed). A candidate that begins with the word
// wins over a merely similar one. Ties go to the earlier candidate.
func Nearest(word string, candidates []string) string {
	best, bestCost := "", max(2, len(word)/3)+1
	for _, c := range candidates {
		cost := editDistance(strings.ToLower(word), strings.ToLower(c))
		if len(word) >= 3 && strings.HasPrefix(c, word) {
			cost = 1
		}
		if cost < bestCost && cost < len(c) {
			best, bestCost = c, cost
		}
	}
	return best
}

// Suggest words the end of a message about an unknown name: the nearest candidate, or all of them when nothing
// is near and they are few.
func Suggest(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	if len(candidates) > 0 && len(candidates) <= 12 {
		return "there are " + strings.Join(candidates, ", ")
	}
	return ""
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 { // names are short; a longer word is not a slip
		return 1 << 20
	}
	var before, previous, current [65]int
	for j := range len(b) + 1 {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			replace := previous[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			current[j] = min(replace, previous[j]+1, current[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous = previous, current
	}
	return previous[len(b)]
}
