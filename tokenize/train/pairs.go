package train

import "math/bits"

// pair is two neighbouring pieces: how often they stand side by side, and where.
type pair struct {
	left, right int32
	count       int64
	at          []int32 // where the left piece starts; places where the pair is no more are found out when it merges
}

// pairIndex finds the number of a pair by open addressing.
type pairIndex struct {
	keys  []uint64
	vals  []int32
	used  int
	shift uint8
}

const freeKey = ^uint64(0)

func newPairIndex(size int) *pairIndex {
	x := &pairIndex{keys: make([]uint64, size), vals: make([]int32, size), shift: uint8(64 - bits.TrailingZeros(uint(size)))}
	for i := range x.keys {
		x.keys[i] = freeKey
	}
	return x
}

func pairKey(left, right int32) uint64 { return uint64(uint32(left))<<32 | uint64(uint32(right)) }

func (x *pairIndex) slot(key uint64) int {
	i := int(key * 0x9E3779B97F4A7C15 >> x.shift)
	for x.keys[i] != key && x.keys[i] != freeKey {
		i = (i + 1) & (len(x.keys) - 1)
	}
	return i
}

// get returns the number of a pair, -1 where it has none.
func (x *pairIndex) get(key uint64) int32 {
	if i := x.slot(key); x.keys[i] == key {
		return x.vals[i]
	}
	return -1
}

// getOrAdd returns the number of a pair; a new pair gets the number next.
func (x *pairIndex) getOrAdd(key uint64, next int32) int32 {
	i := x.slot(key)
	if x.keys[i] == key {
		return x.vals[i]
	}
	x.keys[i], x.vals[i] = key, next
	if x.used++; x.used*3 > len(x.keys)*2 {
		old := *x
		*x = *newPairIndex(2 * len(old.keys))
		x.used = old.used
		for j, k := range old.keys {
			if k != freeKey {
				s := x.slot(k)
				x.keys[s], x.vals[s] = k, old.vals[j]
			}
		}
	}
	return next
}

// refill finds all pairs anew and keeps those with a count of at least floor: the others can't become the most frequent one before all of
// these are used up, since counts only fall, so there is no need to hold them. It is called again with a smaller floor then.
func (m *merger) refill(floor int64) {
	m.floor = floor
	index := newPairIndex(1 << 16)
	type tally struct {
		count int64
		n     int32
	}
	var seen []tally
	m.eachPair(func(left, right int32, _ int, count int64) {
		k := index.getOrAdd(pairKey(left, right), int32(len(seen)))
		if int(k) == len(seen) {
			seen = append(seen, tally{})
		}
		seen[k].count += count
		seen[k].n++
	})
	m.pairs, m.queue = m.pairs[:0], m.queue[:0]
	m.index = newPairIndex(1 << 10)
	for i, key := range index.keys {
		if key == freeKey {
			continue
		}
		t := seen[index.vals[i]]
		if t.count < floor {
			continue
		}
		k := int32(len(m.pairs))
		m.index.getOrAdd(key, k)
		m.pairs = append(m.pairs, pair{left: int32(key >> 32), right: int32(uint32(key)), count: t.count, at: make([]int32, 0, t.n)})
		m.queue = append(m.queue, entry{t.count, key, k})
	}
	m.queue.init()
	m.eachPair(func(left, right int32, at int, _ int64) {
		if k := m.index.get(pairKey(left, right)); k >= 0 {
			m.pairs[k].at = append(m.pairs[k].at, int32(at))
		}
	})
}

// eachPair goes through all neighbours: at is where the left piece starts, count how often their word occurs.
func (m *merger) eachPair(f func(left, right int32, at int, count int64)) {
	count := int64(0)
	for p := 0; p < len(m.symbols)-1; {
		left := m.symbols[p]
		if left < 0 {
			count = m.counts[-2-left]
			p++
			continue
		}
		next := p + int(m.sizes[left])
		if right := m.symbols[next]; right >= 0 {
			f(left, right, p, count)
		}
		p = next
	}
}
