package tokenize

import (
	"encoding/binary"
	"hash/maphash"
)

// The cache maps words to their ids. It is bounded: a slot holds one word and a new word takes the slot of an old one, so that
// hostile text costs time for merging and no memory. Words of up to 15 bytes (nearly all of most texts) are keyed by two machine
// words; those of up to 64 bytes lie in a second, smaller table; longer ones are merged each time.
const (
	shortBits   = 16
	shortSlots  = 1 << shortBits // of 32 bytes: 2 MiB
	longSlots   = 1 << 11        // of 120 bytes: 240 KiB
	shortKey    = 15
	longKey     = 64
	shortIDs    = 3
	longIDs     = 13
	maxRetained = 1 << 16 // symbols of merge buffers that a scratch block keeps between calls
)

type shortSlot struct {
	k0, k1 uint64 // the bytes, padded with zeros; the top byte of k1 is the length, 0 in a free slot
	n      int32
	ids    [shortIDs]int32
}

type longSlot struct {
	size, n uint8 // bytes of the word, ids; 0 in a free slot
	ids     [longIDs]int32
	key     [longKey]byte
}

var cacheSeed = maphash.MakeSeed()

// scratch is what a call writes to. One call at a time owns it.
type scratch struct {
	short   []shortSlot
	long    []longSlot
	syms    []symbol
	next    []int32
	prev    []int32
	heap    []uint64
	text    []byte // the text with a blank in front
	parts   []segment
	dropped int
}

// trim lets go of buffers that one huge word has made large.
func (s *scratch) trim() {
	if cap(s.syms) > maxRetained {
		s.syms, s.next, s.prev, s.heap = nil, nil, nil, nil
	}
	if cap(s.text) > maxRetained*16 {
		s.text = nil
	}
	s.dropped = 0
}

// appendWord appends the ids of the word text[start:end].
func (m *bpe) appendWord(dst []int32, s *scratch, text []byte, start, end int) []int32 {
	n := end - start
	if n > shortKey {
		return m.appendLong(dst, s, text[start:end])
	}
	k0, k1 := wordKey(text, start, n)
	h := (k0 ^ k1*0x9E3779B97F4A7C15) * 0xFF51AFD7ED558CCD
	// Two slots, one cache line: the newer word first.
	set := (*[2]shortSlot)(s.short[h>>(64-shortBits)&^1:])
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
	before := len(dst)
	dst = m.appendMerged(dst, s, text[start:end])
	// A word with bytes that have no piece must reach the counter each time, so it is not kept.
	if k := len(dst) - before; 0 < k && k <= shortIDs && m.complete {
		set[1] = set[0]
		set[0].k0, set[0].k1, set[0].n = k0, k1, int32(k)
		copy(set[0].ids[:], dst[before:])
	}
	return dst
}

// wordKey packs up to 15 bytes and their number into two machine words.
func wordKey(text []byte, start, n int) (k0, k1 uint64) {
	if start+16 <= len(text) {
		b := text[start : start+16]
		k0, k1 = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	} else {
		var b [16]byte
		copy(b[:], text[start:start+n])
		k0, k1 = binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])
	}
	if n <= 8 {
		return k0 & (^uint64(0) >> (64 - 8*n)), uint64(n) << 56
	}
	return k0, k1&(1<<(8*(n-8))-1) | uint64(n)<<56
}

// appendLong is appendWord for words of more than 15 bytes.
func (m *bpe) appendLong(dst []int32, s *scratch, word []byte) []int32 {
	if len(word) > longKey || !m.complete {
		return m.appendMerged(dst, s, word)
	}
	if s.long == nil {
		s.long = make([]longSlot, longSlots)
	}
	slot := &s.long[maphash.Bytes(cacheSeed, word)%longSlots]
	if int(slot.size) == len(word) && string(slot.key[:len(word)]) == string(word) {
		return append(dst, slot.ids[:slot.n]...)
	}
	before := len(dst)
	dst = m.appendMerged(dst, s, word)
	if k := len(dst) - before; k <= longIDs {
		slot.size, slot.n = uint8(len(word)), uint8(k)
		copy(slot.key[:], word)
		copy(slot.ids[:], dst[before:])
	}
	return dst
}

// appendMerged appends the ids of a word that the cache does not have.
func (m *bpe) appendMerged(dst []int32, s *scratch, word []byte) []int32 {
	syms, dropped := m.symbols(s, word)
	s.dropped += dropped
	for _, sym := range syms {
		dst = append(dst, sym.id)
	}
	return dst
}
