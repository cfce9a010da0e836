package ann

import (
	"fmt"
	"math"
	"sync"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/models/safetensors"
)

// Index is a graph over the rows of one store.
type Index struct {
	vectors *embeddings.Vectors
	info    Info
	rows    []uint32    // [nodes], the row of each node
	twins   [][2]uint32 // node and a further row with the same numbers, by node
	codes   codes       // of all nodes
	layers  []graph     // the coarsest first; the last holds all nodes
	walkers sync.Pool   // of *walker
	file    *safetensors.File
}

// Info is what an index tells of itself.
type Info struct {
	Words int `json:"words"`
	Dim   int `json:"dim"`
	// Nodes are the rows in the graph: all but zero vectors, which point nowhere,
	// and rows that repeat another's numbers, which stand with that one.
	Nodes int `json:"nodes"`
	// Links is the mean number of a node's links.
	Links float64 `json:"links"`
	Config
	// EF is the ef of a search that names none.
	EF int `json:"ef"`
	// Recall is the recall@10 of EF on held-out rows; 0 where none was measured.
	Recall float64 `json:"recall"`
	// Bytes is the size of codes, graph and row numbers, in memory and on disk.
	Bytes int64 `json:"bytes"`
}

// Options are how a query is answered. The zero value is right for most.
type Options struct {
	// EF is how many of the best nodes met a search keeps; the more, the better
	// and slower. 0 stands for Info.EF. It is never less than k.
	EF int
	// Skip, where set, leaves out the rows it says true of. A filter that lets
	// few rows pass makes the search slow: it is widened until k are found, at
	// last to the exact one.
	Skip func(row int) bool
}

// Info tells how the index was built and what was measured then.
func (x *Index) Info() Info { return x.info }

// Nearest returns k words near to word, best first, as
// [embeddings.Vectors.Nearest] does.
func (x *Index) Nearest(word string, k int, o Options) ([]embeddings.Neighbor, error) {
	row, ok := x.vectors.Index(word)
	if !ok {
		return nil, x.vectors.Unknown(word)
	}
	skip := o.Skip
	o.Skip = func(i int) bool { return i == row || skip != nil && skip(i) }
	near, err := x.NearestTo(x.vectors.Row(row), k, o)
	if err != nil {
		return nil, fmt.Errorf("word %q: %w", word, err)
	}
	return near, nil
}

// NearestTo returns k rows near to query, [D] float32, best first: those of the
// rows met that have the largest cosine, which is exact. Fewer than k come back
// only when there are fewer.
func (x *Index) NearestTo(query []float32, k int, o Options) ([]embeddings.Neighbor, error) {
	length := 0.0
	for _, q := range query {
		length += float64(q) * float64(q)
	}
	length = math.Sqrt(length)
	if len(query) != x.info.Dim || !(length > 0 && length <= math.MaxFloat64) || k < 1 {
		return x.vectors.NearestTo(query, k, embeddings.SearchOptions{}) // which says what is wrong
	}
	if o.EF <= 0 {
		o.EF = x.info.EF
	}
	w := x.walkers.Get().(*walker)
	defer x.walkers.Put(w)
	encode(w.code, query, length)
	w.query.load(w.code)
	last := len(x.layers) - 1
	from := w.descend(x.layers[:last], 0)
	for ef := max(o.EF, k); ; ef *= 2 {
		if ef > x.info.Nodes/2 { // as good as looking at all
			return x.vectors.NearestTo(query, k, embeddings.SearchOptions{Skip: o.Skip})
		}
		rows := x.best(w, w.beam(x.layers[last], from, ef), k, o.Skip)
		if len(rows) >= k {
			return x.vectors.Rank(query, rows, k)
		}
	}
}

// best are the rows of the first of found that pass the filter: some more than
// k, since the order by codes is not quite that by cosine.
func (x *Index) best(w *walker, found []scored, k int, skip func(int) bool) []int {
	w.rows = w.rows[:0]
	most := 3*k + 20
	for _, f := range found {
		if len(w.rows) >= most {
			break
		}
		if row := int(x.rows[f.node]); skip == nil || !skip(row) {
			w.rows = append(w.rows, row)
		}
		for _, row := range x.twinsOf(f.node) {
			if skip == nil || !skip(int(row[1])) {
				w.rows = append(w.rows, int(row[1]))
			}
		}
	}
	return w.rows
}

// twinsOf are the further rows of a node.
func (x *Index) twinsOf(node uint32) [][2]uint32 {
	if len(x.twins) == 0 {
		return nil
	}
	low, high := x.twinRange(node), x.twinRange(node+1)
	return x.twins[low:high]
}

// twinRange is the place of the first twin of a node not below node.
func (x *Index) twinRange(node uint32) int {
	low, high := 0, len(x.twins)
	for low < high {
		if mid := (low + high) / 2; x.twins[mid][0] < node {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// Close gives a mapped index's file back. Nothing may be asked of the index
// afterwards. The store stays open.
func (x *Index) Close() error {
	if x.file == nil {
		return nil
	}
	file := x.file
	x.file = nil
	return file.Close()
}

// ready fills in what follows from the other fields.
func (x *Index) ready() *Index {
	nodes := len(x.rows)
	x.walkers.New = func() any { return newWalker(x.codes, nodes) }
	fine := x.layers[len(x.layers)-1]
	x.info.Nodes = nodes
	x.info.Links = float64(len(fine.links)-nodes) / float64(nodes)
	x.info.Bytes = int64(len(x.codes.data) + 4*len(x.rows) + 8*len(x.twins))
	for _, g := range x.layers {
		x.info.Bytes += 4 * int64(len(g.at)+len(g.links))
	}
	return x
}
