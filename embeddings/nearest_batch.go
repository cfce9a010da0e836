package embeddings

import (
	"fmt"
	"math"
	"math/bits"
)

// batchRows of a table stay in a core's second-level cache while all queries
// pass over them.
const batchRows = 16 * tileRows

// NearestBatch is NearestTo for many queries at once, [Q,D] float32, one after
// another: near[i] are the neighbours of query i. Each row is then read once for
// all queries, which is many times faster than a search for each.
func (v *Vectors) NearestBatch(queries []float32, k int, o SearchOptions) (near [][]Neighbor, err error) {
	if len(queries)%v.dim != 0 {
		return nil, fmt.Errorf("the queries have %d numbers, which is no multiple of the vectors' %d", len(queries), v.dim)
	}
	b := &batch{v: v, searches: make([]*search, len(queries)/v.dim)}
	for i := range b.searches {
		query := queries[i*v.dim : (i+1)*v.dim]
		length, err := v.checkQuery(query, k)
		if err != nil {
			return nil, fmt.Errorf("query %d: %w", i+1, err)
		}
		b.searches[i] = v.newSearch(query, length, k, o)
	}
	b.pack()
	workers := make([]*batchWorker, o.threads())
	share(o.rows(v.Len()), len(workers), func(part, from, to int) {
		if workers[part] == nil {
			workers[part] = b.worker(k)
		}
		for ; from < to; from += batchRows {
			workers[part].scan(from, min(from+batchRows, to))
		}
	})
	near = make([][]Neighbor, len(b.searches))
	for i, s := range b.searches {
		var parts []collector
		for _, w := range workers {
			if w != nil {
				parts = append(parts, w.best[i])
			}
		}
		near[i] = s.finish(parts)
	}
	return near, nil
}

// batch is the queries as panels of tileQueries, zeros where they run out:
// panels[p][d] are number d of the panel's queries side by side.
type batch struct {
	v        *Vectors
	searches []*search
	panels   [][]float32
}

func (b *batch) pack() {
	dim := b.v.dim
	for at := 0; at < len(b.searches); at += tileQueries {
		panel := make([]float32, dim*tileQueries)
		for q, s := range b.searches[at:min(at+tileQueries, len(b.searches))] {
			for d, x := range s.unit[:dim] {
				panel[d*tileQueries+q] = x
			}
		}
		b.panels = append(b.panels, panel)
	}
}

// batchWorker is what a goroutine has of its own.
type batchWorker struct {
	*batch
	best    []collector
	floors  [][tileQueries]float32 // by panel: what a score must reach; +Inf where there is no query
	slack   float64
	rows    []float32 // batchRows of them, where they must be decoded or the table is short
	inverse [batchRows]float32
	tile    tileArgs
}

func (b *batch) worker(k int) *batchWorker {
	w := &batchWorker{batch: b, best: make([]collector, len(b.searches)), floors: make([][tileQueries]float32, len(b.panels)), slack: floatSlack(b.v.dim)}
	for i := range w.best {
		w.best[i] = newCollector(k)
	}
	for p := range w.floors {
		for q := range tileQueries {
			w.floors[p][q] = float32(math.Inf(1))
			if p*tileQueries+q < len(w.best) {
				w.floors[p][q] = float32(math.Inf(-1))
			}
		}
	}
	return w
}

// scan passes all queries over the rows from..to, at most batchRows.
func (w *batchWorker) scan(from, to int) {
	rows := w.table(from, to)
	for i, n := range w.v.norms[from:to] {
		w.inverse[i] = float32(1 / n) // of a zero row infinite: it is looked at and left out
		if !ordinary(n) {
			w.inverse[i] = float32(math.NaN())
		}
	}
	for i := to - from; i < batchRows; i++ {
		w.inverse[i] = 0
	}
	w.tile.dim = w.v.dim
	for p, panel := range w.panels {
		w.tile.panel, w.tile.floor = &panel[0], w.floors[p]
		for r := 0; r < to-from; r += tileRows {
			w.tile.rows = &rows[r*w.v.dim]
			copy(w.tile.inverse[:tileRows], w.inverse[r:r+tileRows])
			if kernels.tile(&w.tile) {
				w.take(p, from+r, min(tileRows, to-from-r))
			}
		}
	}
}

// table are the rows as float32, in whole tiles.
func (w *batchWorker) table(from, to int) []float32 {
	v := w.v
	whole := (to-from)%tileRows == 0
	if v.half == nil && v.codes == nil && whole {
		return v.rows[from*v.dim : to*v.dim]
	}
	if w.rows == nil {
		w.rows = make([]float32, batchRows*v.dim)
	}
	if v.half != nil {
		kernels.widen(w.rows, v.half[from*v.dim:to*v.dim])
		return w.rows
	}
	rows := w.rows[:0]
	for i := from; i < to; i++ {
		rows = v.AppendRow(rows, i)
	}
	return w.rows
}

// take looks at the hits of a tile of n rows from row on.
func (w *batchWorker) take(panel, row, n int) {
	for r := range n {
		for hits := w.tile.hits[r]; hits != 0; hits &= hits - 1 {
			q := bits.TrailingZeros32(hits)
			at := panel*tileQueries + q
			if at >= len(w.best) {
				continue // a NaN in a place without a query
			}
			c := &w.best[at]
			w.searches[at].consider(c, row+r, float64(w.tile.scores[r][q]), w.slack)
			w.floors[panel][q] = float32(c.low-w.slack) - 1e-7
			w.tile.floor[q] = w.floors[panel][q]
		}
	}
}
