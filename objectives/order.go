package objectives

import "math/rand/v2"

// mix64 is the finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
func mix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// SeedSample seeds pcg for one sample of one epoch. Samples draw from unrelated streams, so who makes a sample, and when, changes no draw.
func SeedSample(pcg *rand.PCG, seed, epoch, sample uint64) {
	pcg.Seed(mix64(mix64(seed)+epoch), mix64(mix64(^seed)^mix64(sample)))
}

// Permutation is a seeded order of the numbers 0 to n-1 that needs no memory: At(i) is computed, so going on in the middle is a seek.
// It is a Feistel network (Luby and Rackoff 1988) over the smallest even number of bits that holds n, walked until the value is inside.
type Permutation struct {
	n        uint64
	halfBits uint
	keys     [6]uint64
}

// NewPermutation gives the order of n things in an epoch. Each (seed, epoch) has an order of its own.
func NewPermutation(n int, seed, epoch uint64) Permutation {
	p := Permutation{n: uint64(max(n, 0)), halfBits: 1}
	for p.n > 1<<(2*p.halfBits) {
		p.halfBits++
	}
	key := mix64(mix64(seed) ^ mix64(epoch+0x6f72646572))
	for i := range p.keys {
		key = mix64(key)
		p.keys[i] = key
	}
	return p
}

// At says which of the n things is the i-th; i must be in [0, n).
func (p Permutation) At(i int) int {
	x := uint64(i)
	if x >= p.n {
		panic("objectives: Permutation.At outside its range")
	}
	// The domain is less than four times n, so the walk takes under four rounds on average.
	for {
		if x = p.shuffle(x); x < p.n {
			return int(x)
		}
	}
}

// shuffle is the network itself, a bijection of 2*halfBits-bit numbers.
func (p Permutation) shuffle(x uint64) uint64 {
	mask := uint64(1)<<p.halfBits - 1
	left, right := x>>p.halfBits, x&mask
	for _, key := range p.keys {
		left, right = right, left^mix64(right^key)&mask
	}
	return left<<p.halfBits | right
}
