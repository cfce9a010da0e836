package wordvec

import (
	"hash/maphash"
	"math/bits"
	"slices"
)

// wordTable numbers words in the order in which they are first met. Open addressing; most words of a text are of eight bytes or fewer, and one of
// those is found without a look at anything but its slot.
type wordTable struct {
	text  []byte   // all words, one behind the other
	ends  []uint64 // of each word in text; it begins where the one before ends
	slots []wordSlot
}

type wordSlot struct {
	key    uint64 // the bytes of a short word, a hash of a longer one
	size   uint32 // of the word in bytes
	number uint32 // of the word + 1; 0 where free
}

var (
	seed    = maphash.MakeSeed() // decides where a word lies in a table, and nothing that is seen outside
	seedOne = maphash.Bytes(seed, nil)
)

func newWordTable() *wordTable { return &wordTable{slots: make([]wordSlot, 1<<12)} }

// number is the number of a word, a new one where it is met for the first time.
func (t *wordTable) number(word []byte) uint32 {
	if len(word) > 8 {
		return t.find(maphash.Bytes(seed, word), word)
	}
	var key uint64
	for i, b := range word {
		key |= uint64(b) << (8 * i)
	}
	return t.find(key, word)
}

// find is number for a word whose key is known.
func (t *wordTable) find(key uint64, word []byte) uint32 {
	mask := len(t.slots) - 1
	i := t.place(key)
	for t.slots[i].number != 0 {
		if s := &t.slots[i]; s.key == key && int(s.size) == len(word) && (len(word) <= 8 || string(t.word(s.number-1)) == string(word)) {
			return s.number - 1
		}
		i = (i + 1) & mask
	}
	n := uint32(len(t.ends))
	t.text = append(t.text, word...)
	t.ends = append(t.ends, uint64(len(t.text)))
	t.slots[i] = wordSlot{key, uint32(len(word)), n + 1}
	if len(t.ends)*2 > len(t.slots) {
		t.grow()
	}
	return n
}

// place is where the search for a key begins.
func (t *wordTable) place(key uint64) int {
	high, low := bits.Mul64(key^seedOne, 0x9E3779B97F4A7C15)
	return int(high^low) & (len(t.slots) - 1)
}

func (t *wordTable) grow() {
	old := t.slots
	t.slots = make([]wordSlot, 2*len(old))
	for _, s := range old {
		if s.number == 0 {
			continue
		}
		i := t.place(s.key)
		for t.slots[i].number != 0 {
			i = (i + 1) & (len(t.slots) - 1)
		}
		t.slots[i] = s
	}
}

// word is the bytes of a word; they are the table's.
func (t *wordTable) word(n uint32) []byte {
	begin := uint64(0)
	if n > 0 {
		begin = t.ends[n-1]
	}
	return t.text[begin:t.ends[n]]
}

func (t *wordTable) len() int { return len(t.ends) }

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
