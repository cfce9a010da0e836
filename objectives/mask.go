package objectives

import (
	"math"
	"math/rand/v2"
)

// words tells where words start in a text that begins at bit first of starts; without starts every token is a word.
type words struct {
	starts []uint64
	first  int
}

func (w words) start(i int) bool {
	if i == 0 || w.starts == nil {
		return true
	}
	i += w.first
	return w.starts[i>>6]>>(i&63)&1 == 1
}

// end is where the word of token i ends, in a text of n tokens.
func (w words) end(i, n int) int {
	for i++; i < n && !w.start(i); i++ {
	}
	return i
}

// mask chooses tokens of a text, puts what they are into targets, which hold IgnoreIndex, and replaces them in ids.
func (m *MaskedToken) mask(ids, targets []int32, w words, rng *rand.Rand) (chosen, eligible int) {
	for _, id := range ids {
		if !m.isSpecial(id) {
			eligible++
		}
	}
	if m.config.Unit == MaskSpans {
		return m.maskSpans(ids, targets, w, eligible, rng), eligible
	}
	if m.config.Unit == MaskTokens {
		w.starts = nil
	}
	// All words are chosen before anything is replaced: the number of a word's pieces must not move the draws of the next one.
	for i, n := 0, len(ids); i < n; {
		end := w.end(i, n)
		if rng.Float64() < m.config.MLMProbability {
			for ; i < end; i++ {
				if !m.isSpecial(ids[i]) {
					targets[i] = ids[i]
				}
			}
		}
		i = end
	}
	for i, target := range targets {
		if target != IgnoreIndex {
			chosen++
			m.replace(ids[i:i+1], rng)
		}
	}
	return chosen, eligible
}

// maskSpans does it for spans of words.
func (m *MaskedToken) maskSpans(ids, targets []int32, w words, eligible int, rng *rand.Rand) (chosen int) {
	want := int(float64(eligible)*m.config.MLMProbability + rng.Float64())
	want = min(want, eligible)
	free := func(i int) bool { return targets[i] == IgnoreIndex && !m.isSpecial(ids[i]) }
	for chosen < want {
		at := rng.IntN(len(ids))
		if !free(at) {
			continue
		}
		length := m.spanLength(rng)
		for at > 0 && !w.start(at) && free(at-1) {
			at--
		}
		end := at
		for ; length > 0 && end < len(ids) && chosen < want; length-- {
			for wordEnd := w.end(end, len(ids)); end < wordEnd && chosen < want && free(end); end++ {
				targets[end] = ids[end]
				chosen++
			}
			if end < len(ids) && !free(end) {
				break
			}
		}
		m.replace(ids[at:end], rng)
	}
	return chosen
}

// spanLength draws a number of words: n with a probability proportional to (1-p)^(n-1), up to the longest, by the inverse of its distribution.
func (m *MaskedToken) spanLength(rng *rand.Rand) int {
	stay := 1 - m.config.SpanGeometricP
	u := rng.Float64() * (1 - math.Pow(stay, float64(m.config.MaxSpanLength)))
	return min(1+int(math.Log1p(-u)/math.Log(stay)), m.config.MaxSpanLength)
}

// replace puts the mask token, or random tokens, in the place of ids, or leaves them: one draw for all of them.
func (m *MaskedToken) replace(ids []int32, rng *rand.Rand) {
	u := rng.Float64()
	for i := range ids {
		switch {
		case u < m.config.MaskReplaceProb:
			ids[i] = m.roles.Mask
		case u < m.config.MaskReplaceProb+m.config.RandomReplaceProb:
			ids[i] = m.ordinary[rng.IntN(len(m.ordinary))]
		}
	}
}

func (m *MaskedToken) isSpecial(id int32) bool {
	return id >= 0 && int(id>>6) < len(m.special) && m.special[id>>6]>>(id&63)&1 == 1
}
