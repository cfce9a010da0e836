package wordvec

// joinPhrases makes one pass of word2vec's word2phrase over the stream, in place: neighbours a b in a sentence whose score
//
//	(count(ab) - minCount) * words / (count(a) * count(b))
//
// exceeds the threshold become the word a_b, from left to right; the second half of a pair begins no other. Words and pairs that occur less than
// minCount times are in no phrase. It returns how many pairs were joined. (Mikolov et al., "Distributed Representations of Words and Phrases", 2013, equation 6.)
func (e *Encoder) joinPhrases(minCount int64, threshold float64) (joined int64, err error) {
	pairs, err := e.countPairs(minCount)
	if err != nil {
		return 0, err
	}
	score := func(a, b uint32) bool {
		ab := pairs.count(a, b)
		return ab >= minCount && float64(ab-minCount)/float64(e.counts[a])/float64(e.counts[b])*float64(e.tokens) > threshold
	}
	in := newStreamReader(e.out.file, e.out.size())
	out := &streamWriter{file: e.out.file}
	counts := make([]int64, len(e.counts)) // of the stream that is made
	names := map[uint64]uint32{}           // of the phrases, so that each is spelled once
	put := func(n uint32) {
		counts = grown(counts, int(n)+1)
		counts[n]++
		out.put(n + 1)
	}
	last, held := uint32(0), false // a word that may be the first half of a pair
	for {
		value, ok := in.next()
		switch {
		case !ok && in.err != nil:
			return 0, in.err
		case !ok:
			e.counts, e.tokens, e.out = counts, e.tokens-joined, out
			return joined, out.flush()
		case value == sentenceEnd:
			if held {
				put(last)
			}
			out.put(sentenceEnd)
			held = false
		case held && score(last, value-1):
			put(e.phrase(names, last, value-1))
			joined++
			held = false
		default:
			if held {
				put(last)
			}
			last, held = value-1, true
		}
	}
}

// phrase is the number of a_b.
func (e *Encoder) phrase(names map[uint64]uint32, a, b uint32) uint32 {
	key := pairKey(a, b)
	n, ok := names[key]
	if !ok {
		n = e.words.add([]byte(e.words.name(a) + "_" + e.words.name(b)))
		names[key] = n
	}
	return n
}

// countPairs counts the neighbours in sentences whose words are frequent enough.
func (e *Encoder) countPairs(minCount int64) (*pairTable, error) {
	pairs := newPairTable()
	in := newStreamReader(e.out.file, e.out.size())
	last, held := uint32(0), false
	for {
		value, ok := in.next()
		if !ok {
			return pairs, in.err
		}
		if value == sentenceEnd || e.counts[value-1] < minCount {
			held = false
			continue
		}
		if held {
			pairs.add(last, value-1)
		}
		last, held = value-1, true
	}
}
