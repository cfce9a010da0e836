package reduce

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/go-cloze/cloze/embeddings"
)

// PCA holds the directions in which vectors differ most.
type PCA struct {
	// Mean is taken off every vector first, [D]; all zeros where the data was not
	// centred.
	Mean []float64
	// Components are the directions, [K][D], of length 1, that of the largest
	// variance first. The number farthest from zero is positive, as scikit-learn
	// has it.
	Components [][]float64
	// Variance is that of the vectors along each component, [K], over N-1. Not
	// centred, it is the mean square over N.
	Variance []float64
	// Ratio is the share that each has of the variance in all directions, [K].
	Ratio []float64
}

// FitPCA finds the first k principal components of the rows, by the
// eigenvectors of their covariance matrix (Jolliffe, "Principal Component
// Analysis", 2002, section 1.1; scikit-learn's PCA). With centre false the mean
// stays in, as in scikit-learn's TruncatedSVD: cosines then change as little as
// k directions allow, while taking the mean off changes all of them.
func FitPCA(v *embeddings.Vectors, k int, centre bool) (*PCA, error) {
	n, dim := v.Len(), v.Dim()
	switch {
	case k < 1 || k > dim:
		return nil, fmt.Errorf("%d components of vectors of dimension %d; give 1 to %d", k, dim, dim)
	case n < 2 || k > n:
		return nil, fmt.Errorf("%d components of %d vectors; there must be at least as many vectors, and two", k, n)
	}
	p := &PCA{Mean: make([]float64, dim)}
	if centre {
		parts(n, func(_, from, to int) []float64 { return columnSums(v, from, to) }, func(sum []float64) {
			for d, x := range sum {
				p.Mean[d] += x / float64(n)
			}
		})
	}
	cov := mat.NewSymDense(dim, nil)
	parts(n, func(_, from, to int) []float64 { return p.products(v, from, to) }, func(sum []float64) {
		for i := range dim {
			for j := i; j < dim; j++ {
				cov.SetSym(i, j, cov.At(i, j)+sum[i*dim+j])
			}
		}
	})
	over := float64(n)
	if centre {
		over--
	}
	cov.ScaleSym(1/over, cov)
	var eigen mat.EigenSym
	if !eigen.Factorize(cov, true) {
		return nil, fmt.Errorf("the covariance matrix of %d vectors has no eigenvectors that could be found; are the numbers very large?", n)
	}
	values := eigen.Values(nil) // the smallest first
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	total := 0.0
	for _, x := range values {
		total += max(x, 0) // rounding makes zero a little negative
	}
	for c := range k {
		at := dim - 1 - c
		p.Components = append(p.Components, upright(mat.Col(nil, at, &vectors)))
		p.Variance = append(p.Variance, max(values[at], 0))
		p.Ratio = append(p.Ratio, max(values[at], 0)/max(total, math.SmallestNonzeroFloat64))
	}
	return p, nil
}

// upright turns a direction so that its number farthest from zero is positive.
func upright(c []float64) []float64 {
	far := 0.0
	for _, x := range c {
		if math.Abs(x) > math.Abs(far) {
			far = x
		}
	}
	if far < 0 {
		for i := range c {
			c[i] = -c[i]
		}
	}
	return c
}

func columnSums(v *embeddings.Vectors, from, to int) []float64 {
	sum := make([]float64, v.Dim())
	var row []float32
	for i := from; i < to; i++ {
		row = v.AppendRow(row[:0], i)
		for d, x := range row {
			sum[d] += float64(x)
		}
	}
	return sum
}

// products is the upper half of the sum of (row - mean) times itself transposed, [D,D].
func (p *PCA) products(v *embeddings.Vectors, from, to int) []float64 {
	const block = 256 // rows multiplied at once
	dim := v.Dim()
	sum := blas64.Symmetric{Uplo: blas.Upper, N: dim, Stride: dim, Data: make([]float64, dim*dim)}
	table := make([]float64, 0, block*dim)
	var row []float32
	for i := from; i < to; i += block {
		end := min(i+block, to)
		table = table[:0]
		for r := i; r < end; r++ {
			row = v.AppendRow(row[:0], r)
			for d, x := range row {
				table = append(table, float64(x)-p.Mean[d])
			}
		}
		blas64.Syrk(blas.Trans, 1, blas64.General{Rows: end - i, Cols: dim, Stride: dim, Data: table}, 1, sum)
	}
	return sum.Data
}

// Append appends the vector's place along the components, [K] float32, to dst.
func (p *PCA) Append(dst, row []float32) []float32 {
	for _, c := range p.Components {
		sum := 0.0
		for d, x := range row {
			sum += (float64(x) - p.Mean[d]) * c[d]
		}
		dst = append(dst, float32(sum))
	}
	return dst
}

// Apply reduces all vectors to dimension K. The words are shared.
func (p *PCA) Apply(v *embeddings.Vectors) (*embeddings.Vectors, error) {
	k := len(p.Components)
	rows := make([]float32, v.Len()*k)
	parts(v.Len(), func(_, from, to int) []float64 {
		var row []float32
		for i := from; i < to; i++ {
			row = v.AppendRow(row[:0], i)
			p.Append(rows[i*k:i*k], row)
		}
		return nil
	}, func([]float64) {})
	return embeddings.FromRows(v.Words(), k, rows)
}

// parts cuts 0..n into a fixed number of parts, does them on all cores, and
// joins what they give in their order: so sums do not depend on the cores.
func parts(n int, do func(part, from, to int) []float64, join func([]float64)) {
	const count = 16
	var results [count][]float64
	var wait sync.WaitGroup
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	for part := range count {
		wait.Go(func() {
			turn <- struct{}{}
			results[part] = do(part, n*part/count, n*(part+1)/count)
			<-turn
		})
	}
	wait.Wait()
	for _, r := range results {
		join(r)
	}
}
