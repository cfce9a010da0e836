package tokenize

import (
	"cmp"
	"slices"
	"strings"
)

// trie finds pieces by their bytes: a double array, where the child of a node by byte c lies at base + c if that unit's parent is the node
// (Aoe, Morimoto and Sato 1992).
type trie struct{ units []trieUnit }

type trieUnit struct {
	base   int32
	parent int32 // -1: free
	id     int32 // of the piece that ends here; noID
}

// trieKey is a piece and its id.
type trieKey struct {
	text string
	id   int32
}

// newTrie builds the array; of keys with the same text the one of the largest id counts. keys is sorted in place.
func newTrie(keys []trieKey) *trie {
	slices.SortFunc(keys, func(a, b trieKey) int { return cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(a.id, b.id)) })
	b := trieBuilder{keys: keys, free: 1}
	b.grow(1024)
	b.units[0].parent = 0
	b.place(0, 0, len(keys), 0)
	// Room behind the last unit, so that a look-up needs no bound.
	b.grow(b.used + 257)
	return &trie{slices.Clip(b.units[:b.used+257])}
}

type trieBuilder struct {
	keys  []trieKey
	units []trieUnit
	free  int // no free unit lies below
	used  int
}

func (b *trieBuilder) grow(n int) {
	for len(b.units) < n {
		b.units = append(b.units, trieUnit{parent: -1, id: noID})
	}
}

// place puts the children of a node, whose keys are keys[lo:hi] and agree in their first depth bytes.
func (b *trieBuilder) place(node, lo, hi, depth int) {
	for lo < hi && len(b.keys[lo].text) == depth {
		b.units[node].id = b.keys[lo].id
		lo++
	}
	if lo == hi {
		return
	}
	first := b.keys[lo].text[depth]
	base := b.find(lo, hi, depth, first)
	b.units[node].base = int32(base)
	type child struct{ lo, hi, unit int }
	var few [8]child
	children := few[:0]
	for i := lo; i < hi; {
		c, j := b.keys[i].text[depth], i
		for j < hi && b.keys[j].text[depth] == c {
			j++
		}
		unit := base + int(c)
		b.units[unit].parent = int32(node)
		b.used = max(b.used, unit+1)
		children = append(children, child{i, j, unit})
		i = j
	}
	for _, c := range children {
		b.place(c.unit, c.lo, c.hi, depth+1)
	}
}

// patience is how many free places are tried before the holes in front are given up, or building would take quadratic time.
const patience = 16

// find returns a base at which the units of all next bytes are free.
func (b *trieBuilder) find(lo, hi, depth int, first byte) int {
	for b.free < len(b.units) && b.units[b.free].parent >= 0 {
		b.free++
	}
	tried := 0
	for at := max(b.free, int(first)+1); ; at++ {
		if at+257 > len(b.units) {
			b.grow(2 * (at + 257))
		}
		if b.units[at].parent >= 0 {
			continue
		}
		if base := at - int(first); b.fits(base, lo, hi, depth) {
			return base
		}
		if tried++; tried > patience {
			b.free = max(b.free, at)
		}
	}
}

func (b *trieBuilder) fits(base, lo, hi, depth int) bool {
	for i, last := lo, -1; i < hi; i++ {
		if c := int(b.keys[i].text[depth]); c != last {
			if b.units[base+c].parent >= 0 {
				return false
			}
			last = c
		}
	}
	return true
}

// step goes from a node by a byte; ok is false where no piece goes on so.
func (t *trie) step(node int32, c byte) (next int32, ok bool) {
	next = t.units[node].base + int32(c)
	return next, t.units[next].parent == node && next != 0
}
