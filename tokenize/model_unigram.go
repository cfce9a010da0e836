package tokenize

import (
	"slices"
	"unicode/utf8"
)

// unigram cuts a text into the pieces whose scores (logarithms of probabilities) have the largest sum (Kudo 2018; the search is SentencePiece's
// EncodeOptimized).
type unigram struct {
	vocab    *vocabulary
	scores   []float64
	trie     *trie
	unk      int32 // noID: unknown characters are dropped and counted
	unkScore float64
	bytes    *[256]int32 // byte_fallback: pieces of bytes; nil where the switch is off
	special  []bool
}

// unkPenalty is how much less an unknown character scores than the least likely piece.
const unkPenalty = 10

// path is the best way to end at a place.
type path struct {
	score float64
	start int32 // of its last piece; -1: no way ends here
	id    int32
}

func newUnigram(v *vocabulary, scores []float64, unk int32, byteFallback bool) *unigram {
	m := &unigram{vocab: v, scores: scores, unk: unk}
	keys := make([]trieKey, 0, len(v.pieces))
	least := 0.0
	for id, p := range v.pieces {
		if p != "" && v.ids[p] == int32(id) {
			keys = append(keys, trieKey{p, int32(id)})
		}
		if id == 0 || scores[id] < least {
			least = scores[id]
		}
	}
	m.trie = newTrie(keys)
	m.unkScore = least - unkPenalty
	if byteFallback {
		m.bytes = bytePieces(v)
	}
	return m
}

// bytePieces lists the pieces <0x00> to <0xFF>, noID where one is missing.
func bytePieces(v *vocabulary) *[256]int32 {
	t := new([256]int32)
	for b := range t {
		id, ok := v.ids[byteName(byte(b))]
		if !ok {
			id = noID
		}
		t[b] = id
	}
	return t
}

// byteName is how byte_fallback spells a byte.
func byteName(b byte) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{'<', '0', 'x', digits[b>>4], digits[b&15], '>'})
}

func (m *unigram) pieces(w *work, word []byte, asData bool) []symbol {
	best := slices.Grow(w.paths[:0], len(word)+1)[:len(word)+1]
	for i := range best {
		best[i] = path{start: -1}
	}
	best[0].score, best[0].start = 0, 0
	w.paths = best
	for at := 0; at < len(word); {
		_, size := utf8.DecodeRune(word[at:])
		single, here := false, best[at].score
		node := int32(0)
		for i := at; i < len(word); {
			next, ok := m.trie.step(node, word[i])
			if !ok {
				break
			}
			node = next
			i++
			id := m.trie.units[node].id
			if id == noID || asData && id != m.unk && isSpecialID(m.special, id) {
				continue
			}
			if score := m.scores[id] + here; best[i].start < 0 || score > best[i].score {
				best[i] = path{score, int32(at), id}
			}
			single = single || i-at == size
		}
		if !single {
			to := &best[at+size]
			if score := m.unkScore + here; to.start < 0 || score > to.score {
				*to = path{score, int32(at), m.unk}
			}
		}
		at += size
	}
	return m.walk(w, word, best)
}

// walk collects the best path from its end; neighbouring unknown characters are one token, or bytes where the model has them.
func (m *unigram) walk(w *work, word []byte, best []path) []symbol {
	out := w.syms[:0]
	for end := int32(len(word)); end > 0; {
		p := best[end]
		start := p.start
		if p.id == m.unk {
			for start > 0 && best[start].id == m.unk {
				start = best[start].start
			}
			out = m.unknown(w, out, word, start, end)
		} else {
			out = append(out, symbol{p.id, start, end})
		}
		end = start
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	w.syms = out
	return out
}

// unknown appends what stands for word[start:end], last first.
func (m *unigram) unknown(w *work, out []symbol, word []byte, start, end int32) []symbol {
	if id, ok := m.vocab.ids[string(word[start:end])]; ok && !isSpecialID(m.special, id) {
		return append(out, symbol{id, start, end})
	}
	if m.bytes != nil {
		n := len(out)
		for i := end - 1; i >= start; i-- {
			id := m.bytes[word[i]]
			if id == noID {
				out = out[:n]
				break
			}
			out = append(out, symbol{id, start, end})
		}
		if len(out) > n {
			return out
		}
	}
	if m.unk == noID {
		w.dropped += int(end - start)
		return out
	}
	return append(out, symbol{m.unk, start, end})
}
