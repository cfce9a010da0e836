package objectives

import (
	"cmp"
	"slices"
)

// DocumentBlocks is a Row in blocks of whole documents; it implements Blocks. It keeps twelve bytes a document in memory.
type DocumentBlocks struct {
	row   Row
	units []unit
	first []int // unit that each block starts with, and their number
}

// unit is tokens [lo, lo+n) of the row: a document, or a piece of one that is longer than a block.
type unit struct {
	lo int64
	n  int32
}

// bucketBlocks is how many blocks' documents are sorted by length together: enough that those of a block are about equally long, few enough that a
// block's texts still come from one place of a corpus that is in some order.
const bucketBlocks = 100

// CutDocuments gives a row in blocks of whole documents, as many as have at most size tokens together. A longer one is cut into pieces of size, the
// last of which is shorter. byLength puts documents of about equal length into a block, by sorting those of every 100 blocks; the order of
// documents of one length stays. Either way a block, and so what it holds in which epoch, is the same in each pass.
func CutDocuments(row Row, size int, byLength bool) *DocumentBlocks {
	if size < 1 {
		panic("objectives: block size below 1")
	}
	b := &DocumentBlocks{row: row}
	for lo, tokens := 0, row.Tokens(); lo < tokens; {
		_, end, _, _ := row.Document(row.DocumentAt(lo))
		if end <= lo { // only in a file that was damaged: go on rather than hang
			end = tokens
		}
		for ; lo < end; lo = min(lo+size, end) {
			b.units = append(b.units, unit{int64(lo), int32(min(size, end-lo))})
		}
	}
	if byLength {
		sortWindows(b.units, bucketBlocks*size)
	}
	tokens := 0
	for i, u := range b.units {
		if i == 0 || tokens+int(u.n) > size {
			b.first, tokens = append(b.first, i), 0
		}
		tokens += int(u.n)
	}
	b.first = append(b.first, len(b.units))
	return b
}

// sortWindows sorts units by length, those of about so many tokens at a time.
func sortWindows(units []unit, tokens int) {
	for from := 0; from < len(units); {
		to, n := from, 0
		for ; to < len(units) && n < tokens; to++ {
			n += int(units[to].n)
		}
		slices.SortStableFunc(units[from:to], func(a, b unit) int { return cmp.Compare(a.n, b.n) })
		from = to
	}
}

// Len is the number of blocks.
func (b *DocumentBlocks) Len() int { return len(b.first) - 1 }

// Sequences appends the documents of block i.
func (b *DocumentBlocks) Sequences(i int, dst []Sequence) []Sequence {
	for _, u := range b.units[b.first[i]:b.first[i+1]] {
		dst = appendSequences(b.row, int(u.lo), int(u.lo)+int(u.n), dst)
	}
	return dst
}

// Spoken gives the sequences of blocks a language: those of a corpus in one language among several.
type Spoken struct {
	Blocks
	Language int16
}

// Sequences is part of Blocks.
func (s Spoken) Sequences(i int, dst []Sequence) []Sequence {
	from := len(dst)
	dst = s.Blocks.Sequences(i, dst)
	for k := range dst[from:] {
		dst[from+k].Language = s.Language
	}
	return dst
}
