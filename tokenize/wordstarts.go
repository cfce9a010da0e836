package tokenize

// AppendWords is AppendIDs that also tells where words start: bit i of starts is set where dst[i] is the first id of a word (what the
// pre-tokenizer cuts out, a blank before it included) or an added token. starts covers dst as a whole, (len(dst)+63)/64 elements; what it
// held for the ids that dst held already stays, so that calls for one text after another build one bitset. Its bits beyond len(dst) are zero.
func (t *Tokenizer) AppendWords(dst []int32, starts []uint64, text []byte) ([]int32, []uint64) {
	if t.general != nil {
		dst = t.general.append(dst, &starts, text)
		for len(starts)*64 < len(dst) {
			starts = append(starts, 0)
		}
		return dst, starts
	}
	s := t.pool.get()
	s.starts, s.marking = starts, true
	dst = t.appendIDs(dst, s, text)
	n := (len(dst) + 63) / 64
	starts = zeros(s.starts, n)[:n]
	s.starts, s.marking = nil, false
	t.pool.put(s)
	return dst, starts
}
