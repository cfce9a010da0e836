package wordvec

import "math"

// Noise is the distribution of noise words, each in proportion to its count to the power of exponent, as an alias table (Walker 1977, Vose's
// construction): draw a slot i and 32 bits; below the upper half of the slot the word is i, else it is the lower half. Every word has its
// chance to 2^-32, where word2vec's table of 100 million entries rounds those of rare ones. A word that never occurs is never drawn.
func Noise(counts []int64, exponent float64) []uint64 {
	weights, sum := make([]float64, len(counts)), 0.0
	for i, c := range counts {
		if c > 0 {
			weights[i] = math.Pow(float64(c), exponent)
			sum += weights[i]
		}
	}
	slots := make([]uint64, len(counts))
	var small, large []int
	for i := range weights {
		weights[i] *= float64(len(counts)) / sum
		slots[i] = math.MaxUint32<<32 | uint64(i) // where only rounding errors are left at the end
		if weights[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		slots[s] = uint64(weights[s]*(1<<32))<<32 | uint64(l)
		if weights[l] -= 1 - weights[s]; weights[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	return slots
}
