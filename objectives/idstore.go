package objectives

// idStore is a growing row of token ids, two bytes an id while the vocabulary allows.
type idStore struct {
	narrow []uint16
	wide   []int32 // in use when isWide
	isWide bool
}

func newIDStore(vocabSize int) idStore { return idStore{isWide: vocabSize > 1<<16} }

func (s *idStore) len() int {
	if s.isWide {
		return len(s.wide)
	}
	return len(s.narrow)
}

func (s *idStore) append(ids ...int32) {
	if s.isWide {
		s.wide = append(s.wide, ids...)
		return
	}
	for _, id := range ids {
		s.narrow = append(s.narrow, uint16(id))
	}
}

// appendTo widens ids[lo:hi] onto dst.
func (s *idStore) appendTo(dst []int32, lo, hi int) []int32 {
	if s.isWide {
		return append(dst, s.wide[lo:hi]...)
	}
	for _, id := range s.narrow[lo:hi] {
		dst = append(dst, int32(id))
	}
	return dst
}
