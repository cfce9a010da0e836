package train

import (
	"slices"
)

// merger holds the words in the making.
//
// symbols is the word list with pieces in place of bytes. A piece of n symbols takes n elements: its id stands in the first and in the
// last, gone in those between. So the piece behind one that starts at p starts at p + its size, and the piece before ends at p - 1:
// 4 bytes a symbol in all, without links. The word of a place is found from the first word of its block of 32 places.
type merger struct {
	cfg     Config
	symbols []int32
	counts  []int64
	starts  []int32          // by word: where its mark stands
	blocks  []int32          // by block of places: the word that its first place is in
	sizes   []int32          // symbols of each piece, by id
	raw     []string         // bytes of each piece, by id
	ids     map[string]int32 // the way back
	special map[string]bool
	prefix  int // bytes that mark a piece inside a word and vanish from the right half of a merge
	refused func(raw string) bool
	merges  [][2]int32
	ranked  map[uint64]bool // pairs among merges

	floor int64 // pairs with smaller counts are not held, see refill
	pairs []pair
	index *pairIndex
	queue queue

	lefts, rights tallies // of the merge under way
	fresh         []event
}

const (
	gone      = -1
	blockBits = 5
)

// newMerger takes the words as ids of the base pieces, which come behind the special tokens.
func newMerger(cfg Config, list *wordList, base []string) *merger {
	m := &merger{cfg: cfg, symbols: list.symbols, counts: list.counts, ids: map[string]int32{}, special: map[string]bool{}, ranked: map[uint64]bool{}}
	m.refused = func(raw string) bool { return m.special[raw] }
	for _, s := range cfg.SpecialTokens {
		m.special[s] = true
		m.raw, m.sizes = append(m.raw, ""), append(m.sizes, 0) // no text becomes one
	}
	for _, raw := range base {
		m.addPiece(raw, 1)
	}
	m.locate()
	m.lefts, m.rights = newTallies(cfg.VocabSize), newTallies(cfg.VocabSize)
	return m
}

func (m *merger) addPiece(raw string, size int32) int32 {
	id := int32(len(m.raw))
	m.raw, m.sizes = append(m.raw, raw), append(m.sizes, size)
	m.ids[raw] = id
	return id
}

// run merges until the vocabulary is full or no pair is frequent enough.
func (m *merger) run() {
	wanted := int64(m.cfg.VocabSize - len(m.raw))
	if wanted == 0 {
		return
	}
	base := len(m.raw)
	// The last merges of a vocabulary are some hundred times rarer than an even share of all pairs.
	total := int64(0)
	m.eachPair(func(_, _ int32, _ int, count int64) { total += count })
	m.refill(max(m.cfg.MinFrequency, total/int64(m.cfg.VocabSize)/128))
	for len(m.raw) < m.cfg.VocabSize {
		k, ok := m.best()
		if !ok {
			if m.floor <= m.cfg.MinFrequency {
				break
			}
			m.refill(max(m.cfg.MinFrequency, m.floor/16))
			continue
		}
		if m.merge(k) && (len(m.raw)-base)%64 == 0 {
			m.cfg.Progress("merge", int64(len(m.raw)-base), wanted)
		}
	}
	m.cfg.Progress("merge", int64(len(m.raw)-base), wanted)
}

// best takes the most frequent pair out of the queue. Counts fall while a pair waits: one whose count has changed goes back.
func (m *merger) best() (int32, bool) {
	for len(m.queue) > 0 {
		e := m.queue.pop()
		switch p := &m.pairs[e.pair]; {
		case p.at == nil || p.count > e.count: // merged already, or queued again with a larger count
		case p.count == e.count:
			return e.pair, true
		case p.count >= m.floor:
			e.count = p.count
			m.queue.push(e)
		}
	}
	return 0, false
}

// merge makes a piece of a pair and replaces it everywhere. It is false where the piece would spell a special token.
func (m *merger) merge(k int32) bool {
	p := m.pairs[k]
	m.pairs[k].at = nil
	raw, size := m.raw[p.left]+m.raw[p.right][m.prefix:], m.sizes[p.left]+m.sizes[p.right]
	id, old := m.ids[raw]
	if !old {
		if m.refused(raw) {
			return false
		}
		id = m.addPiece(raw, size)
	} else if m.sizes[id] != size {
		return false // "#" and "##a" at the start of a word spell what "##a" does inside
	}
	if key := pairKey(p.left, p.right); !m.ranked[key] {
		m.ranked[key] = true
		m.merges = append(m.merges, [2]int32{p.left, p.right})
	}
	at := m.replace(p, id)
	m.lower(p)
	m.collect(at, id)
	m.enter(id, old)
	return !old
}

// locate makes the way from a place to its word.
func (m *merger) locate() {
	m.starts = make([]int32, len(m.counts))
	m.blocks = make([]int32, len(m.symbols)>>blockBits+1)
	w := int32(-1)
	for i, s := range m.symbols {
		if s <= -2 && i < len(m.symbols)-1 {
			w++
			m.starts[w] = int32(i)
		}
		if i&(1<<blockBits-1) == 0 {
			m.blocks[i>>blockBits] = max(w, 0)
		}
	}
}

// weight returns how often the word occurs that the place p is in.
func (m *merger) weight(p int32) int64 {
	w := int(m.blocks[p>>blockBits])
	for w+1 < len(m.starts) && m.starts[w+1] <= p {
		w++
	}
	return m.counts[w]
}

// replace writes the new piece over the pair, from left to right, and tells by how much the counts of the old neighbours fall. It
// returns the places where the pair really was, in the memory of p.at.
func (m *merger) replace(p pair, id int32) []int32 {
	out, s := p.at[:0], m.symbols
	a, b := m.sizes[p.left], m.sizes[p.right]
	last := int32(-1) // where the piece made just before starts
	for _, at := range p.at {
		if s[at] != p.left || s[at+a] != p.right {
			continue // one of the two is part of another piece by now
		}
		w := m.weight(at)
		// Left of a piece made just now stood the right half of the same pair, whose neighbour has been counted there.
		if before := s[at-1]; before >= 0 && (last < 0 || last+a+b != at) {
			m.lefts.add(before, w)
		}
		if behind := s[at+a+b]; behind >= 0 {
			m.rights.add(behind, w)
		}
		s[at+a-1], s[at+a] = gone, gone
		s[at], s[at+a+b-1] = id, id
		out = append(out, at)
		last = at
	}
	return out
}

// lower takes the counts of replace off the pairs.
func (m *merger) lower(p pair) {
	for _, x := range m.lefts.seen {
		if k := m.index.get(pairKey(x, p.left)); k >= 0 {
			m.pairs[k].count -= m.lefts.count[x]
		}
	}
	for _, y := range m.rights.seen {
		if k := m.index.get(pairKey(p.right, y)); k >= 0 {
			m.pairs[k].count -= m.rights.count[y]
		}
	}
	m.lefts.reset()
	m.rights.reset()
}

// event is one place of a new pair.
type event struct {
	other int32 // the neighbour of the new piece
	at    int32 // where the pair starts
	left  bool  // the neighbour is the left one
}

// collect lists the pairs that the new piece has made.
func (m *merger) collect(at []int32, id int32) {
	m.fresh = m.fresh[:0]
	size, last := m.sizes[id], int32(-1)
	for _, p := range at {
		w := m.weight(p)
		if before := m.symbols[p-1]; before >= 0 && (last < 0 || last+size != p) {
			m.lefts.add(before, w)
			m.fresh = append(m.fresh, event{before, p - m.sizes[before], true})
		}
		if behind := m.symbols[p+size]; behind >= 0 {
			m.rights.add(behind, w)
			m.fresh = append(m.fresh, event{behind, p, false})
		}
		last = p
	}
}

// enter makes pairs of what collect has found. Where the piece existed before (two merges can make the same bytes), so may the pairs.
func (m *merger) enter(id int32, old bool) {
	for _, x := range m.lefts.seen {
		m.lefts.pair[x] = m.enterPair(x, id, m.lefts.count[x], m.lefts.n[x], old)
	}
	for _, y := range m.rights.seen {
		m.rights.pair[y] = m.enterPair(id, y, m.rights.count[y], m.rights.n[y], old)
	}
	for _, e := range m.fresh {
		k := m.rights.pair[e.other]
		if e.left {
			k = m.lefts.pair[e.other]
		}
		if k >= 0 {
			m.pairs[k].at = append(m.pairs[k].at, e.at)
		}
	}
	if old {
		for _, t := range []*tallies{&m.lefts, &m.rights} {
			for _, x := range t.seen {
				if k := t.pair[x]; k >= 0 {
					slices.Sort(m.pairs[k].at)
				}
			}
		}
	}
	m.lefts.reset()
	m.rights.reset()
}

// enterPair returns the number of the pair, -1 where it is too rare to be held.
func (m *merger) enterPair(left, right int32, count int64, n int32, old bool) int32 {
	key := pairKey(left, right)
	if old {
		if k := m.index.get(key); k >= 0 {
			p := &m.pairs[k]
			if p.at == nil { // merged before: it stands only where it has come up now
				p.count, p.at = 0, []int32{}
			}
			p.count += count
			m.queue.push(entry{p.count, key, k})
			return k
		}
	}
	if count < m.floor {
		return -1
	}
	k := int32(len(m.pairs))
	m.index.getOrAdd(key, k)
	m.pairs = append(m.pairs, pair{left: left, right: right, count: count, at: make([]int32, 0, n)})
	m.queue.push(entry{count, key, k})
	return k
}

// tallies adds up counts by the id of a neighbour.
type tallies struct {
	count []int64
	n     []int32
	pair  []int32
	seen  []int32
}

func newTallies(size int) tallies {
	return tallies{count: make([]int64, size), n: make([]int32, size), pair: make([]int32, size)}
}

func (t *tallies) add(id int32, weight int64) {
	if t.n[id] == 0 {
		t.seen = append(t.seen, id)
	}
	t.n[id]++
	t.count[id] += weight
}

func (t *tallies) reset() {
	for _, id := range t.seen {
		t.count[id], t.n[id] = 0, 0
	}
	t.seen = t.seen[:0]
}
