package train

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// unigramText is the parts of words that Unigram sees: their characters, as numbers from 1 on in the order of code points, each part
// ended by 0. A character without a piece is a 0 as well: no piece reaches over it.
type unigramText struct {
	text   []int32
	counts []int64 // by part
	starts []int32 // by part: where it starts; one more at the end
	chars  []rune  // by number
}

// endOfPart ends a part while its characters are code points.
const endOfPart = -1

// cost is what a part takes: its text, places in order, the tree of substrings and some five pieces that start at each place.
func (t *unigramText) cost(size int) int64 { return 64 + 64*int64(size) }

func (t *unigramText) reserve(words int, bytes int64) {
	t.text = make([]int32, 0, bytes+int64(words))
	t.counts = make([]int64, 0, words)
}

func (t *unigramText) add(word []byte, count int64) {
	for _, r := range string(word) {
		t.text = append(t.text, r)
	}
	t.text = append(t.text, endOfPart)
	t.counts = append(t.counts, count)
}

// code replaces code points by numbers and leaves out the rarest beyond the coverage that is wanted.
func (t *unigramText) code(cfg UnigramConfig, report *Report) error {
	byRune, total := t.countChars()
	all := sortedKeys(byRune)
	// The mark of a blank comes first: without it no word could be spelled, however rare blanks are.
	worth := func(r rune) int64 {
		if string(r) == metaspace {
			return math.MaxInt64
		}
		return byRune[r]
	}
	slices.SortStableFunc(all, func(a, b rune) int { return cmp.Compare(worth(b), worth(a)) })
	kept, lost := 0, total
	for kept < len(all) && float64(total-lost) < cfg.CharacterCoverage*float64(total) {
		lost -= byRune[all[kept]]
		kept++
	}
	if kept < len(all) {
		report.LostChars, report.LostShare = len(all)-kept, float64(lost)/float64(total)
	}
	if kept+cfg.fixed() > cfg.VocabSize {
		return fmt.Errorf("vocab_size %d is less than the %d that %d special tokens and bytes and %d characters take; raise it or lower character_coverage",
			cfg.VocabSize, kept+cfg.fixed(), cfg.fixed(), kept)
	}
	all = all[:kept]
	slices.Sort(all)
	number := make(map[rune]int32, kept)
	t.chars = make([]rune, 1, kept+1)
	for _, r := range all {
		number[r] = int32(len(t.chars))
		t.chars = append(t.chars, r)
	}
	counts, part := t.counts, 0
	t.counts, t.starts = make([]int64, 0, len(counts)), append(make([]int32, 0, len(counts)+1), 0)
	for i, r := range t.text {
		t.text[i] = number[r] // 0 for the end and for a character left out
		if t.text[i] == 0 {
			t.counts, t.starts = append(t.counts, counts[part]), append(t.starts, int32(i+1))
			if r == endOfPart {
				part++
			}
		}
	}
	return nil
}

func (t *unigramText) countChars() (byRune map[rune]int64, total int64) {
	byRune = map[rune]int64{}
	part := 0
	for _, r := range t.text {
		if r == endOfPart {
			part++
			continue
		}
		byRune[r] += t.counts[part]
		total += t.counts[part]
	}
	return byRune, total
}

// sortedKeys lists the keys of a map in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
