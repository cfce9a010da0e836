package reduce

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/go-cloze/cloze/embeddings"
)

// TSNE says how a map is made. DefaultTSNE has the usual numbers.
type TSNE struct {
	// Perplexity is about how many neighbours each point keeps near it; at most a
	// third of the points.
	Perplexity float64
	// Iterations is how often all points move.
	Iterations int
	// Progress, where set, is told each iteration that is done.
	Progress func(done int)
}

// DefaultTSNE has scikit-learn's defaults.
func DefaultTSNE() TSNE { return TSNE{Perplexity: 30, Iterations: 1000} }

const (
	tsneTheta        = 0.5 // how coarse far points are taken, see quadtree.push
	tsneExaggeration = 12  // times the affinities at first, so that clusters form
	tsneEarly        = 250 // iterations of it
)

// Map places the vectors on a plane so that those with a large cosine lie near
// each other: t-SNE (van der Maaten and Hinton, "Visualizing Data using t-SNE",
// 2008) in the Barnes-Hut form (van der Maaten, "Accelerating t-SNE using
// Tree-Based Algorithms", 2014). It begins at the first two principal components.
// The result is [N,2], in no unit. Zero vectors are refused.
func (o TSNE) Map(v *embeddings.Vectors) ([]float64, error) {
	n := v.Len()
	if n < 4 {
		return nil, fmt.Errorf("a map of %d vectors; give at least 4", n)
	}
	if !(o.Perplexity >= 1) || o.Iterations < 1 {
		return nil, fmt.Errorf("perplexity %v, %d iterations; give at least 1 of both", o.Perplexity, o.Iterations)
	}
	o.Perplexity = min(o.Perplexity, float64(n-1)/3)
	unit, err := unitVectors(v)
	if err != nil {
		return nil, err
	}
	near, err := affinities(unit, o.Perplexity)
	if err != nil {
		return nil, err
	}
	points, err := Plane(unit)
	if err != nil {
		return nil, err
	}
	scale := 1e-4 / spread(points)
	for i := range points {
		points[i] *= scale
	}
	o.move(points, near)
	return points, nil
}

// Plane places the vectors by their first two principal components, [N,2].
func Plane(v *embeddings.Vectors) ([]float64, error) {
	p, err := FitPCA(v, min(2, v.Dim()), true)
	if err != nil {
		return nil, err
	}
	points := make([]float64, 2*v.Len())
	var row, place []float32
	for i := range v.Len() {
		row = v.AppendRow(row[:0], i)
		place = p.Append(place[:0], row)
		for d, x := range place {
			points[2*i+d] = float64(x)
		}
	}
	return points, nil
}

func unitVectors(v *embeddings.Vectors) (*embeddings.Vectors, error) {
	rows := make([]float32, 0, v.Len()*v.Dim())
	for i := range v.Len() {
		length := v.Norm(i)
		if !(length > 0) {
			return nil, fmt.Errorf("the vector of word %q is zero: it has no place on a map", v.Word(i))
		}
		from := len(rows)
		rows = v.AppendRow(rows, i)
		for d := range rows[from:] {
			rows[from+d] = float32(float64(rows[from+d]) / length)
		}
	}
	return embeddings.FromRows(v.Words(), v.Dim(), rows)
}

// spread is the standard deviation of the first coordinate.
func spread(points []float64) float64 {
	sum, squares, n := 0.0, 0.0, float64(len(points)/2)
	for i := 0; i < len(points); i += 2 {
		sum, squares = sum+points[i], squares+points[i]*points[i]
	}
	return math.Sqrt(max(squares/n-sum*sum/n/n, 1e-24))
}

// affinity is p_ij of point i (its place in the list of lists) and point j.
type affinity struct {
	to int32
	p  float64
}

// affinities are the p_ij of 3 times perplexity neighbours of each point, made
// symmetric; all together they sum to 1 (equations 4 and 5 of 2014).
func affinities(unit *embeddings.Vectors, perplexity float64) ([][]affinity, error) {
	n := unit.Len()
	k := min(n-1, int(3*perplexity))
	found, err := unit.NearestBatch(unit.Rows(), k+1, embeddings.SearchOptions{})
	if err != nil {
		return nil, err
	}
	near := make([][]affinity, n)
	for i, list := range found {
		list = slices.DeleteFunc(list, func(x embeddings.Neighbor) bool { return x.Row == i })
		list = list[:min(k, len(list))]
		p := conditional(list, perplexity)
		for j, x := range list {
			near[i] = append(near[i], affinity{int32(x.Row), p[j]})
			near[x.Row] = append(near[x.Row], affinity{int32(i), p[j]})
		}
	}
	for i := range near { // p_ij = (p_j|i + p_i|j) / 2n, each pair once
		slices.SortStableFunc(near[i], func(a, b affinity) int { return cmp.Compare(a.to, b.to) })
		joined := near[i][:0]
		for _, a := range near[i] {
			if last := len(joined) - 1; last >= 0 && joined[last].to == a.to {
				joined[last].p += a.p / float64(2*n)
			} else {
				joined = append(joined, affinity{a.to, a.p / float64(2*n)})
			}
		}
		near[i] = joined
	}
	return near, nil
}

// conditional are the p_j|i: normal densities of the distances, the width
// chosen so that their entropy is log(perplexity).
func conditional(list []embeddings.Neighbor, perplexity float64) []float64 {
	p := make([]float64, len(list))
	low, high, beta := 0.0, math.Inf(1), 1.0
	for range 64 {
		sum, moment := 0.0, 0.0
		for j, x := range list {
			d := 2 * (list[0].Similarity - x.Similarity) // squared distance beyond the first's, which cancels out
			p[j] = math.Exp(-beta * d)
			sum += p[j]
			moment += p[j] * d
		}
		for j := range p {
			p[j] /= sum
		}
		off := math.Log(sum) + beta*moment/sum - math.Log(perplexity)
		switch {
		case math.Abs(off) < 1e-6:
			return p
		case off > 0:
			low = beta
		default:
			high = beta
		}
		if math.IsInf(high, 1) {
			beta *= 2
		} else {
			beta = (low + high) / 2
		}
	}
	return p
}

// move descends the gradient with momentum and a gain for each coordinate
// (Jacobs 1988, as in the authors' own program).
func (o TSNE) move(points []float64, near [][]affinity) {
	n := len(near)
	rate := max(float64(n)/tsneExaggeration/4, 50)
	speed, gain := make([]float64, 2*n), make([]float64, 2*n)
	for i := range gain {
		gain[i] = 1
	}
	gradient, shares := make([]float64, 2*n), make([]float64, n)
	var tree quadtree
	for step := range o.Iterations {
		exaggeration, momentum := 1.0, 0.8
		if step < min(tsneEarly, o.Iterations/2) {
			exaggeration, momentum = tsneExaggeration, 0.5
		}
		tree.build(points)
		descent(gradient, shares, points, near, &tree, exaggeration)
		for i, g := range gradient {
			if (g > 0) != (speed[i] > 0) {
				gain[i] += 0.2
			} else {
				gain[i] = max(gain[i]*0.8, 0.01)
			}
			speed[i] = momentum*speed[i] - rate*gain[i]*g
			points[i] += speed[i]
		}
		if o.Progress != nil {
			o.Progress(step + 1)
		}
	}
}

// descent fills in the gradient (equation 8 of 2014): neighbours pull, all push.
func descent(gradient, shares, points []float64, near [][]affinity, tree *quadtree, exaggeration float64) {
	push := make([]float64, len(points))
	parts(len(near), func(_, from, to int) []float64 {
		for i := from; i < to; i++ {
			push[2*i], push[2*i+1], shares[i] = tree.push(points[2*i], points[2*i+1], tsneTheta)
		}
		return nil
	}, func([]float64) {})
	z := 0.0
	for _, s := range shares {
		z += s
	}
	parts(len(near), func(_, from, to int) []float64 {
		for i := from; i < to; i++ {
			x, y := 0.0, 0.0
			for _, a := range near[i] {
				dx, dy := points[2*i]-points[2*a.to], points[2*i+1]-points[2*a.to+1]
				w := exaggeration * a.p / (1 + dx*dx + dy*dy)
				x, y = x+w*dx, y+w*dy
			}
			gradient[2*i] = 4 * (x - push[2*i]/z)
			gradient[2*i+1] = 4 * (y - push[2*i+1]/z)
		}
		return nil
	}, func([]float64) {})
}
