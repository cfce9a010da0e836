package tokenize

import "slices"

// rankQueue holds entries of rank<<32 | position and gives the smallest first: those that were there when it was last sorted lie in now, the others in later.
// Taking from what is sorted is several times faster than from a heap, and a word of one letter a million times is nearly sorted whenever now is used up.
type rankQueue struct {
	now, spare []uint64 // now: sorted, used up from the front; spare: its whole buffer
	later      rankHeap
}

func (q *rankQueue) clear() { q.now, q.later = q.now[:0], q.later[:0] }

// more says whether an entry is left, and sorts the later ones where nothing else is.
func (q *rankQueue) more() bool {
	if len(q.now) > 0 {
		return true
	}
	slices.Sort(q.later)
	q.now, q.spare, q.later = q.later, q.later, q.spare[:0]
	return len(q.now) > 0
}

func (q *rankQueue) pop() (top uint64) {
	if len(q.later) > 0 && q.later[0] < q.now[0] {
		return q.later.pop()
	}
	top, q.now = q.now[0], q.now[1:]
	return top
}

// rankHeap is a binary heap of rank<<32 | position with the smallest on top: the lowest rank first, the leftmost of equals. It is
// written out because container/heap would box each entry.
type rankHeap []uint64

func (h *rankHeap) push(v uint64) {
	*h = append(*h, v)
	s, i := *h, len(*h)-1
	for i > 0 {
		parent := (i - 1) / 2
		if s[parent] <= v {
			break
		}
		s[i] = s[parent]
		i = parent
	}
	s[i] = v
}

func (h *rankHeap) pop() uint64 {
	s := *h
	top, last := s[0], len(s)-1
	s[0] = s[last]
	*h = s[:last]
	if last > 0 {
		(*h).down(0)
	}
	return top
}

func (h rankHeap) down(i int) {
	v := h[i]
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		if h[child] >= v {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = v
}
