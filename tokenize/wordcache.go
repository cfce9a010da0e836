package tokenize

import "hash/maphash"

// The cache of the general pipeline maps words, as the model gets them, to their ids in data. It is bounded: a new word takes the slot of an old one.
const (
	wordBits      = 15
	wordSlots     = 1 << wordBits // of 32 bytes: 1 MiB
	longWordSlots = 1 << 13       // of 136 bytes: 1.1 MiB
	unitBits      = 17
	unitSlots     = 1 << unitBits // of 32 bytes: 4 MiB
	wordIDs       = 3
	longWordKey   = 80
)

// wordSlot holds a word of up to 15 bytes.
type wordSlot struct {
	k0, k1 uint64 // as wordKey makes them; k1 is 0 in a free slot
	ids    [wordIDs]int32
	n      int32
}

// wordSet is the two slots that a word may lie in, the newer word first.
type wordSet [2]wordSlot

// setOf is the set of a word among 2^bits slots.
func setOf(slots []wordSlot, bits int, k0, k1 uint64) *wordSet {
	return (*wordSet)(slots[wordHash(k0, k1)>>(64-bits)&^1:])
}

// find returns the slot of a word, nil where it has none.
func (s *wordSet) find(k0, k1 uint64) *wordSlot {
	switch {
	case s[0].k0 == k0 && s[0].k1 == k1:
		return &s[0]
	case s[1].k0 == k0 && s[1].k1 == k1:
		return &s[1]
	}
	return nil
}

// keep puts a word in front. Of more than wordIDs ids it keeps the number alone.
func (s *wordSet) keep(k0, k1 uint64, ids []int32) {
	s[1] = s[0]
	s[0].k0, s[0].k1, s[0].n = k0, k1, int32(len(ids))
	copy(s[0].ids[:], ids)
}

// longWordSlot holds a word of up to longWordKey bytes.
type longWordSlot struct {
	size, n uint8
	ids     [13]int32
	key     [longWordKey]byte
}

// appendWord appends the ids of the word text[start:end].
func (g *general) appendWord(dst []int32, w *work, text []byte, start, end int) []int32 {
	if end-start > shortKey {
		return g.appendLongWord(dst, w, text[start:end])
	}
	k0, k1 := wordKey(text, start, end-start)
	set := setOf(w.short, wordBits, k0, k1)
	if slot := set.find(k0, k1); slot != nil {
		switch slot.n {
		case 1:
			return append(dst, slot.ids[0])
		case 2:
			return append(dst, slot.ids[0], slot.ids[1])
		default:
			return append(dst, slot.ids[0], slot.ids[1], slot.ids[2])
		}
	}
	before, dropped := len(dst), w.dropped
	dst = g.appendCut(dst, w, text[start:end])
	// A word with a part that no piece stands for must reach the counter each time, so it is not kept.
	if k := len(dst) - before; 0 < k && k <= wordIDs && w.dropped == dropped {
		set.keep(k0, k1, dst[before:])
	}
	return dst
}

func (g *general) appendLongWord(dst []int32, w *work, word []byte) []int32 {
	if len(word) > longWordKey {
		return g.appendCut(dst, w, word)
	}
	slot := &w.long[maphash.Bytes(cacheSeed, word)%longWordSlots]
	if int(slot.size) == len(word) && string(slot.key[:len(word)]) == string(word) {
		return append(dst, slot.ids[:slot.n]...)
	}
	before, dropped := len(dst), w.dropped
	dst = g.appendCut(dst, w, word)
	if k := len(dst) - before; k <= len(slot.ids) && w.dropped == dropped {
		slot.size, slot.n = uint8(len(word)), uint8(k)
		copy(slot.key[:], word)
		copy(slot.ids[:], dst[before:])
	}
	return dst
}

func (g *general) appendCut(dst []int32, w *work, word []byte) []int32 {
	for _, s := range g.model.pieces(w, word, true) {
		dst = append(dst, s.id)
	}
	return dst
}
