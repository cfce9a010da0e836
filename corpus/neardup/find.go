package neardup

import (
	"slices"
	"unicode/utf8"
)

// scratch is what one search needs; searches take turns with them.
type scratch struct {
	normal []byte   // the normal form
	grams  []uint64 // its 5-grams, by hash
	known  []uint32 // the ranks of those of the list
	seen   map[uint32]struct{}
}

// Find says how a text repeats one of the list; it only reads the text. The time is linear in the text's length, however long, and for texts about
// as long as those of the list grows with how many of these have a rare piece in common with it.
func (x *Index) Find(text []byte) Match {
	s := x.scratch.Get().(*scratch)
	defer x.scratch.Put(s)
	s.normal = appendNormal(s.normal[:0], text)
	if len(s.normal) == 0 {
		return None
	}
	if _, ok := x.exact[hash(s.normal)]; ok {
		return Exact
	}
	// Beyond so many 5-grams no text of the list is long enough to be near.
	limit := int(float64(x.longest)/x.threshold + 1e-9)
	if !s.gather(limit) || len(s.grams) < MinGrams || !x.know(s) {
		return None
	}
	// Those that the list has not are the rarest of all and stand at the beginning of the prefix.
	n := len(s.grams)
	for _, r := range s.known[:max(0, x.prefix(n)-(n-len(s.known)))] {
		for _, i := range x.entries[x.heads[r]:x.heads[r+1]] {
			if _, ok := s.seen[i]; ok {
				continue
			}
			if s.seen[i] = struct{}{}; x.near(s.known, n, x.set(i)) {
				return Near
			}
		}
	}
	return None
}

// know looks the 5-grams up in the list; false when it has too few of them.
func (x *Index) know(s *scratch) bool {
	n := len(s.grams)
	lack := n - x.least(n) // so many may be missing
	s.known = s.known[:0]
	for _, g := range s.grams {
		if r, ok := x.ranks[g]; ok {
			s.known = append(s.known, r)
		} else if lack--; lack < 0 {
			return false
		}
	}
	slices.Sort(s.known)
	if s.seen == nil {
		s.seen = map[uint32]struct{}{}
	}
	clear(s.seen)
	return true
}

// near compares a set of n 5-grams, of which the list has known, with one of the list.
func (x *Index) near(known []uint32, n int, set []uint32) bool {
	if small, large := min(n, len(set)), max(n, len(set)); small < x.least(large) {
		return false
	}
	shared := 0
	for i, j := 0, 0; i < len(known) && j < len(set); {
		switch {
		case known[i] < set[j]:
			i++
		case known[i] > set[j]:
			j++
		default:
			shared, i, j = shared+1, i+1, j+1
		}
	}
	return float64(shared) >= x.threshold*float64(n+len(set)-shared)-1e-9
}

// gramRunes is the length of the pieces that are compared, in characters.
const gramRunes = 5

// Rolling hash: the runes are digits of a number in this base, modulo 2^64.
const (
	base  = 0x9e3779b97f4a7c15
	base2 = base * base % (1 << 64)
	base5 = base2 * base2 % (1 << 64) * base % (1 << 64)
)

// gather fills s.grams with the set of 5-grams of the normal form, sorted; false when they are more than limit, and then not all are there.
func (s *scratch) gather(limit int) bool {
	s.grams = s.grams[:0]
	var last [gramRunes]uint64
	var h uint64
	// Long texts are made a set piece by piece, so that memory is bounded by what is different in them.
	room := 4 * min(limit, 1<<12)
	n := 0
	for rest := s.normal; len(rest) > 0; n++ {
		c, size := utf8.DecodeRune(rest)
		rest = rest[size:]
		h = h*base + uint64(c) - last[n%gramRunes]*base5
		last[n%gramRunes] = uint64(c)
		if n < gramRunes-1 {
			continue
		}
		if s.grams = append(s.grams, h); len(s.grams) >= room {
			slices.Sort(s.grams)
			s.grams = slices.Compact(s.grams)
			if len(s.grams) > limit {
				return false
			}
			room = 4 * max(len(s.grams), min(limit, 1<<12))
		}
	}
	slices.Sort(s.grams)
	s.grams = slices.Compact(s.grams)
	return len(s.grams) <= limit
}

// hash is FNV-1a of 64 bits.
func hash(text []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range text {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}
