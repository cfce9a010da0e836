package models

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/go-cloze/cloze/models/torch"
)

// Growth says what Grow did to the tables.
type Growth struct {
	Rows   int      `json:"rows"`   // rows that stand for new tokens
	Reused int      `json:"reused"` // of them, those that were in the table already and stood for no token
	Table  int      `json:"table"`  // rows of the table now
	Names  []string `json:"names"`  // parameters that were changed: one where the output table is the input table
}

// String is the growth in one line.
func (g Growth) String() string {
	return fmt.Sprintf("%d rows for new tokens in %s (%d of them stood unused, the table has %d now), each the mean of the old tokens' rows with a tenth of their spread as noise",
		g.Rows, strings.Join(g.Names, " and "), g.Reused, g.Table)
}

// growthNoise is the noise of new rows as a part of the spread of old ones: enough to tell new tokens apart, too
// little to leave the place where every old token is about as near (Hewitt 2021, "Initializing New Word Embeddings").
const growthNoise = 0.1

// Grow returns a copy of the network for a tokenizer that had from tokens and now has to. The rows of old tokens are
// kept bit by bit; each new token's row, in the input table and in the output table where that is another, is the mean
// of the old tokens' rows plus normal noise, a tenth of their standard deviation in each column. At the start no new
// token is then likelier than an average old one. The tables grow where they are too short. The same seed gives the
// same bits. Run it inside torch.Do; the old network is not freed.
func Grow(n Network, from, to int, seed uint64) (Network, Growth, error) {
	rows := n.Configuration().Shape().VocabSize
	if from < 1 || from > rows || to < from {
		return nil, Growth{}, fmt.Errorf("a vocabulary cannot grow from %d tokens to %d in a table of %d rows", from, to, rows)
	}
	config, err := WithKeys(n.Configuration(), map[string]any{"vocab_size": max(rows, to)})
	if err != nil {
		return nil, Growth{}, err
	}
	w := &grown{from: n.Params(), seed: seed, old: from, new: to, tables: map[string]bool{}}
	for _, table := range []*torch.Tensor{n.InputTable(), outputTable(n)} {
		for param := range n.Params().All() {
			if param.Tensor == table {
				w.tables[param.Name] = true
			}
		}
	}
	network := familyOf(config).build(config, w)
	return network, Growth{Rows: to - from, Reused: min(rows, to) - from, Table: max(rows, to), Names: w.names}, nil
}

func outputTable(n Network) *torch.Tensor {
	weight, _ := n.Head()
	return weight
}

// grown is the weights of another model with new rows in its tables.
type grown struct {
	from     *Params
	seed     uint64
	old, new int             // tokens before and after
	tables   map[string]bool // the parameters with a row a token
	names    []string        // those met, in their order
}

func (g *grown) tensor(param Param, init initial) *torch.Tensor {
	from, _ := g.from.Get(param.Name) // both are built by one constructor
	if !g.tables[param.Name] {
		return converted{g.from, from.Tensor.DType()}.tensor(param, init)
	}
	g.names = append(g.names, param.Name)
	hash := fnv.New64a()
	hash.Write([]byte(param.Name))
	rng := rand.New(rand.NewPCG(g.seed, hash.Sum64()))
	all := make([]float32, shapeNumEl(param.Shape))
	copy(all, from.Tensor.Float32s())
	fillRows(all, g.old, g.new, int(param.Shape[1]), rng)
	return torch.FromFloat32(all, param.Shape...).To(from.Tensor.DType()).Keep().SetRequiresGrad(true)
}

// fillRows sets the rows from old to new of a table to the mean of those before plus noise, column by column.
func fillRows(table []float32, old, new, dim int, rng *rand.Rand) {
	mean, spread := make([]float64, dim), make([]float64, dim)
	for i, x := range table[:old*dim] {
		mean[i%dim] += float64(x) / float64(old)
	}
	for i, x := range table[:old*dim] {
		d := float64(x) - mean[i%dim]
		spread[i%dim] += d * d / float64(old)
	}
	for i := old * dim; i < new*dim; i++ {
		table[i] = float32(mean[i%dim] + growthNoise*math.Sqrt(spread[i%dim])*rng.NormFloat64())
	}
}
