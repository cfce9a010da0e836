package tokenize

import "unicode/utf8"

// wordModel turns a word into pieces. The result is valid until the next call with the same work; ranges are bytes of the word. In data no piece of a
// special token comes out, but for the unknown one.
type wordModel interface {
	pieces(w *work, word []byte, asData bool) []symbol
}

// wordPiece takes the longest piece at each place; a word that cannot be cut so is unknown as a whole (Schuster and Nakajima 2012, BERT's variant).
type wordPiece struct {
	start, rest *trie // pieces at the start of a word; those behind it, without their prefix
	unk         int32 // noID: the bytes are dropped and counted
	limit       int   // words of more characters are unknown
	special     []bool
}

// newWordPiece builds the model of a vocabulary.
func newWordPiece(v *vocabulary, prefix string, unk int32, limit int) *wordPiece {
	var start, rest []trieKey
	for id, p := range v.pieces {
		if p == "" {
			continue
		}
		start = append(start, trieKey{p, int32(id)})
		if len(p) > len(prefix) && p[:len(prefix)] == prefix {
			rest = append(rest, trieKey{p[len(prefix):], int32(id)})
		}
	}
	return &wordPiece{start: newTrie(start), rest: newTrie(rest), unk: unk, limit: limit}
}

func (m *wordPiece) pieces(w *work, word []byte, asData bool) []symbol {
	out := w.syms[:0]
	if len(word) > m.limit && countRunes(word) > m.limit {
		return m.unknown(w, word)
	}
	for at := 0; at < len(word); {
		t := m.rest
		if at == 0 {
			t = m.start
		}
		node, best, end := int32(0), noID, 0
		for i := at; i < len(word); {
			next, ok := t.step(node, word[i])
			if !ok {
				break
			}
			node = next
			i++
			if id := t.units[node].id; id != noID && (!asData || !isSpecialID(m.special, id) || id == m.unk) && (i == len(word) || utf8.RuneStart(word[i])) {
				best, end = id, i
			}
		}
		if best == noID {
			return m.unknown(w, word)
		}
		out = append(out, symbol{best, int32(at), int32(end)})
		at = end
	}
	w.syms = out
	return out
}

// countRunes counts the characters of a word, which is UTF-8. utf8.RuneCount allocates for long ones.
func countRunes(word []byte) (n int) {
	for _, c := range word {
		if utf8.RuneStart(c) {
			n++
		}
	}
	return n
}

func (m *wordPiece) unknown(w *work, word []byte) []symbol {
	w.syms = w.syms[:0]
	if m.unk == noID {
		w.dropped += len(word)
	} else {
		w.syms = append(w.syms, symbol{m.unk, 0, int32(len(word))})
	}
	return w.syms
}

func isSpecialID(special []bool, id int32) bool { return int(id) < len(special) && special[id] }

// wordLevel has whole words alone.
type wordLevel struct {
	vocab   *vocabulary
	unk     int32
	special []bool
}

func (m *wordLevel) pieces(w *work, word []byte, asData bool) []symbol {
	id, ok := m.vocab.ids[string(word)]
	if !ok || asData && isSpecialID(m.special, id) {
		id = m.unk
	}
	w.syms = w.syms[:0]
	if id == noID {
		w.dropped += len(word)
	} else {
		w.syms = append(w.syms, symbol{id, 0, int32(len(word))})
	}
	return w.syms
}
