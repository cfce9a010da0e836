package tokenize

import "math/bits"

// shortWord is the number of symbols up to which looking through all pairs beats a heap: a bit each of a machine word.
const shortWord = 64

// few are the up to 64 symbols of a word while they are merged, from place 1 on. A symbol stays where its first byte was, so that nothing is moved. At
// both ends is one that never merges, so that no branch has to ask for an end.
type few struct {
	ids  [128]int32
	keys [128]uint64 // of the pair that starts here: rank<<8 | place, so that the smallest is next; noKey or more where none merges
}

const (
	noKey  = uint64(noRank) << 8
	edgeID = 1<<rankBits - 1 // no id is as large
)

// noKeys are compared at a time, without a branch that depends on them.
var noKeys = [8]uint64{noKey, noKey, noKey, noKey, noKey, noKey, noKey, noKey}

// begin makes room for n symbols, none of which merges.
func (f *few) begin(n int) {
	f.ids[0], f.ids[shortWord+1] = edgeID, edgeID
	for k := 1; k <= n; k += len(noKeys) {
		*(*[len(noKeys)]uint64)(f.keys[k:]) = noKeys
	}
}

// set says when the pair at place i merges.
func (f *few) set(i int, rank uint32) { f.keys[i&127] = uint64(rank)<<8 | uint64(i) }

// mergeFew merges the first n symbols, whose pairs are set. Bit i of the result is set where a symbol is left at place i+1.
func (m *bpe) mergeFew(f *few, n int) (alive uint64) {
	alive = ^uint64(0) >> (64 - n)
	t := &m.table
	for {
		best := noKey
		for k := 1; k <= n; k += len(noKeys) {
			g := (*[8]uint64)(f.keys[k:])
			best = min(best, min(min(min(g[0], g[1]), min(g[2], g[3])), min(min(g[4], g[5]), min(g[6], g[7]))))
		}
		if best >= noKey {
			return alive
		}
		i := int(best & 127)
		made := m.results[best>>8]
		f.ids[i] = made
		behind := alive & -(1 << i)
		j := bits.TrailingZeros64(behind)
		behind &= behind - 1
		alive &^= 1 << j
		f.keys[(j+1)&127] = noKey
		next, last := bits.TrailingZeros64(behind)+1, bits.Len64(alive&(1<<(i-1)-1))
		left, right := t.hash(f.ids[last&127], made), t.hash(made, f.ids[next&127])
		f.keys[last&127], f.keys[i] = noKey, noKey
		b0, b1 := t.bit(left), t.bit(right)
		if b0|b1 != 0 {
			if b0 != 0 {
				f.set(last, t.probe(left))
			}
			if b1 != 0 {
				f.set(i, t.probe(right))
			}
		}
	}
}

// startsAlone says whether each byte of a word starts as a piece, so that appendFew may merge it.
func (m *bpe) startsAlone(word []byte) bool {
	for _, b := range word {
		if m.byteID[b] == noID {
			return false
		}
	}
	return len(word) <= shortWord
}

// appendFew appends the ids of a word of up to 64 bytes, each of which has its piece.
func (m *bpe) appendFew(dst []int32, s *scratch, word []byte) []int32 {
	f := &s.few
	f.begin(len(word))
	before := word[0]
	f.ids[1] = m.byteID[before]
	for i, b := range word[1:] {
		f.ids[i+2] = m.byteID[b]
		f.set(i+1, m.bytePairs[int(before)<<8|int(b)])
		before = b
	}
	for alive := m.mergeFew(f, len(word)); alive != 0; alive &= alive - 1 {
		dst = append(dst, f.ids[bits.TrailingZeros64(alive)+1])
	}
	return dst
}
