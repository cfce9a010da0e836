package tokenize

import "unicode/utf8"

// charBPE is BPE over characters: each starts as the piece that spells it, as bytes, or as the unknown token (SentencePiece's and the original BPE, where
// bpe is the byte-level one).
type charBPE struct {
	bpe            // merges and their table
	vocab          *vocabulary
	prefix, suffix string      // of all characters of a word but the first; of the last
	bytes          *[256]int32 // byte_fallback; nil where the switch is off
	ascii          [utf8.RuneSelf]int32
	special        []bool
}

func (m *charBPE) pieces(w *work, word []byte, asData bool) []symbol {
	s := &w.merge
	if m.whole != nil {
		if id, ok := m.whole[string(word)]; ok && !(asData && isSpecialID(m.special, id)) {
			s.syms = append(s.syms[:0], symbol{id, 0, int32(len(word))})
			return s.syms
		}
	}
	if cap(s.syms) < len(word) {
		s.syms = make([]symbol, 0, len(word)) // at once: growing copies a huge word several times
	}
	syms := m.characters(w, word, s.syms[:0])
	s.syms = syms
	switch {
	case len(syms) < 2:
	case len(syms) <= shortWord:
		syms = m.mergeShort(s, syms)
	default:
		syms = m.mergeLong(s, syms)
	}
	return syms
}

// characters cuts a word into the pieces that merging starts from. An unknown character waits for what follows, since several may be one token; bytes of
// a later character overtake it, as in the reference.
func (m *charBPE) characters(w *work, word []byte, syms []symbol) []symbol {
	waiting := symbol{id: noID}
	for i := 0; i < len(word); {
		_, size := utf8.DecodeRune(word[i:])
		start, end := int32(i), int32(i+size)
		i += size
		id := m.character(w, word, start, end)
		if id != noID {
			if waiting.id != noID {
				syms = append(syms, waiting)
				waiting.id = noID
			}
			syms = append(syms, symbol{id, start, end})
			continue
		}
		if m.bytes != nil {
			n := len(syms)
			if syms = m.fallBack(w, syms, word, start, end); len(syms) > n {
				continue
			}
		}
		switch {
		case m.unk == noID:
			w.dropped += size
		case waiting.id != noID && m.fuse:
			waiting.end = end
		default:
			if waiting.id != noID {
				syms = append(syms, waiting)
			}
			waiting = symbol{m.unk, start, end}
		}
	}
	if waiting.id != noID {
		syms = append(syms, waiting)
	}
	return syms
}

// blankAsMark lists the pieces of ASCII characters once more for text as it is before blanks become ▁.
func (m *charBPE) blankAsMark() {
	for b := range m.byteID {
		m.byteID[b] = noID
	}
	copy(m.byteID[:], m.ascii[:])
	m.byteID[' '] = noID
	if id, ok := m.vocab.ids[string(blankMark)]; ok {
		m.byteID[' '] = id
	}
}

// character returns the piece of one character, with prefix and suffix where they belong.
func (m *charBPE) character(w *work, word []byte, start, end int32) int32 {
	lead, tail := m.prefix != "" && start > 0, m.suffix != "" && int(end) == len(word)
	if !lead && !tail {
		if c := word[start]; c < utf8.RuneSelf {
			return m.ascii[c]
		}
		if id, ok := m.vocab.ids[string(word[start:end])]; ok {
			return id
		}
		return noID
	}
	if id, ok := m.vocab.ids[string(m.spelled(w, word, start, end))]; ok {
		return id
	}
	return noID
}

// spelled returns a character with its prefix and suffix.
func (m *charBPE) spelled(w *work, word []byte, start, end int32) []byte {
	w.spelled = w.spelled[:0]
	if start > 0 {
		w.spelled = append(w.spelled, m.prefix...)
	}
	w.spelled = append(w.spelled, word[start:end]...)
	if int(end) == len(word) {
		w.spelled = append(w.spelled, m.suffix...)
	}
	return w.spelled
}

// fallBack appends the pieces of the bytes of a character, or nothing where one is missing. A suffix is spelled in bytes too.
func (m *charBPE) fallBack(w *work, syms []symbol, word []byte, start, end int32) []symbol {
	n := len(syms)
	lead := int32(0)
	if start > 0 {
		lead = int32(len(m.prefix))
	}
	for i, b := range m.spelled(w, word, start, end) {
		id := m.bytes[b]
		if id == noID {
			return syms[:n]
		}
		at := min(max(start+int32(i)-lead, start), end-1)
		syms = append(syms, symbol{id, at, at + 1})
	}
	return syms
}
