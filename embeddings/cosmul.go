package embeddings

import (
	"math"
	"slices"
)

// cosMulOffset keeps the quotient of [CosMul] finite (Levy and Goldberg, equation 4).
const cosMulOffset = 1e-6

// cosMul scores every row by [CosMul]. All is in float64, so that no second
// look is needed.
func (v *Vectors) cosMul(positive, negative []weighted, k int, o SearchOptions) ([]Neighbor, error) {
	threads := o.threads()
	parts := make([]best, threads)
	spans(o.rows(v.Len()), threads, func(part, from, to int) {
		b := best{keep: k}
		row := make([]float32, 0, v.dim)
		for i := from; i < to; i++ {
			if v.norms[i] == 0 || o.Skip != nil && o.Skip(i) {
				continue
			}
			row = v.AppendRow(row[:0], i)
			b.add(cosMulSide(positive, row, v.norms[i])/(cosMulSide(negative, row, v.norms[i])+cosMulOffset), i)
		}
		parts[part] = b
	})
	all := best{keep: k}
	for _, p := range parts {
		for _, s := range p.rows {
			all.add(s.score, s.row)
		}
	}
	neighbors := make([]Neighbor, len(all.rows))
	for i, s := range all.rows {
		neighbors[i] = Neighbor{v.Word(s.row), s.row, s.score}
	}
	return neighbors, nil
}

// cosMulSide is the product over the terms of one side; 1 where there are none.
func cosMulSide(terms []weighted, row []float32, length float64) float64 {
	product := 1.0
	for _, t := range terms {
		cosine := 0.0
		for i, x := range row {
			cosine += t.vector[i] * float64(x)
		}
		s := max(0, (1+cosine/length)/2) // rounding must not make it negative
		if t.weight != 1 {
			s = math.Pow(s, t.weight)
		}
		product *= s
	}
	return product
}

// scored is a row with its score.
type scored struct {
	score float64
	row   int
}

// best keeps the rows of the highest scores, best first, equal ones by row.
type best struct {
	keep int
	rows []scored
}

func (b *best) add(score float64, row int) {
	if n := len(b.rows); n == b.keep && !(score > b.rows[n-1].score || score == b.rows[n-1].score && row < b.rows[n-1].row) {
		return
	}
	at, _ := slices.BinarySearchFunc(b.rows, scored{score, row}, func(a, b scored) int {
		switch {
		case a.score > b.score || a.score == b.score && a.row < b.row:
			return -1
		case a == b:
			return 0
		}
		return 1
	})
	b.rows = slices.Insert(b.rows, at, scored{score, row})
	b.rows = b.rows[:min(len(b.rows), b.keep)]
}
