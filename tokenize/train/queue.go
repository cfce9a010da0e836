package train

// entry is a pair in the queue with the count that it had when it was put there.
type entry struct {
	count int64
	key   uint64 // left id << 32 | right id
	pair  int32
}

// before is the rule: the larger count; of equals the smaller left id, then the smaller right id.
func (e entry) before(o entry) bool {
	if e.count != o.count {
		return e.count > o.count
	}
	return e.key < o.key
}

// queue is a binary heap.
type queue []entry

func (q queue) init() {
	for i := len(q)/2 - 1; i >= 0; i-- {
		q.down(i)
	}
}

func (q *queue) push(e entry) {
	*q = append(*q, e)
	s, i := *q, len(*q)-1
	for i > 0 && e.before(s[(i-1)/2]) {
		s[i] = s[(i-1)/2]
		i = (i - 1) / 2
	}
	s[i] = e
}

func (q *queue) pop() entry {
	s := *q
	top, last := s[0], len(s)-1
	s[0] = s[last]
	*q = s[:last]
	if last > 0 {
		q.down(0)
	}
	return top
}

func (q queue) down(i int) {
	e := q[i]
	for {
		c := 2*i + 1
		if c >= len(q) {
			break
		}
		if c+1 < len(q) && q[c+1].before(q[c]) {
			c++
		}
		if !q[c].before(e) {
			break
		}
		q[i] = q[c]
		i = c
	}
	q[i] = e
}
