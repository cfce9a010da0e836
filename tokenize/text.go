package tokenize

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// chunkBytes of text are cut into words before the words are looked up: two simple loops are quicker than one that does both, and what goes
// between them stays in the nearest memory.
const chunkBytes = 32 * blockBytes

// windowBytes have room for a chunk and the start of a word that ends in it.
const windowBytes = 2 * chunkBytes

// window is the part of a text whose words are looked up now, and what comes out. Its arrays have fixed lengths, so that the loops over them
// keep few values and check few bounds.
type window struct {
	text   [windowBytes + 16]byte // the words, and bytes behind the last that may be read
	ends   [windowBytes]uint16    // where each ends
	ids    [windowBytes + 4]int32
	starts [windowBytes / 64]uint64 // which ids are the first of a word
	sum    uint64                   // of what was touched, so that nobody leaves that out
}

// appendText appends the ids of text without added tokens in it.
func (m *bpe) appendText(dst []int32, s *scratch, text []byte) []int32 {
	var c cutter
	w := &s.window
	start := 0 // of the word whose end comes next
	for at := 0; at < len(text); {
		first, base, words := at == 0, max(start, at-blockBytes), 0
		for stop := min(at+chunkBytes, len(text)); at < stop; at += blockBytes {
			off := at - base
			for b := c.starts(text, at); b != 0; b &= b - 1 {
				w.ends[words&(windowBytes-1)] = uint16(off + bits.TrailingZeros64(b))
				words++
			}
		}
		if at >= len(text) {
			w.ends[words] = uint16(len(text) - base)
			words++
		}
		ends := w.ends[:words]
		if first { // nothing ends where the text starts
			ends = ends[1:]
		}
		if len(ends) > 0 {
			dst = m.appendWindow(dst, s, text, start, base, ends)
			start = base + int(ends[len(ends)-1])
		}
	}
	return dst
}

// appendWindow appends the ids of the words that end at ends, counted from base; the first of them starts at start, which may be before.
func (m *bpe) appendWindow(dst []int32, s *scratch, text []byte, start, base int, ends []uint16) []int32 {
	w := &s.window
	copy(w.text[:windowBytes], text[base:base+int(ends[len(ends)-1])])
	n, i, from := 0, 0, start-base
	last, asked := -near, 0
	for {
		if from >= 0 {
			i, n, from = m.lookUp(s, ends, i, n, from)
		}
		if i == len(ends) {
			return s.flush(dst, n)
		}
		end := int(ends[i])
		if i >= asked && i-last <= near {
			asked = min(i+1+ahead, len(ends))
			w.ask(s.short, ends[i+1:asked], end)
		}
		last = i
		if size := end - from; size > shortKey {
			// It may have more ids than there is room for.
			dst = s.flush(dst, n)
			before := len(dst)
			dst = m.appendLong(dst, s, text[base+from:base+end])
			s.mark(before, len(dst))
			n = 0
		} else {
			// A word has at most an id a byte, so that there is room. One of bytes without a piece has none.
			k0, k1 := wordKey(text, base+from, size)
			after := len(m.appendNew(w.ids[:n], s, text[base+from:base+end], shortHash(k0, k1), k0, k1))
			if after > n {
				w.starts[n>>6] |= 1 << (n & 63)
			}
			n = after
		}
		i, from = i+1, end
	}
}

// wordMasks keep the first n bytes of 16.
var wordMasks = func() (t [shortKey + 1][2]uint64) {
	for n := range t {
		for i := range n {
			t[n][i/8] |= 0xFF << (8 * (i % 8))
		}
	}
	return t
}()

// Where words that the cache has not come within near words of each other, the next ones are asked for, ahead of them at once.
const (
	near  = 1
	ahead = 16
)

// ask touches where the cache may have words, the first of which starts at from: memory answers for all of them at once, and later for each without delay.
func (w *window) ask(cache *shortCache, ends []uint16, from int) {
	sum := w.sum
	for _, e := range ends {
		end := int(e)
		size := end - from
		if uint(size) <= shortKey {
			mask, text := &wordMasks[size], w.text[from&(windowBytes-1):]
			k0 := binary.LittleEndian.Uint64(text) & mask[0]
			k1 := binary.LittleEndian.Uint64(text[8:])&mask[1] | uint64(size)<<56
			h := shortHash(k0, k1)
			sum += cache.sets[h][0].k0 + cache.rest[h].k0
		}
		from = end
	}
	w.sum = sum
}

// lookUp puts the ids of words from number i on behind the n that are there, until there is a word that the cache has not; from is where it starts.
func (m *bpe) lookUp(s *scratch, ends []uint16, i, n, from int) (int, int, int) {
	w, cache := &s.window, s.short
	for ; i < len(ends); i++ {
		end := int(ends[i])
		size := end - from
		if uint(size) > shortKey {
			break
		}
		mask := &wordMasks[size]
		text := w.text[from&(windowBytes-1):]
		k0 := binary.LittleEndian.Uint64(text) & mask[0]
		k1 := binary.LittleEndian.Uint64(text[8:])&mask[1] | uint64(size)<<56
		h := shortHash(k0, k1)
		slot := &cache.sets[h][0]
		if (slot.k0 != k0 || slot.k1 != k1) && !cache.find(h, k0, k1) {
			break
		}
		n &= windowBytes - 1
		w.starts[n>>6] |= 1 << (n & 63)
		*(*[4]int32)(w.ids[n:]) = slot.ids
		n += int(slot.ids[3])
		from = end
	}
	return i, n, from
}

// flush appends the n ids of the window to dst, and the marks of their words where those are wanted.
func (s *scratch) flush(dst []int32, n int) []int32 {
	if n == 0 {
		return dst
	}
	w := &s.window
	words := w.starts[:(n+63)/64]
	if s.marking {
		at, shift := len(dst)>>6, uint(len(dst)&63)
		s.starts = zeros(s.starts, (len(dst)+n+63)/64+1)
		to := s.starts[at:]
		for i, b := range words {
			to[i] |= b << shift
			to[i+1] |= b >> (64 - shift)
		}
	}
	clear(words)
	return append(dst, w.ids[:n]...)
}

// mark marks the id at first as that of a word, unless the word has none.
func (s *scratch) mark(first, end int) {
	if s.marking && first < end {
		s.starts = zeros(s.starts, first>>6+1)
		s.starts[first>>6] |= 1 << (first & 63)
	}
}

// zeros lengthens a slice to n elements.
func zeros(s []uint64, n int) []uint64 {
	if k := len(s); k < n {
		s = slices.Grow(s, n-k)[:n]
		clear(s[k:])
	}
	return s
}
