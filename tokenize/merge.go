package tokenize

import "math/bits"

// bpe is the model: which piece a byte is, and which neighbours merge into what, in which order (Sennrich et al. 2016, section 3.2).
type bpe struct {
	byteID    [256]int32 // noID where the vocabulary has no piece for the byte
	merges    [][2]int32 // by rank
	results   []int32    // by rank: the id that the merge makes
	table     pairTable
	joins     *junctions
	bytePairs *[1 << 16]uint32 // by two bytes: what table says of their pieces. Each word starts with bytes, and these lie close together
	unk       int32            // what a byte without a piece becomes; noID: it is dropped and counted
	fuse      bool             // fuse_unk: neighbouring unknown bytes become one token
	whole     map[string]int32 // ignore_merges: a word that is a piece is that piece; nil when the switch is off
	complete  bool             // every byte has its piece, so that pieces tell the offsets
}

// noRank is larger than every rank.
const noRank = ^uint32(0)

// symbol is a piece in the making and the bytes of the word that it covers.
type symbol struct{ id, start, end int32 }

// symbols cuts a word into bytes and merges them. The result lies in s.syms until the next call; dropped is the number of bytes
// that have no piece and no unknown token to stand for them.
func (m *bpe) symbols(s *scratch, word []byte) (syms []symbol, dropped int) {
	if m.whole != nil {
		if id, ok := m.whole[string(word)]; ok {
			s.syms = append(s.syms[:0], symbol{id, 0, int32(len(word))})
			return s.syms, 0
		}
	}
	return m.merged(s, word)
}

// merged is symbols for a word that is merged even where it is a piece (ignore_merges).
func (m *bpe) merged(s *scratch, word []byte) (syms []symbol, dropped int) {
	syms = s.syms[:0]
	lastUnknown := -1 // where the last unknown byte ended
	for i, b := range word {
		id := m.byteID[b]
		if id == noID {
			if m.unk == noID {
				dropped++
				continue
			}
			id = m.unk
			if m.fuse && lastUnknown == i && len(syms) > 0 {
				syms[len(syms)-1].end = int32(i + 1)
				lastUnknown = i + 1
				continue
			}
			lastUnknown = i + 1
		}
		syms = append(syms, symbol{id, int32(i), int32(i + 1)})
	}
	s.syms = syms
	switch {
	case len(syms) < 2:
	case len(syms) <= shortWord:
		syms = m.mergeShort(s, syms)
	default:
		syms = m.mergeLong(s, syms)
	}
	return syms, dropped
}

// mergeShort merges the pair of lowest rank, the leftmost of equals, until none is left.
func (m *bpe) mergeShort(s *scratch, syms []symbol) []symbol {
	f := &s.few
	f.begin(len(syms))
	for i, sym := range syms {
		f.ids[i+1] = sym.id
		if i+1 < len(syms) {
			f.set(i+1, m.table.rank(sym.id, syms[i+1].id))
		}
	}
	alive := m.mergeFew(f, len(syms))
	n := 0
	for rest := alive; rest != 0; n++ {
		i := bits.TrailingZeros64(rest)
		rest &= rest - 1
		last := len(syms)
		if rest != 0 {
			last = bits.TrailingZeros64(rest)
		}
		syms[n] = symbol{f.ids[i+1], syms[i].start, syms[last-1].end}
	}
	return syms[:n]
}

// rareRounds is how often mergeRounds merges a pair that is rare.
const rareRounds = 8

// mergeRounds merges the pair of the lowest rank wherever it stands, and again, as long as that shortens the word by much: a word of one letter a
// million times halves each time. A few rare pairs may come before that, at the ends of such a run. What it leaves is what the queue of mergeLong would
// have come by.
func (m *bpe) mergeRounds(s *scratch, syms []symbol) []symbol {
	for ordered, rare := true, 0; ordered; {
		n, low, count, same := len(syms), noRank, 0, 0
		ranks := grow(&s.next, n)
		for i := range n - 1 {
			r := noRank
			if i > 0 && syms[i-1].id == syms[i].id && syms[i].id == syms[i+1].id {
				r = uint32(ranks[i-1])
				same++
			} else {
				r = m.table.rank(syms[i].id, syms[i+1].id)
			}
			if ranks[i] = int32(r); r < low {
				low, count = r, 0
			}
			if r == low {
				count++
			}
		}
		if count < n/8 {
			rare++
		}
		if low == noRank || count < n/8 && (same < n/2 || rare > rareRounds) {
			return syms
		}
		syms, ordered = m.mergeAll(syms, ranks, low)
	}
	return syms
}

// mergeAll merges the pairs of that rank from left to right. It stops early, and says false, where a merge makes a pair that comes before the
// others of the rank.
func (m *bpe) mergeAll(syms []symbol, ranks []int32, rank uint32) (merged []symbol, ordered bool) {
	made, n, out := m.results[rank], len(syms), 0
	for i := 0; i < n; i, out = i+1, out+1 {
		if i+1 == n || uint32(ranks[i]) != rank {
			syms[out] = syms[i]
			continue
		}
		syms[out] = symbol{made, syms[i].start, syms[i+1].end}
		i++
		if out > 0 && m.table.rank(syms[out-1].id, made) <= rank || i+1 < n && m.table.rank(made, syms[i+1].id) <= rank {
			return syms[:out+1+copy(syms[out+1:], syms[i+1:])], false
		}
	}
	return syms[:out], true
}

// mergeLong does the same with a queue of (rank, position), so that a word of n bytes costs n log n. Symbols form a list through their
// end: the next one starts where one ends. An entry is stale where its pair has changed since; a pair's rank tells.
func (m *bpe) mergeLong(s *scratch, syms []symbol) []symbol {
	syms = m.mergeRounds(s, syms)
	n := int32(len(syms))
	next, prev := grow(&s.next, int(n)), grow(&s.prev, int(n))
	q := &s.queue
	q.clear()
	for i := range n {
		next[i], prev[i] = i+1, i-1
		if i+1 < n {
			if r := m.table.rank(syms[i].id, syms[i+1].id); r != noRank {
				q.later = append(q.later, uint64(r)<<32|uint64(uint32(i))) // no heap yet: the first pop sorts it
			}
		}
	}
	for q.more() {
		top := q.pop()
		rank, i := uint32(top>>32), int32(uint32(top))
		j := next[i]
		if syms[i].id == noID || j >= n || m.table.rank(syms[i].id, syms[j].id) != rank {
			continue
		}
		syms[i].id, syms[i].end = m.results[rank], syms[j].end
		syms[j].id = noID
		next[i] = next[j]
		if next[i] < n {
			prev[next[i]] = i
			if r := m.table.rank(syms[i].id, syms[next[i]].id); r != noRank {
				q.later.push(uint64(r)<<32 | uint64(uint32(i)))
			}
		}
		if p := prev[i]; p >= 0 {
			if r := m.table.rank(syms[p].id, syms[i].id); r != noRank {
				q.later.push(uint64(r)<<32 | uint64(uint32(p)))
			}
		}
	}
	out := syms[:0]
	for i := int32(0); i < n; i = next[i] {
		out = append(out, syms[i])
	}
	return out
}

// grow returns a slice of n elements in the buffer, enlarged where it must be.
func grow(buf *[]int32, n int) []int32 {
	if cap(*buf) < n {
		*buf = make([]int32, n)
	}
	return (*buf)[:n]
}
