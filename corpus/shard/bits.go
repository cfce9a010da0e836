package shard

// appendBits writes bits [lo, hi) of src behind the n bits that dst holds from element base on, and lengthens dst as needed. Bits beyond the last
// one are zero.
func appendBits(dst []uint64, base, n int, src []uint64, lo, hi int) []uint64 {
	if hi <= lo {
		return dst
	}
	end := base + (n+hi-lo+63)/64
	for len(dst) < end {
		dst = append(dst, 0)
	}
	for lo < hi {
		take := min(64, hi-lo)
		w := bitsAt(src, lo, take)
		// A run of 64 bits from any place of src falls into one or two elements of dst.
		at, shift := base+n>>6, uint(n&63)
		dst[at] |= w << shift
		if shift != 0 && int(shift)+take > 64 {
			dst[at+1] |= w >> (64 - shift)
		}
		lo += take
		n += take
	}
	return dst
}

// bitsAt reads up to 64 bits from bit i on.
func bitsAt(src []uint64, i, n int) uint64 {
	at, shift := i>>6, uint(i&63)
	w := src[at] >> shift
	if shift != 0 && int(shift)+n > 64 {
		w |= src[at+1] << (64 - shift)
	}
	if n < 64 {
		w &= 1<<n - 1
	}
	return w
}
