package embeddings

import (
	"math"
	"sync"
	"sync/atomic"
)

// search is one query made ready for scanning.
type search struct {
	v      *Vectors
	query  []float32 // as it was given
	length float64   // of the query
	k      int
	skip   func(row int) bool
	unit   []float32 // the query at length 1, padded

	// For a scan of int8: unit is about step * ints, and slack bounds what that
	// and the arithmetic can be off, beside a row's own error.
	ints  []int16
	step  float64
	slack float64
}

// scanRows is how many rows are scored before anybody looks at the scores:
// enough that the kernel's call costs nothing, few enough for the nearest cache.
const scanRows = 256

func (v *Vectors) newSearch(query []float32, length float64, k int, o SearchOptions) *search {
	s := &search{v: v, query: query, length: length, k: k, skip: o.Skip, unit: make([]float32, v.dim+laneFloats)}
	for i, x := range query {
		s.unit[i] = float32(float64(x) / length)
	}
	s.slack = floatSlack(v.dim)
	if v.scansInts() {
		s.makeInts()
	}
	return s
}

// floatSlack bounds how far a cosine in float32 can be off, whatever the order
// of its additions: the sum of n products is within n u / (1 - n u) of the true
// one for lengths of 1, u = 2^-24 (Higham, Accuracy and Stability, eq. 3.5);
// eight more roundings cover the making of the unit query and the division by
// the row's length.
func floatSlack(dim int) float64 {
	const u = 0x1p-24
	n := float64(dim+8) * u
	if n > 0.5 {
		return 2 // no cosine is further off than that
	}
	return n / (1 - n)
}

// maxIntDim is the widest vector whose whole products cannot overflow an int32
// with a query of more than 7 bits.
const maxIntDim = math.MaxInt32 / 127 / 127

func (v *Vectors) scansInts() bool { return (v.screen != nil || v.codes != nil) && v.dim <= maxIntDim }

// makeInts rounds the query to whole numbers as fine as the sums allow. What is
// lost, f, has a length that is known: for a row of length 1 held as s*c + e it
// adds at most |f| |s c| <= |f| (1 + |e|) <= 2 |f|.
func (s *search) makeInts() {
	most := min(math.MaxInt16, math.MaxInt32/(127*s.v.dim))
	s.step = float64(largest(s.query)) / s.length / float64(most)
	s.ints = make([]int16, s.v.dim+laneFloats)
	sum := 0.0
	for d, x := range s.query {
		y := float64(x) / s.length
		c := math.RoundToEven(y / s.step)
		s.ints[d] = int16(c)
		sum += (y - c*s.step) * (y - c*s.step)
	}
	s.slack = 2*math.Sqrt(sum) + 1e-6 // and the roundings of float32 beside it
}

// share gives the rows to goroutines in pieces, to each a new one when it is
// done, so that a slow core does not hold up the others.
func share(n, threads int, do func(part, from, to int)) {
	const piece = 16 * scanRows
	threads = min(threads, (n+piece-1)/piece)
	var next atomic.Int64
	work := func(part int) {
		for {
			from := int(next.Add(piece)) - piece
			if from >= n {
				return
			}
			do(part, from, min(from+piece, n))
		}
	}
	var wait sync.WaitGroup
	for part := 1; part < threads; part++ {
		wait.Go(func() { work(part) })
	}
	work(0)
	wait.Wait()
}

// scan collects what may be among the best of from..to.
func (s *search) scan(c *collector, from, to int) {
	for ; from < to; from += scanRows {
		end := min(from+scanRows, to)
		if s.ints != nil {
			s.scanInts(c, from, end)
		} else {
			s.scanFloats(c, from, end)
		}
	}
}

func (s *search) scanFloats(c *collector, from, to int) {
	var buf [scanRows]float32
	dots, v := buf[:to-from], s.v
	if v.half != nil {
		kernels.halves(dots, v.half[from*v.dim:to*v.dim], v.dim, s.unit)
	} else if v.codes != nil {
		s.scanExact(c, from, to)
		return
	} else {
		kernels.floats(dots, v.rows[from*v.dim:to*v.dim], v.dim, s.unit)
	}
	for i, n := range v.norms[from:to] {
		if float64(dots[i]) < (c.low-s.slack)*n && ordinary(n) {
			continue
		}
		s.consider(c, from+i, float64(dots[i])/n, s.slack)
	}
}

// ordinary says that float32 neither overflows nor loses small numbers in a
// product with a row of that length.
func ordinary(norm float64) bool { return norm > 1e-30 && norm < 1e30 }

func (s *search) scanInts(c *collector, from, to int) {
	var buf [scanRows]int32
	dots, v := buf[:to-from], s.v
	if v.screen == nil { // the rows are their own screen, without an error
		kernels.ints(dots, v.codes[from*v.dim:to*v.dim], v.dim, s.ints)
		for i, n := range v.norms[from:to] {
			score := float64(dots[i]) * s.step * float64(v.scales[from+i])
			if score < (c.low-s.slack)*n {
				continue
			}
			s.consider(c, from+i, score/n, s.slack)
		}
		return
	}
	kernels.ints(dots, v.screen.codes[from*v.dim:to*v.dim], v.dim, s.ints)
	step, low := float32(s.step), float32(c.low-s.slack-1e-6)
	for i, g := range v.screen.grades[from:to] {
		score := float32(dots[i]) * step * g.step
		if score+g.error < low {
			continue
		}
		s.consider(c, from+i, float64(score), float64(g.error)+s.slack)
		low = float32(c.low - s.slack - 1e-6)
	}
}

// scanExact is for int8 rows too wide for the sums of a scan.
func (s *search) scanExact(c *collector, from, to int) {
	for i := from; i < to; i++ {
		s.consider(c, i, math.NaN(), 0)
	}
}

// consider takes a row whose cosine is within off of score.
func (s *search) consider(c *collector, row int, score, off float64) {
	n := s.v.norms[row]
	if !(n > 0) || s.skip != nil && s.skip(row) {
		return
	}
	if !ordinary(n) || !(score >= -2 && score <= 2) {
		if score, off = s.cosine(row, nil), 0; math.IsNaN(score) {
			return // only a damaged store has such rows
		}
	}
	c.add(row, score-off, score+off)
}

// cosine is in float64, from the rows themselves.
func (s *search) cosine(row int, buf []float32) float64 {
	v := s.v
	r := buf
	if v.half == nil && v.codes == nil {
		r = v.Row(row)
	} else {
		r = v.AppendRow(buf[:0], row)
	}
	var s0, s1, s2, s3 float64
	q, i := s.query[:len(r)], 0
	for ; i+4 <= len(r); i += 4 {
		x, y := r[i:i+4:i+4], q[i:i+4:i+4]
		s0 += float64(x[0]) * float64(y[0])
		s1 += float64(x[1]) * float64(y[1])
		s2 += float64(x[2]) * float64(y[2])
		s3 += float64(x[3]) * float64(y[3])
	}
	for ; i < len(r); i++ {
		s0 += float64(r[i]) * float64(q[i])
	}
	// Two divisions: the product of the lengths could leave float64's range.
	return max(-1, min(1, (s0+s1+(s2+s3))/s.length/v.norms[row]))
}
