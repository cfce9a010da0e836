package fasttext

// The marks around a word whose sub-words are taken, and the token that ends
// each line, which has none.
const (
	beginOfWord = '<'
	endOfWord   = '>'
	// EndOfLine is the token that the original puts at each line's end.
	EndOfLine = "</s>"
)

// Hash is 32-bit FNV-1a, but with each byte taken as signed: a byte of 0x80 and
// above also flips the upper 24 bits. The original's compilers did so, and every
// published model depends on it.
func Hash[T string | []byte](text T) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(text); i++ {
		h = (h ^ uint32(int8(text[i]))) * 16777619
	}
	return h
}

// AppendSubwords appends the buckets, 0 to buckets-1, of the word's sub-words of
// minN to maxN characters: those of "<word>", in the order of their first
// character, short ones first. A character is a byte and the continuation bytes
// (10xxxxxx) after it, so text that is not UTF-8 works too. The marks alone are
// no sub-words of length one. The end-of-line token has none. The row of bucket
// b in a model's input matrix is V+b.
func AppendSubwords(dst []int32, word string, minN, maxN, buckets int) []int32 {
	if word == EndOfLine || buckets <= 0 || maxN <= 0 {
		return dst
	}
	marked := make([]byte, 0, 64)
	marked = append(append(append(marked, beginOfWord), word...), endOfWord)
	for i := range marked {
		if continues(marked[i]) {
			continue
		}
		// The hash of a longer n-gram goes on from that of the shorter one.
		h := uint32(2166136261)
		for j, n := i, 1; j < len(marked) && n <= maxN; n++ {
			for first := true; j < len(marked) && (first || continues(marked[j])); j++ {
				h = (h ^ uint32(int8(marked[j]))) * 16777619
				first = false
			}
			if n >= minN && !(n == 1 && (i == 0 || j == len(marked))) {
				dst = append(dst, int32(h%uint32(buckets)))
			}
		}
	}
	return dst
}

// continues says whether c is a continuation byte of UTF-8.
func continues(c byte) bool { return c&0xc0 == 0x80 }

// appendWordNgrams appends the buckets of the n-grams of 2 to maxN tokens, given
// the tokens' hashes. The hashes are signed here, as in the original.
func appendWordNgrams(dst []int32, hashes []int32, maxN, buckets int) []int32 {
	if buckets <= 0 {
		return dst
	}
	for i := range hashes {
		h := uint64(int64(hashes[i]))
		for j := i + 1; j < len(hashes) && j < i+maxN; j++ {
			h = h*116049371 + uint64(int64(hashes[j]))
			dst = append(dst, int32(h%uint64(buckets)))
		}
	}
	return dst
}
