package ann

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/go-cloze/cloze/embeddings"
)

// Config says how an index is built. DefaultConfig is a good start.
type Config struct {
	// M is how many links a row asks for when it joins; it may come to have 2M.
	// More make an index larger, slower to build, and better at high recall.
	M int `json:"m"`
	// EFConstruction is the ef of the searches that look for these links.
	EFConstruction int `json:"ef_construction"`
	// Seed is that of the random order in which rows join. The same rows, seed and
	// version give the same index, whatever the number of threads.
	Seed uint64 `json:"seed"`
	// Recall is the recall@10 that Info.EF shall reach on held-out rows.
	Recall float64 `json:"recall_wanted"`
	// Threads is the number of goroutines; 0 = all cores.
	Threads int `json:"-"`
	// Progress, where set, is told now and then how many rows have joined, of how many.
	Progress func(done, all int) `json:"-"`
}

// DefaultConfig has the M and ef that hnswlib's manual recommends, and asks for
// a recall of 0.95.
func DefaultConfig() Config { return Config{M: 16, EFConstruction: 200, Seed: 1, Recall: 0.95} }

// Validate says what is out of range.
func (c Config) Validate() error {
	switch {
	case c.M < 2 || c.M > 256:
		return fmt.Errorf("m is %d; give 2 to 256", c.M)
	case c.EFConstruction < c.M || c.EFConstruction > 1<<16:
		return fmt.Errorf("ef_construction is %d; give m (%d) to 65536", c.EFConstruction, c.M)
	case !(c.Recall > 0 && c.Recall <= 1):
		return fmt.Errorf("recall is %v; give a share above 0, at most 1", c.Recall)
	}
	return nil
}

func (c Config) threads() int {
	if c.Threads > 0 {
		return c.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// maxDim keeps the sum of a product of codes inside an int32.
const maxDim = math.MaxInt32 / 127 / 127

// Report tells how building went.
type Report struct {
	// Measures are those of the held-out rows, ef rising; empty where there were too few rows.
	Measures []Measure
	// Building is the time it took, measuring not counted.
	Building time.Duration
}

// Build makes an index of the vectors. Of a hundred rows and more a tenth, up to
// a thousand, join last; before they do, they are the queries that measure
// recall and choose Info.EF.
func Build(v *embeddings.Vectors, c Config) (*Index, Report, error) {
	start := time.Now()
	if err := c.Validate(); err != nil {
		return nil, Report{}, err
	}
	x := &Index{vectors: v, info: Info{Words: v.Len(), Dim: v.Dim(), Config: c}}
	x.encodeRows()
	nodes := len(x.rows)
	switch {
	case v.Dim() > maxDim:
		return nil, Report{}, fmt.Errorf("vectors of dimension %d; an index takes at most %d", v.Dim(), maxDim)
	case nodes == 0:
		return nil, Report{}, fmt.Errorf("none of the %d words has a vector other than zero: there is nothing to index", v.Len())
	case uint64(nodes)*uint64(2*c.M+1) > math.MaxUint32:
		return nil, Report{}, fmt.Errorf("%d words with %d links each are more than an index can count; give a smaller m", nodes, 2*c.M)
	}
	b := newBuilder(x.codes, nodes, c)
	held := min(maxHeld, nodes/10)
	if nodes < 100 {
		held = 0
	}
	b.grow(nodes-held, c.Progress)
	x.layers = append(b.layers[:len(b.layers):len(b.layers)], b.graph.compact(nodes-held))
	x.ready()
	report := Report{Building: time.Since(start)}
	var err error
	if report.Measures, err = x.tune(held); err != nil {
		return nil, Report{}, err
	}
	start = time.Now()
	b.grow(nodes, c.Progress)
	x.layers = append(b.layers, b.graph.compact(nodes))
	report.Building += time.Since(start)
	return x.ready(), report, nil
}

// encodeRows makes the nodes: in random order, without zero vectors, and with
// those rows set aside whose code an earlier one has. A crowd of equal points
// would link only among itself and leave no way out.
func (x *Index) encodeRows() {
	v := x.vectors
	rng := rand.New(rand.NewPCG(x.info.Seed, 0))
	x.codes.stride = codeStride(v.Dim())
	first := make(map[uint64]uint32, v.Len())
	seed := maphash.MakeSeed()
	code := make([]byte, x.codes.stride)
	var row []float32
	for _, i := range rng.Perm(v.Len()) {
		if !(v.Norm(i) > 0) {
			continue
		}
		row = v.AppendRow(row[:0], i)
		encode(code, row, v.Norm(i))
		key := maphash.Bytes(seed, code)
		if node, met := first[key]; met && bytes.Equal(x.codes.at(node), code) {
			x.twins = append(x.twins, [2]uint32{node, uint32(i)})
			continue
		}
		first[key] = uint32(len(x.rows))
		x.rows = append(x.rows, uint32(i))
		x.codes.data = append(x.codes.data, code...)
	}
	sortTwins(x.twins)
}
