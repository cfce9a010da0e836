package tokenize

import "hash/maphash"

// waiting are units that are looked up together, so that memory answers for all of them at once. Where nearly all have been met it answers soon anyway,
// and letting them wait costs more than it saves.
type waiting struct {
	n      int
	keys   [16]unitKey
	misses int    // units in a row that had not been met
	left   int    // how many of the next units shall wait
	sum    uint64 // of what was touched, so that nobody leaves that out
}

// unitKey is where a unit lies and what it is looked up by; k1 is 0 for those of more than 15 bytes.
type unitKey struct {
	k0, k1     uint64
	start, end int
}

// put lets the unit text[start:end] wait, and says whether no other can.
func (u *waiting) put(text []byte, start, end int) (full bool) {
	key := &u.keys[u.n]
	key.start, key.end, key.k0, key.k1 = start, end, 0, 0
	if n := end - start; n <= shortKey {
		key.k0, key.k1 = wordKey(text, start, n)
	}
	u.n++
	return u.n == len(u.keys)
}

// take appends the ids of the unit text[start:end], or lets it wait where units are new.
func (q *quick) take(g *general, dst []int32, starts *[]uint64, w *work, text []byte, start, end int) []int32 {
	if w.next.left > 0 {
		w.next.left--
		if w.next.put(text, start, end) || w.next.left == 0 {
			dst = q.answer(g, dst, starts, w, text)
		}
		return dst
	}
	var k0, k1 uint64
	if end-start <= shortKey {
		k0, k1 = wordKey(text, start, end-start)
	}
	first := len(dst)
	dst = q.unit(g, dst, w, text[start:end], k0, k1)
	if starts != nil && len(dst) > first {
		*starts = markWord(*starts, first)
	}
	return dst
}

// answer appends the ids of the units that wait, which are parts of text.
func (q *quick) answer(g *general, dst []int32, starts *[]uint64, w *work, text []byte) []int32 {
	keys, sum := w.next.keys[:w.next.n], w.next.sum
	w.next.n = 0
	for i := range keys {
		sum += setOf(w.units, unitBits, keys[i].k0, keys[i].k1)[0].k0
	}
	w.next.sum = sum
	for i := range keys {
		key, first := &keys[i], len(dst)
		dst = q.unit(g, dst, w, text[key.start:key.end], key.k0, key.k1)
		if starts != nil && len(dst) > first {
			*starts = markWord(*starts, first)
		}
	}
	return dst
}

// unit appends the ids of a unit, from memory where it has been met.
func (q *quick) unit(g *general, dst []int32, w *work, unit []byte, k0, k1 uint64) []int32 {
	if k1 == 0 {
		return q.longUnit(g, dst, w, unit)
	}
	set := setOf(w.units, unitBits, k0, k1)
	if slot := set.find(k0, k1); slot != nil {
		w.next.misses = 0
		switch slot.n {
		case 1:
			return append(dst, slot.ids[0])
		case 2:
			return append(dst, slot.ids[0], slot.ids[1])
		case 3:
			return append(dst, slot.ids[0], slot.ids[1], slot.ids[2])
		}
		return q.longUnit(g, dst, w, unit)
	}
	if w.next.misses++; w.next.misses > 1 {
		w.next.left = len(w.next.keys)
	}
	before, dropped := len(dst), w.dropped
	dst = q.fresh(g, dst, w, unit)
	if w.dropped == dropped {
		set.keep(k0, k1, dst[before:])
	}
	return dst
}

// longUnit is unit for those of more than 15 bytes or more than three ids.
func (q *quick) longUnit(g *general, dst []int32, w *work, unit []byte) []int32 {
	if len(unit) > longWordKey {
		return q.fresh(g, dst, w, unit)
	}
	slot := &w.longUnits[maphash.Bytes(cacheSeed, unit)%longWordSlots]
	if int(slot.size) == len(unit) && string(slot.key[:len(unit)]) == string(unit) {
		return append(dst, slot.ids[:slot.n]...)
	}
	before, dropped := len(dst), w.dropped
	dst = q.fresh(g, dst, w, unit)
	if k := len(dst) - before; k <= len(slot.ids) && w.dropped == dropped {
		slot.size, slot.n = uint8(len(unit)), uint8(k)
		copy(slot.key[:], unit)
		copy(slot.ids[:], dst[before:])
	}
	return dst
}
