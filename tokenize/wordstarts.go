package tokenize

// AppendWords is AppendIDs that also tells where words start: bit i of starts is set where dst[i] is the first id of a word (what the
// pre-tokenizer cuts out, a blank before it included) or an added token. starts covers dst as a whole, (len(dst)+63)/64 elements; what it
// held for the ids that dst held already stays, so that calls for one text after another build one bitset. Its bits beyond len(dst) are zero.
func (t *Tokenizer) AppendWords(dst []int32, starts []uint64, text []byte) ([]int32, []uint64) {
	s := t.pool.get()
	for i, p := range t.added.split(s, text, true) {
		if p.id != noID {
			starts = markWord(starts, len(dst))
			dst = append(dst, p.id)
		} else {
			dst, starts = t.appendPlainWords(dst, starts, s, t.part(s, text, p, i))
		}
	}
	t.pool.put(s)
	for len(starts)*64 < len(dst) {
		starts = append(starts, 0)
	}
	return dst, starts
}

// appendPlainWords is appendPlain that marks the words.
func (t *Tokenizer) appendPlainWords(dst []int32, starts []uint64, s *scratch, text []byte) ([]int32, []uint64) {
	for i := 0; i < len(text); {
		end := t.level.wordEnd(text, i)
		first := len(dst)
		dst = t.model.appendWord(dst, s, text, i, end)
		if len(dst) > first { // a word of bytes without a piece gives no id
			starts = markWord(starts, first)
		}
		i = end
	}
	return dst, starts
}

// markWord sets bit i, lengthening the bitset with zeros as needed.
func markWord(starts []uint64, i int) []uint64 {
	for i>>6 >= len(starts) {
		starts = append(starts, 0)
	}
	starts[i>>6] |= 1 << (i & 63)
	return starts
}
