package reduce

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/embeddings"
)

func vectors(t testing.TB, dim int, rows []float32) *embeddings.Vectors {
	t.Helper()
	words := make([]string, len(rows)/dim)
	for i := range words {
		words[i] = fmt.Sprint("w", i)
	}
	v, err := embeddings.FromRows(words, dim, rows)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// golden is one decomposition by the peer.
type golden struct {
	Mean, Variance, Ratio   []float64
	Components, Transformed [][]float64
}

func TestPCAEqualsScikitLearn(t *testing.T) {
	data, err := os.ReadFile("../../testdata/embeddings/pca.json")
	if err != nil {
		t.Fatal(err)
	}
	var peer struct {
		Rows               [][]float32
		Centred, Uncentred golden
	}
	if err := json.Unmarshal(data, &peer); err != nil {
		t.Fatal(err)
	}
	v := vectors(t, len(peer.Rows[0]), slices.Concat(peer.Rows...))
	for _, want := range []struct {
		centre bool
		golden
	}{{true, peer.Centred}, {false, peer.Uncentred}} {
		k := len(want.Variance)
		p, err := FitPCA(v, k, want.centre)
		if err != nil {
			t.Fatal(err)
		}
		near := func(what string, got, want []float64) {
			if len(got) != len(want) {
				t.Fatalf("%s: %v, want %v", what, got, want)
			}
			for i := range got {
				if math.Abs(got[i]-want[i]) > 1e-5*(1+math.Abs(want[i])) { // rows are float32
					t.Errorf("centre %v, %s %d: %v, scikit-learn %v", p.Mean[0] != 0, what, i, got[i], want[i])
				}
			}
		}
		near("mean", p.Mean, want.Mean)
		near("variance", p.Variance, want.Variance)
		near("ratio", p.Ratio, want.Ratio)
		for i := range k {
			near(fmt.Sprint("component ", i), p.Components[i], want.Components[i])
		}
		small, err := p.Apply(v)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range want.Transformed {
			got := make([]float64, k)
			for d, x := range small.Row(i) {
				got[d] = float64(x)
			}
			near(fmt.Sprint("row ", i), got, row)
		}
	}
}

func TestAllComponentsKeepCosines(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([]float32, 40*6)
	for i := range rows {
		rows[i] = float32(rng.NormFloat64() + 1)
	}
	v := vectors(t, 6, rows)
	p, err := FitPCA(v, 6, false)
	if err != nil {
		t.Fatal(err)
	}
	small, err := p.Apply(v)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 39 {
		a, _ := v.Similarity(v.Word(i), v.Word(i+1))
		if b, _ := small.Similarity(v.Word(i), v.Word(i+1)); math.Abs(a-b) > 1e-6 {
			t.Errorf("cosine %v, was %v", b, a)
		}
	}
}

func TestRefusals(t *testing.T) {
	v := vectors(t, 2, []float32{1, 0, 0, 1, 1, 1, 0, 0})
	for _, k := range []int{0, 3} {
		if _, err := FitPCA(v, k, true); err == nil {
			t.Errorf("%d components of 2 dimensions", k)
		}
	}
	if _, err := DefaultTSNE().Map(v); err == nil || !strings.Contains(err.Error(), `"w3" is zero`) {
		t.Errorf("a map with a zero vector: %v", err)
	}
	if _, err := DefaultTSNE().Map(vectors(t, 1, []float32{1, 2})); err == nil {
		t.Error("a map of two words")
	}
}

// TestMapKeepsClustersTogether: four well parted clusters stay parted.
func TestMapKeepsClustersTogether(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const each, dim = 60, 12
	var rows []float32
	for c := range 4 {
		for range each {
			for d := range dim {
				x := 0.3 * rng.NormFloat64()
				if d%4 == c {
					x += 2
				}
				rows = append(rows, float32(x))
			}
		}
	}
	v := vectors(t, dim, rows)
	o := TSNE{Perplexity: 15, Iterations: 400}
	points, err := o.Map(v)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := o.Map(v)
	if !slices.Equal(points, again) {
		t.Error("two maps of the same vectors differ")
	}
	wrong := 0
	for i := range 4 * each {
		best, at := math.Inf(1), -1
		for j := range 4 * each {
			if d := math.Hypot(points[2*i]-points[2*j], points[2*i+1]-points[2*j+1]); j != i && d < best {
				best, at = d, j
			}
		}
		if at/each != i/each {
			wrong++
		}
	}
	if wrong > 2 {
		t.Errorf("the nearest point of %d of %d is of another cluster", wrong, 4*each)
	}
}

// TestPushEqualsAllPairs compares the quadtree with the plain sums; at theta 0
// nothing is taken together.
func TestPushEqualsAllPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	points := make([]float64, 2*300)
	for i := range points {
		points[i] = rng.NormFloat64()
	}
	copy(points[10:14], points[:4]) // points at one place
	var tree quadtree
	tree.build(points)
	for theta, tolerance := range map[float64]float64{0: 1e-9, 0.5: 0.05} {
		for i := 0; i < len(points); i += 2 {
			var x, y, z, most float64
			for j := 0; j < len(points); j += 2 {
				if j != i {
					dx, dy := points[i]-points[j], points[i+1]-points[j+1]
					w := 1 / (1 + dx*dx + dy*dy)
					x, y, z = x+w*w*dx, y+w*w*dy, z+w
					most += w * w * math.Hypot(dx, dy)
				}
			}
			gx, gy, gz := tree.push(points[i], points[i+1], theta)
			if math.Abs(gx-x) > tolerance*most || math.Abs(gy-y) > tolerance*most || math.Abs(gz-z) > tolerance*z {
				t.Errorf("theta %v, point %d: %v %v %v, all pairs %v %v %v", theta, i/2, gx, gy, gz, x, y, z)
			}
		}
	}
}
