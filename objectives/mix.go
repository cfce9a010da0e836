package objectives

import (
	"fmt"
	"math"
	"math/bits"
)

// Order says which block is the n-th of a run, from 0, and in which pass over its set it is read. It is computed, so going on in the middle is a
// seek, and reading ahead changes nothing.
type Order interface {
	At(sample uint64) (block int, epoch uint64)
}

// Shuffled reads n blocks pass after pass, each pass in an order of its own: Permutation of seed and epoch.
type Shuffled struct {
	N    int
	Seed uint64
}

// At is part of Order.
func (s Shuffled) At(sample uint64) (block int, epoch uint64) {
	n := uint64(s.N)
	epoch = sample / n
	return NewPermutation(s.N, s.Seed, epoch).At(int(sample % n)), epoch
}

// Source is a set that a Mix draws from.
type Source struct {
	Name   string // in messages
	Blocks Blocks
	Weight float64 // share of the blocks read, over the sum of all weights
}

// Mix reads blocks of several sets in given proportions. Which set a sample comes from depends on its number alone, evenly spread: among the
// first n samples, a set of share p has n*p blocks but for less than the number of sets. Each set is shuffled by itself, pass after pass, so a small
// set may be in its tenth pass while a large one is in its first. A Mix is both the Blocks, those of all sets in a row, and their Order.
type Mix struct {
	sources []Source
	first   []int // block of the Mix that is a source's first
	blocks  int
	share   []uint64 // of what the sources before left, in 2^-64; the last takes the rest
	seeds   []uint64
}

// NewMix mixes sources, each of which has blocks. A Mix of one source is that source in the order Shuffled.
func NewMix(seed uint64, sources ...Source) (*Mix, error) {
	if len(sources) == 0 {
		return nil, fmt.Errorf("objectives: a mix of no corpora: give at least one")
	}
	m := &Mix{sources: sources}
	rest := 0.0
	for i, s := range sources {
		switch {
		case !(s.Weight > 0) || math.IsInf(s.Weight, 0):
			return nil, fmt.Errorf("%s: weight %g: give a number above 0, or leave the corpus out", s.Name, s.Weight)
		case s.Blocks.Len() == 0:
			return nil, fmt.Errorf("%s: has no block to mix in: give more text, or leave the corpus out", s.Name)
		}
		rest += s.Weight
		m.first = append(m.first, m.blocks)
		m.blocks += s.Blocks.Len()
		if i > 0 {
			m.seeds = append(m.seeds, mix64(seed^mix64(uint64(i))))
		} else {
			m.seeds = append(m.seeds, seed)
		}
	}
	for _, s := range sources[:len(sources)-1] {
		m.share = append(m.share, uint64(min(s.Weight/rest, 1-1.0/(1<<53))*(1<<64)))
		rest -= s.Weight
	}
	return m, nil
}

// source says which set sample n comes from, and how many of the samples before it did. Of n samples the first set has had the whole part of n
// times its share; the others are numbered among themselves, and so on (a Beatty sequence at each level).
func (m *Mix) source(n uint64) (i int, before uint64) {
	for i, share := range m.share {
		had, _ := bits.Mul64(n, share)
		if has, _ := bits.Mul64(n+1, share); has > had {
			return i, had
		}
		n -= had
	}
	return len(m.share), n
}

// At is part of Order. The epoch is that of the set which the block is from.
func (m *Mix) At(sample uint64) (block int, epoch uint64) {
	i, k := m.source(sample)
	block, epoch = Shuffled{m.sources[i].Blocks.Len(), m.seeds[i]}.At(k)
	return m.first[i] + block, epoch
}

// Len is part of Blocks.
func (m *Mix) Len() int { return m.blocks }

// Sequences is part of Blocks.
func (m *Mix) Sequences(block int, dst []Sequence) []Sequence {
	i := len(m.first) - 1
	for m.first[i] > block {
		i--
	}
	return m.sources[i].Blocks.Sequences(block-m.first[i], dst)
}

// Passes says how often each set has been read when a number of samples have: 1.5 is once and half of the second time.
func (m *Mix) Passes(samples uint64) []float64 {
	passes := make([]float64, len(m.sources))
	n := samples
	for i, s := range m.sources {
		had := n
		if i < len(m.share) {
			had, _ = bits.Mul64(n, m.share[i])
		}
		passes[i] = float64(had) / float64(s.Blocks.Len())
		n -= had
	}
	return passes
}
