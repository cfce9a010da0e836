package embeddings

import "math"

// toHalf rounds to the nearest binary16, ties to even. Beyond its range
// (65,520 and more) it gives an infinity.
func toHalf(x float32) uint16 {
	b := math.Float32bits(x)
	sign, rest := uint16(b>>16&0x8000), b&0x7fffffff
	switch {
	case rest > 0x7f800000:
		return sign | 0x7e00
	case rest >= 0x477ff000:
		return sign | 0x7c00
	case rest < 0x38800000: // below 2^-14: the nearest multiple of 2^-24
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(rest))*0x1p24))
	}
	rest += 0xfff + rest>>13&1
	return sign | uint16(rest>>13-(127-15)<<10)
}
