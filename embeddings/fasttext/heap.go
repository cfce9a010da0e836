package fasttext

// scored is a label with the logarithm of its probability.
type scored struct {
	score float32
	label int32
}

// best keeps the k highest scores. It moves things exactly as the heap of the
// C++ library that the original is built with: which of equal labels are kept,
// and in what order, depends on that.
type best struct {
	k    int
	heap []scored // the lowest score first
}

func (b *best) full() bool     { return len(b.heap) == b.k }
func (b *best) worst() float32 { return b.heap[0].score }

// add takes a label in, and the lowest one out where there are more than k.
func (b *best) add(s scored) {
	if b.full() && s.score < b.worst() {
		return
	}
	b.heap = append(b.heap, s)
	rise(b.heap, len(b.heap)-1, s)
	if len(b.heap) > b.k {
		pop(b.heap)
		b.heap = b.heap[:b.k]
	}
}

// sorted empties the heap, the highest score first.
func (b *best) sorted() []scored {
	for n := len(b.heap); n > 1; n-- {
		pop(b.heap[:n])
	}
	return b.heap
}

// rise moves the hole at i up to where s belongs and puts it there.
func rise(heap []scored, i int, s scored) {
	for i > 0 && heap[(i-1)/2].score > s.score {
		heap[i] = heap[(i-1)/2]
		i = (i - 1) / 2
	}
	heap[i] = s
}

// pop moves the top to the end and mends the heap before it: the hole sinks to a
// leaf along the lower children, then the displaced last element rises from there.
func pop(heap []scored) {
	n := len(heap) - 1
	s := heap[n]
	heap[n] = heap[0]
	i := 0
	for child := 2; child < n; child = 2*i + 2 {
		if heap[child].score > heap[child-1].score {
			child--
		}
		heap[i] = heap[child]
		i = child
	}
	if n%2 == 0 && i == (n-2)/2 && n > 0 { // a last node with one child
		heap[i] = heap[2*i+1]
		i = 2*i + 1
	}
	rise(heap[:n+1], i, s)
}
