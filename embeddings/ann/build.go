package ann

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// builder grows a graph by nodes 0, 1, 2, ... in batches. The nodes of a batch
// look for their neighbours in the graph as it was before the batch, all at
// once; then the links back are made, target by target. So nothing is locked
// and the graph is the same for any number of threads (Manohar et al. 2024,
// "ParlayANN", section 3).
type builder struct {
	codes   codes
	degree  int // most links of a node
	width   int // of the beam that looks for them
	walkers []*walker
	graph   graph
	layers  []graph  // coarse ones, the coarsest first
	next    int      // first node that is not in the graph
	edges   [][]edge // links back that a batch asks for, a slice a worker
}

// edge asks for a link.
type edge struct{ from, to uint32 }

// layerRatio is how many times more nodes a layer has than the one above it.
const layerRatio = 32

func newBuilder(c codes, nodes int, o Config) *builder {
	b := &builder{codes: c, degree: 2 * o.M, width: o.EFConstruction}
	b.graph.at = make([]uint32, nodes) // all lists have the same room
	for i := range b.graph.at {
		b.graph.at[i] = uint32(i * (b.degree + 1))
	}
	b.graph.links = make([]uint32, nodes*(b.degree+1))
	for range o.threads() {
		b.walkers = append(b.walkers, newWalker(c, nodes))
	}
	b.edges = make([][]edge, len(b.walkers))
	b.next = min(nodes, 1)
	return b
}

// grow adds nodes until the graph has n. A graph of the first n/32 nodes, of
// the first n/32/32 and so on, kept on the way, are the coarse layers: the
// nodes come in random order, so that each is a sample of the one below.
func (b *builder) grow(n int, progress func(done, all int)) {
	total := len(b.graph.at)
	for b.next < n {
		to := min(n, b.next+max(1, min(b.next/16, total/50)))
		if size := b.nextLayer(total); size > b.next {
			to = min(to, size)
		}
		b.batch(b.next, to)
		if to == b.nextLayer(total) {
			b.layers = append(b.layers, b.graph.compact(to))
		}
		b.next = to
		if progress != nil {
			progress(to, total)
		}
	}
}

// nextLayer is the size of the smallest coarse layer that is larger than those
// kept; 0 for none.
func (b *builder) nextLayer(total int) int {
	size := 0
	for n := total / layerRatio; n >= layerRatio; n /= layerRatio {
		if len(b.layers) == 0 || n > b.layers[len(b.layers)-1].len() {
			size = n
		}
	}
	return size
}

// batch adds nodes from..to.
func (b *builder) batch(from, to int) {
	start := uint32(0)
	b.each(to-from, func(worker, i int) {
		w := b.walkers[worker]
		node := uint32(from + i)
		w.query.load(b.codes.at(node))
		found := w.beam(b.graph, w.descend(b.layers, start), b.width)
		at := b.graph.at[node]
		list := b.choose(w, node, found, b.degree/2, b.graph.links[at+1:at+1])
		b.graph.links[at] = uint32(len(list))
		for _, other := range list {
			b.edges[worker] = append(b.edges[worker], edge{from: other, to: node})
		}
	})
	all := slices.Concat(b.edges...)
	for i := range b.edges {
		b.edges[i] = b.edges[i][:0]
	}
	slices.SortFunc(all, func(x, y edge) int {
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to))
	})
	var begins []int // of the edges that share a target
	for i := range all {
		if i == 0 || all[i].from != all[i-1].from {
			begins = append(begins, i)
		}
	}
	b.each(len(begins), func(worker, i int) {
		end := len(all)
		if i+1 < len(begins) {
			end = begins[i+1]
		}
		b.link(b.walkers[worker], all[begins[i]:end])
	})
}

// link gives a node further links; of too many the best are chosen anew.
func (b *builder) link(w *walker, edges []edge) {
	node := edges[0].from
	at := b.graph.at[node]
	have := b.graph.neighbors(node)
	if len(have)+len(edges) <= b.degree {
		for i, e := range edges {
			b.graph.links[int(at)+1+len(have)+i] = e.to
		}
		b.graph.links[at] += uint32(len(edges))
		return
	}
	w.fresh = append(w.fresh[:0], have...)
	for _, e := range edges {
		w.fresh = append(w.fresh, e.to)
	}
	w.query.load(b.codes.at(node))
	w.score(w.fresh)
	w.found = w.found[:0]
	for i, other := range w.fresh {
		w.found = append(w.found, scored{score: w.scores[i], node: other})
	}
	slices.SortFunc(w.found, func(x, y scored) int {
		if x.before(y) {
			return -1
		}
		return 1
	})
	list := b.choose(w, node, w.found, b.degree, b.graph.links[at+1:at+1])
	b.graph.links[at] = uint32(len(list))
}

// choose appends to list at most most of the candidates, best first (algorithm
// 4 of the paper): one that is nearer to a chosen one than to the node itself
// is left out, since the walk reaches it by way of that one. So the links of a
// node point in many directions. It uses up w's query and scores.
func (b *builder) choose(w *walker, node uint32, candidates []scored, most int, list []uint32) []uint32 {
	for _, c := range candidates {
		if len(list) == most {
			break
		}
		if c.node == node {
			continue
		}
		w.query.load(b.codes.at(c.node))
		if !b.covered(w, c, list) {
			list = append(list, c.node)
		}
	}
	return list
}

// covered says whether c, loaded as w's query, is nearer to one of list than
// its score. Eight of list are compared at a time.
func (b *builder) covered(w *walker, c scored, list []uint32) bool {
	for len(list) > 0 {
		few := list[:min(8, len(list))]
		w.score(few)
		for _, s := range w.scores {
			if s > c.score {
				return true
			}
		}
		list = list[len(few):]
	}
	return false
}

// each calls do for 0..n-1 on all workers.
func (b *builder) each(n int, do func(worker, i int)) {
	const share = 16 // taken at a time
	var next atomic.Int64
	var wait sync.WaitGroup
	work := func(worker int) {
		for {
			end := int(next.Add(share))
			if end-share >= n {
				return
			}
			for i := end - share; i < min(end, n); i++ {
				do(worker, i)
			}
		}
	}
	for t := 1; t < min(len(b.walkers), (n+share-1)/share); t++ {
		wait.Go(func() { work(t) })
	}
	work(0)
	wait.Wait()
}
