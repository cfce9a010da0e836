package tokenize

import "math/bits"

// shortWord is the number of symbols up to which looking through all pairs beats a heap: a bit each of a machine word.
const shortWord = 64

// few are the up to 64 symbols of a word while they are merged. A symbol stays where its first byte was, so that nothing is moved.
type few struct {
	ids  [shortWord]int32
	keys [shortWord]uint64 // of the pair that starts here: rank<<6 | place, so that the smallest is next; noKey or more where none merges
	made [shortWord]int32  // what that pair merges into
}

const noKey = uint64(noRank) << 6

// noKeys are compared at a time, without a branch that depends on them.
var noKeys = [8]uint64{noKey, noKey, noKey, noKey, noKey, noKey, noKey, noKey}

// begin makes room for n symbols, none of which merges.
func (f *few) begin(n int) {
	for k := 0; k < n; k += len(noKeys) {
		*(*[len(noKeys)]uint64)(f.keys[k:]) = noKeys
	}
}

// set says what the pair at i merges into.
func (f *few) set(i int, to merged) { f.keys[i], f.made[i] = uint64(to.rank)<<6|uint64(i), to.id }

// mergeFew merges the first n symbols, whose pairs are set. The bits of the result are the places where symbols are left.
func (m *bpe) mergeFew(f *few, n int) (alive uint64) {
	alive = ^uint64(0) >> (64 - n)
	for {
		best := noKey
		for k := 0; k < n; k += len(noKeys) {
			g := (*[8]uint64)(f.keys[k:])
			best = min(best, min(min(min(g[0], g[1]), min(g[2], g[3])), min(min(g[4], g[5]), min(g[6], g[7]))))
		}
		if best >= noKey {
			return alive
		}
		i := int(best & 63)
		f.ids[i] = f.made[i]
		behind := alive &^ (2<<i - 1)
		j := bits.TrailingZeros64(behind) & 63
		alive &^= 1 << j
		f.keys[i], f.keys[j] = noKey, noKey
		if behind &= behind - 1; behind != 0 {
			f.set(i, m.table.get(f.ids[i], f.ids[bits.TrailingZeros64(behind)&63]))
		}
		if before := alive & (1<<i - 1); before != 0 {
			p := bits.Len64(before) - 1
			f.set(p, m.table.get(f.ids[p&63], f.ids[i]))
		}
	}
}

// appendFew appends the ids of a word of up to 64 bytes, each of which has its piece.
func (m *bpe) appendFew(dst []int32, s *scratch, word []byte) []int32 {
	f := &s.few
	f.begin(len(word))
	before := word[0]
	f.ids[0] = m.byteID[before]
	for i, b := range word[1:] {
		f.ids[i+1] = m.byteID[b]
		f.set(i, m.bytePairs[int(before)<<8|int(b)])
		before = b
	}
	for alive := m.mergeFew(f, len(word)); alive != 0; alive &= alive - 1 {
		dst = append(dst, f.ids[bits.TrailingZeros64(alive)])
	}
	return dst
}
