package tokenize

import (
	"math/bits"
	"unicode/utf8"
)

// junctions tell between which characters of a word a merge may reach over: where none does, each side can be merged by itself, and is a word short enough
// to be remembered. Most vocabularies have few pieces of several characters in most scripts, so that long words of such a script (of Japanese, which has
// no blanks, a whole sentence) fall into their characters. Only places in front of a character that is not ASCII are told.
type junctions struct {
	// What may join for its bytes alone, by the first byte behind (0xC0 to 0xFF) and the last one in front: a merge whose left side starts inside of
	// a character, or whose right side is one byte.
	ends [64][4]uint64
	// Of the other merges, a bit by the last character of the left side and the first two bytes of the right one.
	pairs []uint64
	shift uint8
}

// newJunctions collects the places inside of what merges make. raw has the bytes of each piece.
func newJunctions(merges [][2]int32, raw []string) *junctions {
	j, n := &junctions{}, 0
	for _, p := range merges {
		if right := raw[p[1]]; right != "" && right[0] >= 0xC0 {
			n++
		}
	}
	size := max(bits.Len(uint(n)*16), 6) // sixteen bits a merge, or 1 of 16 places would be taken for one that joins
	j.pairs, j.shift = make([]uint64, 1<<size/64), uint8(64-size)
	for _, p := range merges {
		left, right := raw[p[0]], raw[p[1]]
		if left == "" || right == "" || right[0] < 0xC0 {
			continue
		}
		if r, size := utf8.DecodeLastRuneInString(left); r == utf8.RuneError && size == 1 || len(right) == 1 {
			a := left[len(left)-1]
			j.ends[right[0]&63][a>>6] |= 1 << (a & 63)
			continue
		}
		bit := j.bit(lastCharacter([]byte(left), len(left)), right[0], right[1])
		j.pairs[bit>>6] |= 1 << (bit & 63)
	}
	return j
}

// lastCharacter packs the bytes of the character before text[i]; 0 where that is no UTF-8.
func lastCharacter(text []byte, i int) uint32 {
	a := uint32(text[i-1])
	switch {
	case a < utf8.RuneSelf:
		return a
	case i >= 2 && text[i-2] >= 0xC0:
		if text[i-2] < 0xE0 && a < 0xC0 {
			return uint32(text[i-2])<<8 | a
		}
	case i >= 3 && text[i-3] >= 0xC0:
		if text[i-3] >= 0xE0 && text[i-3] < 0xF0 {
			return uint32(text[i-3])<<16 | uint32(text[i-2])<<8 | a
		}
	case i >= 4 && text[i-4] >= 0xF0:
		return uint32(text[i-4])<<24 | uint32(text[i-3])<<16 | uint32(text[i-2])<<8 | a
	}
	return 0
}

func (j *junctions) bit(left uint32, first, second byte) uint64 {
	return (uint64(left)<<16 | uint64(first)<<8 | uint64(second)) * 0x9E3779B97F4A7C15 >> (j.shift & 63)
}

// joins says whether a merge may reach over text[i], which is 0xC0 or more.
func (j *junctions) joins(text []byte, i int) bool {
	a, first, second := text[i-1], text[i], byte(0)
	if j.ends[first&63][a>>6]>>(a&63)&1 != 0 {
		return true
	}
	left := lastCharacter(text, i)
	if i+1 < len(text) {
		second = text[i+1]
	}
	bit := j.bit(left, first, second)
	return left == 0 || j.pairs[bit>>6]>>(bit&63)&1 != 0
}

// next returns the first place behind from where a word can be cut, or its end.
func (j *junctions) next(word []byte, from int) int {
	for i := from + 1; i < len(word); i++ {
		if word[i] >= 0xC0 && !j.joins(word, i) {
			return i
		}
	}
	return len(word)
}
