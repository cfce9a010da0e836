package wordvec

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"
)

// wordTable numbers words in the order in which they are first met. Open addressing; most words of a text are of eight bytes or fewer, and for
// those neither hashing nor comparing touches more than one word of memory beside the slot.
type wordTable struct {
	text    []byte // all words, one behind the other
	entries []wordEntry
	slots   []wordSlot
}

type wordEntry struct {
	head uint64 // the first eight bytes, zeros behind a shorter word
	end  uint64 // of the word in text; it begins where the one before ends
}

type wordSlot struct {
	hash   uint32
	number uint32 // of the word + 1; 0 where free
}

var (
	seed    = maphash.MakeSeed() // decides where a word lies in a table, and nothing that is seen outside
	seedOne = maphash.Bytes(seed, nil) | 1
)

func newWordTable() *wordTable { return &wordTable{slots: make([]wordSlot, 1<<12)} }

// head is the first eight bytes of a word as a number.
func head(word []byte) uint64 {
	if len(word) >= 8 {
		return binary.LittleEndian.Uint64(word)
	}
	if cap(word) >= 8 { // a word inside a text: read on into it, and blank that out
		return binary.LittleEndian.Uint64(word[:8]) & (1<<(8*len(word)) - 1)
	}
	var h uint64
	for i, b := range word {
		h |= uint64(b) << (8 * i)
	}
	return h
}

func hash(word []byte, head uint64) uint32 {
	if len(word) > 8 {
		return uint32(maphash.Bytes(seed, word))
	}
	high, low := bits.Mul64(head^seedOne, 0x9E3779B97F4A7C15)
	return uint32(high^low) ^ uint32((high^low)>>32)
}

// number is the number of a word, a new one where it is met for the first time.
func (t *wordTable) number(word []byte) uint32 {
	first := head(word)
	h := hash(word, first)
	mask := uint32(len(t.slots) - 1)
	i := h & mask
	for ; t.slots[i].number != 0; i = (i + 1) & mask {
		if s := t.slots[i]; s.hash == h && t.same(s.number-1, word, first) {
			return s.number - 1
		}
	}
	n := uint32(len(t.entries))
	t.text = append(t.text, word...)
	t.entries = append(t.entries, wordEntry{first, uint64(len(t.text))})
	t.slots[i] = wordSlot{h, n + 1}
	if len(t.entries)*2 > len(t.slots) {
		t.grow()
	}
	return n
}

func (t *wordTable) same(n uint32, word []byte, head uint64) bool {
	e := t.entries[n]
	if e.head != head {
		return false
	}
	begin := t.begin(n)
	return int(e.end-begin) == len(word) && (len(word) <= 8 || string(t.text[begin:e.end]) == string(word))
}

func (t *wordTable) begin(n uint32) uint64 {
	if n == 0 {
		return 0
	}
	return t.entries[n-1].end
}

func (t *wordTable) grow() {
	old := t.slots
	t.slots = make([]wordSlot, 2*len(old))
	mask := uint32(len(t.slots) - 1)
	for _, s := range old {
		if s.number == 0 {
			continue
		}
		i := s.hash & mask
		for t.slots[i].number != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = s
	}
}

// word is the bytes of a word; they are the table's.
func (t *wordTable) word(n uint32) []byte { return t.text[t.begin(n):t.entries[n].end] }

func (t *wordTable) len() int { return len(t.entries) }

// pairTable counts pairs of numbers.
type pairTable struct {
	keys   []uint64 // first<<32 | second, + 1; 0 where free
	counts []uint32
	used   int
}

func newPairTable() *pairTable {
	return &pairTable{keys: make([]uint64, 1<<12), counts: make([]uint32, 1<<12)}
}

// slot is where a pair is, or would be.
func (t *pairTable) slot(key uint64) int {
	mask := len(t.keys) - 1
	i := int((key*0x9E3779B97F4A7C15)>>32) & mask
	for t.keys[i] != 0 && t.keys[i] != key {
		i = (i + 1) & mask
	}
	return i
}

func pairKey(a, b uint32) uint64 { return uint64(a)<<32 | uint64(b) + 1 }

func (t *pairTable) add(a, b uint32) {
	key := pairKey(a, b)
	i := t.slot(key)
	if t.keys[i] == 0 {
		t.keys[i] = key
		if t.used++; t.used*2 > len(t.keys) {
			t.grow()
			i = t.slot(key)
		}
	}
	if t.counts[i] < 1<<32-1 {
		t.counts[i]++
	}
}

func (t *pairTable) count(a, b uint32) int64 { return int64(t.counts[t.slot(pairKey(a, b))]) }

func (t *pairTable) grow() {
	keys, counts := t.keys, t.counts
	t.keys, t.counts = make([]uint64, 2*len(keys)), make([]uint32, 2*len(keys))
	for i, key := range keys {
		if key != 0 {
			at := t.slot(key)
			t.keys[at], t.counts[at] = key, counts[i]
		}
	}
}

// grown is a slice of at least n elements that keeps what it has.
func grown[T any](s []T, n int) []T {
	if n > len(s) {
		s = slices.Grow(s, n-len(s))
		old := len(s)
		s = s[:n]
		clear(s[old:])
	}
	return s
}
