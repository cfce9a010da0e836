package ann

import (
	"cmp"
	"slices"
	"time"

	"github.com/go-cloze/cloze/embeddings"
)

// Measure is what searches with one ef gave.
type Measure struct {
	EF      int `json:"ef"`
	Queries int `json:"queries"`
	// Recall is recall@10: which share of the ten nearest rows, by exact search,
	// were among the ten found.
	Recall float64 `json:"recall"`
	// Query is the mean time of a query, on one thread.
	Query time.Duration `json:"query_ns"`
}

const (
	maxHeld = 1000
	recallK = 10
)

// tried are the ef that tune measures, until one reaches the recall wanted.
var tried = []int{10, 16, 24, 32, 48, 64, 80, 96, 128, 160, 192, 256, 384, 512, 768, 1024}

// tune measures recall with the last held nodes, which are not in the graph yet,
// and sets Info.EF: the smallest ef tried that reaches the recall wanted, else
// the largest.
func (x *Index) tune(held int) ([]Measure, error) {
	x.info.EF = 128
	if held == 0 {
		return nil, nil
	}
	nodes := len(x.rows)
	absent := make(map[int]bool, held)
	var queries []float32
	for node := nodes - held; node < nodes; node++ {
		absent[int(x.rows[node])] = true
		for _, twin := range x.twinsOf(uint32(node)) {
			absent[int(twin[1])] = true
		}
		queries = x.vectors.AppendRow(queries, int(x.rows[node]))
	}
	exact, err := x.vectors.NearestBatch(queries, recallK, embeddings.SearchOptions{
		Skip: func(row int) bool { return absent[row] }, Threads: x.info.Threads})
	if err != nil {
		return nil, err
	}
	var measures []Measure
	for _, ef := range tried {
		m, err := x.measure(ef, queries, exact)
		if err != nil {
			return nil, err
		}
		measures = append(measures, m)
		x.info.EF, x.info.Recall = ef, m.Recall
		if m.Recall >= x.info.Config.Recall {
			break
		}
	}
	return measures, nil
}

// measure asks all queries, one after another.
func (x *Index) measure(ef int, queries []float32, exact [][]embeddings.Neighbor) (Measure, error) {
	hits, wanted := 0, 0
	dim := x.info.Dim
	var elapsed time.Duration
	for i, want := range exact {
		start := time.Now()
		near, err := x.NearestTo(queries[i*dim:(i+1)*dim], recallK, Options{EF: ef})
		elapsed += time.Since(start)
		if err != nil {
			return Measure{}, err
		}
		wanted += len(want)
		for _, n := range near {
			if slices.ContainsFunc(want, func(w embeddings.Neighbor) bool { return w.Row == n.Row }) {
				hits++
			}
		}
	}
	return Measure{EF: ef, Queries: len(exact), Recall: float64(hits) / float64(max(wanted, 1)),
		Query: elapsed / time.Duration(max(len(exact), 1))}, nil
}

func sortTwins(twins [][2]uint32) {
	slices.SortFunc(twins, func(a, b [2]uint32) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
}
