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
	h := (k0 ^ k1*0x9E3779B97F4A7C15) * 0xFF51AFD7ED558CCD
	set := w.short[h>>(64-wordBits)&^1:][:2]
	slot := &set[0]
	if slot.k0 != k0 || slot.k1 != k1 {
		slot = &set[1]
	}
	if slot.k0 == k0 && slot.k1 == k1 {
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
		set[1] = set[0]
		set[0].k0, set[0].k1, set[0].n = k0, k1, int32(k)
		copy(set[0].ids[:], dst[before:])
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
