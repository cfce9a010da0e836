package tokenize

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// The caches map words to their ids. They are bounded: a slot holds one word and a new word takes the slot of an old one, so that hostile text costs
// time for merging and no memory. Words of up to 15 bytes (nearly all of most texts) are keyed by two machine words; those of up to 64 bytes, and the
// few short ones of more than three ids, lie in a second, smaller table, from the second time on that they come; longer ones are merged each time.
const (
	cacheBits = 15
	cacheSets = 1 << cacheBits // of three slots of 32 bytes: 3 MiB
	longSlots = 1 << 13        // of 120 bytes: 960 KiB
	shortKey  = 15
	longKey   = 64
	shortIDs  = 3
	longIDs   = 13
)

type shortSlot struct {
	k0, k1 uint64              // the bytes, padded with zeros; the top byte of k1 is the length, 0 in a free slot
	ids    [shortIDs + 1]int32 // and in the last place how many there are
}

// shortCache holds short words. What counts is that the first slot of a set is the right one: then nothing waits for memory before the next word is
// looked at. So a word that is found elsewhere moves there, and a new one does not take its place. 95 % of the words of English novels are found in
// the first slot, 3 % in the second, 1 % in the rest.
type shortCache struct {
	sets [cacheSets][2]shortSlot // a cache line each
	rest [cacheSets]shortSlot    // the word that had to leave each
}

type longSlot struct {
	size, n uint8 // bytes of the word, ids; 0 in a free slot
	ids     [longIDs]int32
	key     [longKey]byte
}

// longCache holds long words. A tag is eight bits of a word's hash, 0 for none: all tags lie in near memory, so that text in which every word is new
// reaches for no slot, and a word that never comes again takes none.
type longCache struct {
	tags  [longSlots][2]uint8 // of the word that the slot holds, and of the last one that it did not take
	slots [longSlots]longSlot
}

var cacheSeed = maphash.MakeSeed()

// keptHash is the hash of a word of more than 15 bytes for the long cache.
func keptHash(word []byte) uint64 { return maphash.Bytes(cacheSeed, word) }

// mixed is the hash of a shorter one.
func mixed(k0, k1 uint64) uint64 { return bits.ReverseBytes64(wordHash(k0, k1) * 0x9E3779B97F4A7C15) }

// wordHash mixes the two keys of a word; its top bits are the good ones.
func wordHash(k0, k1 uint64) uint64 { return (k0 ^ k1*0x9E3779B97F4A7C15) * 0xFF51AFD7ED558CCD }

// shortHash is the number of the set of a word.
func shortHash(k0, k1 uint64) uint64 { return wordHash(k0, k1) >> (64 - cacheBits) }

// find brings a word that is not in the first slot of its set there and says whether it was found.
func (c *shortCache) find(h, k0, k1 uint64) bool {
	set, rest := &c.sets[h], &c.rest[h]
	switch {
	case set[1].k0 == k0 && set[1].k1 == k1:
		set[0], set[1] = set[1], set[0]
	case rest.k0 == k0 && rest.k1 == k1:
		set[0], set[1], *rest = *rest, set[0], set[1]
	default:
		return false
	}
	return true
}

// has is find for a word that may be in the first slot too.
func (c *shortCache) has(h, k0, k1 uint64) bool {
	slot := &c.sets[h][0]
	return slot.k0 == k0 && slot.k1 == k1 || c.find(h, k0, k1)
}

// insert takes in a word that is not there.
func (c *shortCache) insert(h, k0, k1 uint64, ids []int32) {
	slot := &c.sets[h][1]
	c.rest[h] = *slot
	slot.k0, slot.k1 = k0, k1
	copy(slot.ids[:shortIDs], ids)
	slot.ids[shortIDs] = int32(len(ids))
}

// appendWord appends the ids of the word text[start:end].
func (m *bpe) appendWord(dst []int32, s *scratch, text []byte, start, end int) []int32 {
	n := end - start
	if n > shortKey {
		return m.appendLong(dst, s, text[start:end])
	}
	k0, k1 := wordKey(text, start, n)
	h := shortHash(k0, k1)
	slot := &s.short.sets[h][0]
	if slot.k0 == k0 && slot.k1 == k1 || s.short.find(h, k0, k1) {
		return append(dst, slot.ids[:slot.ids[shortIDs]]...)
	}
	return m.appendNew(dst, s, text[start:end], h, k0, k1)
}

// nonASCII is the top bit of each byte.
const nonASCII = 0x8080808080808080

// appendNew is appendWord for a word that the short cache has not, and takes it in.
func (m *bpe) appendNew(dst []int32, s *scratch, word []byte, h, k0, k1 uint64) []int32 {
	before, end := len(dst), len(word)
	switch {
	case !m.spells(word): // it must reach the counter each time, so it is not kept
		return m.appendLong(dst, s, word)
	case (k0|k1)&nonASCII != 0: // otherwise there is no place to cut
		end = m.joins.next(word, 0)
	}
	if end == len(word) {
		return m.appendFresh(dst, s, word, h, k0, k1, false)
	}
	dst = m.appendParts(dst, s, word, end)
	if len(dst)-before <= shortIDs {
		s.short.insert(h, k0, k1, dst[before:])
	}
	return dst
}

// manyMark sets words of more than three ids apart: the short cache knows that it has met them, the long one has their ids from the second time on.
const manyMark = 0x40 << 56

// appendFresh appends the ids of a word of up to 15 bytes, or a part of one, that is not cut and that the short cache has not, and takes it in.
func (m *bpe) appendFresh(dst []int32, s *scratch, word []byte, h, k0, k1 uint64, part bool) []int32 {
	if s.short.has(h, k0, k1|manyMark) {
		return m.appendKept(dst, s, word, mixed(k0, k1), part)
	}
	before := len(dst)
	dst = m.appendMerged(dst, s, word, part)
	if k := len(dst) - before; k <= shortIDs {
		s.short.insert(h, k0, k1, dst[before:])
	} else if k <= longIDs && (!part || m.whole == nil) {
		s.short.insert(h, k0, k1|manyMark, nil)
	}
	return dst
}

// wordKey packs up to 15 bytes and their number into two machine words.
func wordKey(text []byte, start, n int) (k0, k1 uint64) {
	if start+16 <= len(text) {
		b, mask := (*[16]byte)(text[start:]), &wordMasks[n]
		return binary.LittleEndian.Uint64(b[:8]) & mask[0], binary.LittleEndian.Uint64(b[8:])&mask[1] | uint64(n)<<56
	}
	var b [16]byte
	copy(b[:], text[start:start+n])
	return binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]) | uint64(n)<<56
}

// appendLong is appendWord for words of more than 15 bytes, or with bytes that have no piece. A word that can be cut is looked up in parts.
func (m *bpe) appendLong(dst []int32, s *scratch, word []byte) []int32 {
	if !m.spells(word) {
		syms, dropped := m.symbols(s, word)
		s.dropped += dropped
		return appendSymbols(dst, syms)
	}
	end := m.joins.next(word, 0)
	if end == len(word) {
		return m.appendKept(dst, s, word, keptHash(word), false)
	}
	return m.appendParts(dst, s, word, end)
}

// appendParts is appendLong for a word that can be cut, first at end.
func (m *bpe) appendParts(dst []int32, s *scratch, word []byte, end int) []int32 {
	if m.whole != nil {
		if id, ok := m.whole[string(word)]; ok {
			return append(dst, id)
		}
	}
	for start := 0; start < len(word); start, end = end, m.joins.next(word, min(end, len(word)-1)) {
		dst = m.appendPart(dst, s, word, start, end)
	}
	return dst
}

// partMark sets parts of words apart from words in the keys of the cache: a word that is a piece need not be merged into it (ignore_merges).
const partMark = 0x80 << 56

// appendPart appends the ids of text[start:end], which is merged by itself.
func (m *bpe) appendPart(dst []int32, s *scratch, text []byte, start, end int) []int32 {
	n := end - start
	if n > shortKey {
		return m.appendKept(dst, s, text[start:end], keptHash(text[start:end]), true)
	}
	k0, k1 := wordKey(text, start, n)
	if m.whole != nil {
		k1 |= partMark
	}
	h := shortHash(k0, k1)
	slot := &s.short.sets[h][0]
	if slot.k0 == k0 && slot.k1 == k1 || s.short.find(h, k0, k1) {
		return append(dst, slot.ids[:slot.ids[shortIDs]]...)
	}
	return m.appendFresh(dst, s, text[start:end], h, k0, k1, true)
}

// appendKept is appendLong for what is not cut: a word or a part of one, whose keptHash is hash.
func (m *bpe) appendKept(dst []int32, s *scratch, word []byte, hash uint64, part bool) []int32 {
	if len(word) > longKey || part && m.whole != nil {
		return m.appendMerged(dst, s, word, part)
	}
	if s.long == nil {
		s.long = new(longCache)
	}
	at, tag := hash%longSlots, uint8(hash>>56)|1
	tags, slot := &s.long.tags[at], &s.long.slots[at]
	if tags[0] == tag && int(slot.size) == len(word) && string(slot.key[:len(word)]) == string(word) {
		return append(dst, slot.ids[:slot.n]...)
	}
	before := len(dst)
	dst = m.appendMerged(dst, s, word, part)
	if len(dst)-before > longIDs {
		return dst
	}
	if tags[1] != tag && len(word) > shortKey {
		tags[1] = tag
		return dst
	}
	*tags = [2]uint8{tag, 0}
	slot.size, slot.n = uint8(len(word)), uint8(len(dst)-before)
	copy(slot.key[:], word)
	copy(slot.ids[:], dst[before:])
	return dst
}

// appendMerged appends the ids of a word, or a part of one, that no cache has.
func (m *bpe) appendMerged(dst []int32, s *scratch, word []byte, part bool) []int32 {
	if !part && m.whole != nil {
		if id, ok := m.whole[string(word)]; ok {
			return append(dst, id)
		}
	}
	if len(word) <= shortWord {
		return m.appendFew(dst, s, word)
	}
	syms, _ := m.merged(s, word)
	return appendSymbols(dst, syms)
}

// spells says whether all bytes of a word have their pieces.
func (m *bpe) spells(word []byte) bool {
	if !m.complete {
		for _, b := range word {
			if m.byteID[b] == noID {
				return false
			}
		}
	}
	return true
}

func appendSymbols(dst []int32, syms []symbol) []int32 {
	for _, sym := range syms {
		dst = append(dst, sym.id)
	}
	return dst
}
