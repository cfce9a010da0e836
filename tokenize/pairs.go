package tokenize

// pairTable maps a pair of ids to the rank of its merge by open addressing, at most two thirds full. A pair is hashed to 48 bits one to one; the top bits are
// its place, and a slot holds the lower 40, which with the place tell the pair, and the rank: half the memory that whole pairs and results would take. Most pairs that are asked for do not merge; a bit that is
// zero says so for nine of ten of them, and all bits fit into nearer memory than the slots.
type pairTable struct {
	slots []uint64 // the lower 40 bits of the hash, rank; freePair where free
	maybe []uint64 // four bits a slot: set where a pair with that hash merges
	// Of a hash: the odd number that mixes it, and how far it is moved to give the number of a bit.
	factor uint64
	shift  uint8
}

const (
	rankBits = 24 // of ids too
	freePair = ^uint64(0)
)

// newPairTable ranks pairs by their order; of equal pairs the last one counts, as in the reference.
func newPairTable(pairs [][2]int32) pairTable {
	size := 12 // bits of a place; with 40 more they make up the hash
	for 2<<size < len(pairs)*3 {
		size++
	}
	t := pairTable{factor: 0x9E3779B97F4B}
	for !t.fill(pairs, size) { // a file may be made for pairs to collide: other factors spread them
		if t.factor = t.factor*0x5DEECE66D | 1; t.factor>>20&7 == 0 {
			size++
		}
	}
	return t
}

// fill puts pairs into a new table of 2^size places. It says whether no run of taken places is so long that 40 bits and the place tell several pairs: those
// of equal bits belong at least 2^(size-8) places from each other.
func (t *pairTable) fill(pairs [][2]int32, size int) bool {
	t.slots, t.maybe, t.shift = make([]uint64, 1<<size), make([]uint64, 1<<size/16), uint8(46-size)
	for i := range t.slots {
		t.slots[i] = freePair
	}
	mask, far := uint64(1<<size-1), uint64(1<<size>>8)
	for rank, p := range pairs {
		hash := t.hash(p[0], p[1])
		bit := hash >> t.shift
		t.maybe[bit>>6] |= 1 << (bit & 63)
		i, n := bit>>2, uint64(0)
		for ; t.slots[i&mask] != freePair && t.slots[i&mask]>>rankBits != hash<<rankBits>>rankBits; i++ {
			if n++; n == far {
				return false
			}
		}
		t.slots[i&mask] = hash<<rankBits | uint64(rank)
	}
	run := uint64(0)
	for i := range uint64(len(t.slots)) + far { // once around
		if run++; t.slots[i&mask] == freePair {
			run = 0
		}
		if run == far {
			return false
		}
	}
	return true
}

// hash hashes a pair to 48 bits one to one; the top bits are the good ones.
func (t *pairTable) hash(left, right int32) uint64 {
	return (uint64(uint32(left))<<rankBits | uint64(uint32(right))) * t.factor & (1<<48 - 1)
}

// rank returns the rank of the pair, noRank where it does not merge.
func (t *pairTable) rank(left, right int32) uint32 {
	hash := t.hash(left, right)
	if t.bit(hash) == 0 {
		return noRank
	}
	return t.probe(hash)
}

// bit is 0 where no pair of that hash merges.
func (t *pairTable) bit(hash uint64) uint64 {
	bit := hash >> (t.shift & 63)
	return t.maybe[bit>>6] >> (bit & 63) & 1
}

// probe is rank for a pair whose bit is set.
func (t *pairTable) probe(hash uint64) uint32 {
	i := hash >> (t.shift & 63) >> 2
	for slots := t.slots; ; i++ {
		slot := slots[i&uint64(len(slots)-1)]
		if slot == freePair {
			return noRank
		}
		if rank := slot ^ hash<<rankBits; rank < 1<<rankBits {
			return uint32(rank)
		}
	}
}
