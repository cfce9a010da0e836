package tokenize

import (
	"math"
	"strconv"
)

// parseScore reads a number as the reference's JSON reader does: its digits as a whole number, divided or multiplied by a power of ten. That is not always the
// nearest float64, and where two ways to cut a text have equal scores the last bit decides.
func parseScore(raw []byte) (float64, bool) {
	i, negative := 0, false
	if len(raw) > 0 && raw[0] == '-' {
		i, negative = 1, true
	}
	// Digits are taken while they fit 64 bits; the others count as zeros.
	digits, exponent, full := uint64(0), 0, false
	number := func(step int) (n int) {
		for ; i < len(raw) && '0' <= raw[i] && raw[i] <= '9'; i++ {
			d := uint64(raw[i] - '0')
			n++
			if full = full || digits > (math.MaxUint64-d)/10; full {
				exponent += 1 - step // a digit in front of the point that is left out still counts
				continue
			}
			digits = digits*10 + d
			exponent -= step
		}
		return n
	}
	if number(0) == 0 {
		return 0, false
	}
	if i < len(raw) && raw[i] == '.' {
		i++
		if number(1) == 0 {
			return 0, false
		}
	}
	if i < len(raw) && raw[i]|0x20 == 'e' {
		n, err := strconv.Atoi(string(raw[i+1:]))
		if err != nil {
			return 0, false
		}
		i, exponent = len(raw), exponent+max(min(n, 1<<20), -1<<20)
	}
	if i != len(raw) {
		return 0, false
	}
	// One division or multiplication by a power of ten: the second rounding is what makes the difference.
	f := float64(digits)
	for exponent < -308 && f != 0 {
		f /= 1e308
		exponent += 308
	}
	switch {
	case f == 0:
	case exponent > 308:
		return 0, false
	case exponent >= 0:
		f *= math.Pow10(exponent)
	default:
		f /= math.Pow10(-exponent)
	}
	if negative {
		f = -f
	}
	return f, !math.IsInf(f, 0)
}
