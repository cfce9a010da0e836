package ann

import "slices"

// graph is a layer: for each of its nodes, a list of nodes that lie near it.
// The nodes of a layer are 0 to len(at)-1.
type graph struct {
	at    []uint32 // [n], where a node's list begins in links: a count, then as many nodes
	links []uint32
}

func (g graph) len() int { return len(g.at) }

func (g graph) neighbors(node uint32) []uint32 {
	at := g.at[node]
	return g.links[at+1 : at+1+g.links[at]]
}

// compact copies the first n nodes of the graph without the room that is left
// free for further links, and without links to nodes from n on.
func (g graph) compact(n int) graph {
	small := graph{at: make([]uint32, n)}
	total := n
	for i := range n {
		total += int(g.links[g.at[i]])
	}
	small.links = make([]uint32, 0, total)
	for i := range small.at {
		at := len(small.links)
		small.at[i] = uint32(at)
		small.links = append(small.links, 0)
		for _, to := range g.neighbors(uint32(i)) {
			if int(to) < n {
				small.links = append(small.links, to)
			}
		}
		small.links[at] = uint32(len(small.links) - at - 1)
	}
	return small
}

// scored is a node and its approximate cosine with what is looked for.
type scored struct {
	score float32
	node  uint32
	done  bool // its neighbours have been looked at
}

// before orders by falling score, then by node, so that no order depends on
// the way that led here.
func (a scored) before(b scored) bool {
	return a.score > b.score || a.score == b.score && a.node < b.node
}

// walker is the memory of one search. It may be used again, by one goroutine
// at a time.
type walker struct {
	codes  codes
	query  query
	seen   []uint8 // [nodes], the number of the walk that saw the node last
	walk   uint8
	found  []scored // best first
	fresh  []uint32
	scores []float32
	rows   []int
	code   []byte // of the query
}

func newWalker(c codes, nodes int) *walker {
	return &walker{codes: c, seen: make([]uint8, nodes), query: query{values: make([]int16, c.stride)}, code: make([]byte, c.stride)}
}

// begin forgets what was seen. Small numbers keep the marks of 400,000 nodes in
// the second cache; their end comes soon, and clearing then costs next to nothing.
func (w *walker) begin() {
	if w.walk++; w.walk == 0 {
		clear(w.seen)
		w.walk = 1
	}
}

// unseen puts those nodes that this walk has not met into w.fresh, their scores
// into w.scores, and returns them.
func (w *walker) unseen(nodes []uint32) []uint32 {
	w.fresh = w.fresh[:0]
	for _, node := range nodes {
		if w.seen[node] != w.walk {
			w.seen[node] = w.walk
			w.fresh = append(w.fresh, node)
		}
	}
	w.score(w.fresh)
	return w.fresh
}

// score fills w.scores.
func (w *walker) score(nodes []uint32) {
	w.scores = slices.Grow(w.scores[:0], len(nodes))[:len(nodes)]
	w.codes.similarities(w.scores, &w.query, nodes)
}

// descend walks greedily down the layers, each step to a better neighbour, and
// returns where it ends.
func (w *walker) descend(layers []graph, from uint32) uint32 {
	one := [1]uint32{from}
	w.score(one[:])
	best := scored{score: w.scores[0], node: from}
	for _, g := range layers {
		w.begin()
		for better := true; better; {
			better = false
			for i, node := range w.unseen(g.neighbors(best.node)) {
				if s := (scored{score: w.scores[i], node: node}); s.before(best) {
					best, better = s, true
				}
			}
		}
	}
	return best.node
}

// beam is the search in one layer (Malkov & Yashunin 2018, algorithm 2): it
// keeps the width best nodes met, looks at the neighbours of the best of them
// that was not looked at yet, and ends when there is none. The result, best
// first, is the walker's and good until its next walk.
func (w *walker) beam(g graph, from uint32, width int) []scored {
	w.begin()
	one := [1]uint32{from}
	w.unseen(one[:])
	w.found = append(w.found[:0], scored{score: w.scores[0], node: from})
	for next := 0; next < len(w.found); {
		if w.found[next].done {
			next++
			continue
		}
		w.found[next].done = true
		first := len(w.found)
		for i, node := range w.unseen(g.neighbors(w.found[next].node)) {
			first = min(first, w.insert(scored{score: w.scores[i], node: node}, width))
		}
		if first <= next {
			next = first
		}
	}
	return w.found
}

// insert keeps found sorted and at most width long; it returns the place, or
// width for a node that is no better than all of them.
func (w *walker) insert(s scored, width int) int {
	full := len(w.found) == width
	if full && !s.before(w.found[width-1]) {
		return width
	}
	low, high := 0, len(w.found)
	for low < high {
		mid := int(uint(low+high) / 2)
		if w.found[mid].before(s) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if !full {
		w.found = append(w.found, scored{})
	}
	copy(w.found[low+1:], w.found[low:])
	w.found[low] = s
	return low
}
