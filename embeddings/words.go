package embeddings

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"unsafe"
)

// names are the words of a store, and the way from a word to its row. They lie
// in memory (list) or in a mapped file (blob and ends); slots serves both.
type names struct {
	list []string
	blob []byte   // all words' bytes, one after another
	ends []uint32 // word i ends at ends[i] of blob and begins where word i-1 ends
	made *madeWords

	// slots is a hash table with open addressing, at most three quarters full.
	// A slot is 0, or row+1 in as many low bits as the table's size needs, and
	// above them bits of the word's hash, so that few other words are looked at.
	slots []uint32
}

// madeWords is the list of a mapped store, made when somebody asks for it.
type madeWords struct {
	once sync.Once
	list []string
}

func (x *names) len() int {
	if x.ends != nil {
		return len(x.ends)
	}
	return len(x.list)
}

// word copies a mapped word, so that it outlives the mapping.
func (x *names) word(i int) string {
	if x.ends != nil {
		return string(x.mapped(i))
	}
	return x.list[i]
}

// mapped is a word's bytes in the file. Opening does not look at each word, so
// a damaged file may tell places that are not there: such a word is empty.
func (x *names) mapped(i int) []byte {
	begin, end := uint32(0), x.ends[i]
	if i > 0 {
		begin = x.ends[i-1]
	}
	if begin > end || uint64(end) > uint64(len(x.blob)) {
		return nil
	}
	return x.blob[begin:end]
}

// all is the list of the words.
func (x *names) all() []string {
	if x.ends == nil {
		return x.list
	}
	x.made.once.Do(func() {
		x.made.list = make([]string, len(x.ends))
		text := string(x.blob)
		begin := uint32(0)
		for i, end := range x.ends {
			if begin <= end && uint64(end) <= uint64(len(text)) {
				x.made.list[i] = text[begin:end]
			}
			begin = end
		}
	})
	return x.made.list
}

// find is the row of a word.
func (x *names) find(word string) (int, bool) {
	row, _ := x.look(word, hashWord(word))
	return row, row >= 0
}

// look returns the row of a word, or -1 and the free slot where it belongs.
func (x *names) look(word string, hash uint64) (row int, free uint32) {
	mask := uint32(len(x.slots) - 1)
	tag := uint32(hash>>32) &^ mask
	at := uint32(hash) & mask
	for range x.slots { // a damaged file may have no free slot
		slot := x.slots[at]
		if slot == 0 {
			return -1, at
		}
		if slot&^mask == tag {
			if row := int(slot&mask) - 1; row >= 0 && row < x.len() && x.is(row, word) {
				return row, 0
			}
		}
		at = (at + 1) & mask
	}
	return -1, 0
}

func (x *names) is(row int, word string) bool {
	if x.ends != nil {
		return string(x.mapped(row)) == word // no copy is made to compare
	}
	return x.list[row] == word
}

// add appends a word; where it was there before, it returns that row and false.
func (x *names) add(word string) (row int, fresh bool) {
	if 8*(len(x.list)+1) > 7*len(x.slots) {
		x.reserve(2*len(x.list) + 8)
	}
	hash := hashWord(word)
	row, free := x.look(word, hash)
	if row >= 0 {
		return row, false
	}
	x.list = append(x.list, word)
	x.put(free, hash, len(x.list)-1)
	return len(x.list) - 1, true
}

func (x *names) put(slot uint32, hash uint64, row int) {
	mask := uint32(len(x.slots) - 1)
	x.slots[slot] = uint32(hash>>32)&^mask | uint32(row+1)
}

// reserve makes room for n words and keeps those that are there.
func (x *names) reserve(n int) {
	n = max(n, len(x.list))
	if cap(x.list) < n {
		x.list = append(make([]string, 0, n), x.list...)
	}
	if size := tableSize(n); size > len(x.slots) {
		x.slots = make([]uint32, size)
		for row, w := range x.list {
			hash := hashWord(w)
			x.put(x.free(hash), hash, row)
		}
	}
}

// free is the first free slot for a word that is known not to be there.
func (x *names) free(hash uint64) uint32 {
	mask := uint32(len(x.slots) - 1)
	slot := uint32(hash) & mask
	for x.slots[slot] != 0 {
		slot = (slot + 1) & mask
	}
	return slot
}

// tableSize is the power of two that n words fill to at most seven eighths.
func tableSize(n int) int {
	return 1 << bits.Len(uint(n+n/7+1))
}

// namesOf makes names of a list, which it keeps. Where a word is there twice,
// twice holds its rows.
func namesOf(words []string) (x names, twice []int) {
	x.reserve(len(words))
	x.list = words[:0] // filled with the same words again
	for i, w := range words {
		if row, fresh := x.add(w); !fresh {
			return names{}, []int{row, i}
		}
	}
	return x, nil
}

// hashWord is part of the .cloze format: a table in a file is asked with it. It
// takes eight bytes at a time and folds a 128-bit product, as wyhash does.
func hashWord(word string) uint64 {
	const k0, k1 = 0xa0761d6478bd642f, 0xe7037ed1a0b428db
	h := uint64(len(word)) ^ k0
	b := unsafe.Slice(unsafe.StringData(word), len(word)) // []byte(word) without the copy
	for len(b) >= 8 {
		hi, lo := bits.Mul64(binary.LittleEndian.Uint64(b)^k1, h)
		h = hi ^ lo ^ k0
		b = b[8:]
	}
	if len(b) > 0 {
		rest := uint64(0)
		for i, c := range b {
			rest |= uint64(c) << (8 * i)
		}
		hi, lo := bits.Mul64(rest^k1, h)
		h = hi ^ lo ^ k0
	}
	hi, lo := bits.Mul64(h, k1)
	return hi ^ lo
}
