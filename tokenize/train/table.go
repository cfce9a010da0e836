package train

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// wordTable counts words. Each word lies once in one block of memory, behind the others.
type wordTable struct {
	text    []byte
	entries []wordEntry
	slots   []uint32 // open addressing: index into entries + 1, 0 where free
}

type wordEntry struct {
	count  int64
	hash   uint32
	offset uint32
	size   uint32
}

// maxTableText keeps offsets within 32 bits.
const maxTableText = 1<<32 - 1<<20

var seed = maphash.MakeSeed() // decides where a word lies in a table, and nothing that is seen outside

func newWordTable() *wordTable { return &wordTable{slots: make([]uint32, 1<<12)} }

// add counts a word n more times.
func (t *wordTable) add(word []byte, n int64) {
	h := uint32(maphash.Bytes(seed, word))
	mask := uint32(len(t.slots) - 1)
	i := h & mask
	for ; t.slots[i] != 0; i = (i + 1) & mask {
		e := &t.entries[t.slots[i]-1]
		if e.hash == h && int(e.size) == len(word) && string(t.text[e.offset:e.offset+e.size]) == string(word) {
			e.count += n
			return
		}
	}
	t.entries = append(t.entries, wordEntry{n, h, uint32(len(t.text)), uint32(len(word))})
	t.text = append(t.text, word...)
	t.slots[i] = uint32(len(t.entries))
	if len(t.entries)*2 > len(t.slots) {
		t.resize()
	}
}

func (t *wordTable) resize() {
	t.slots = make([]uint32, 2*len(t.slots))
	mask := uint32(len(t.slots) - 1)
	for k, e := range t.entries {
		i := e.hash & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint32(k + 1)
	}
}

// word returns the bytes of an entry; they are the table's.
func (t *wordTable) word(e wordEntry) []byte { return t.text[e.offset : e.offset+e.size] }

// memory is what the words in the table take, slots among them.
func (t *wordTable) memory() int64 { return int64(len(t.text)) + 32*int64(len(t.entries)) }

// sort orders the entries by their words. The table can't be added to afterwards, until it is reset.
func (t *wordTable) sort() {
	slices.SortFunc(t.entries, func(a, b wordEntry) int { return bytes.Compare(t.word(a), t.word(b)) })
}

// each calls f for each word in the order of the entries.
func (t *wordTable) each(f func(word []byte, count int64) error) error {
	for _, e := range t.entries {
		if err := f(t.word(e), e.count); err != nil {
			return err
		}
	}
	return nil
}

// reset empties the table and keeps its memory.
func (t *wordTable) reset() {
	t.text, t.entries = t.text[:0], t.entries[:0]
	clear(t.slots)
}
