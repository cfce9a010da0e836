package embeddings

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMeanOfATextEqualsGensims(t *testing.T) {
	v := realVectors(t)
	type answer struct {
		Norm   float64
		Answer []scoredWord
	}
	var peer struct {
		Means []struct {
			Words     []string
			Raw, Unit answer
		}
	}
	golden(t, "queries", &peer)
	if len(peer.Means) < 3 {
		t.Fatalf("%d cases", len(peer.Means))
	}
	for _, c := range peer.Means {
		for _, unit := range []bool{false, true} {
			want := map[bool]answer{false: c.Raw, true: c.Unit}[unit]
			mean, _, err := v.AppendText(nil, c.Words, TextOptions{Unknown: Skip, Unit: unit})
			if err != nil {
				t.Fatal(err)
			}
			near(t, "length", norm(mean), want.Norm, 1e-6*want.Norm)
			got, err := v.NearestTo(mean, 5, SearchOptions{})
			if err != nil {
				t.Fatal(err)
			}
			answers(t, c.Words[0], got, want.Answer)
		}
	}
}

func TestPoolingByHand(t *testing.T) {
	v := royal(t) // king 1 1, man 1 0, woman -1 0.2, queen -1 1.2
	words := []string{"king", "x", "woman"}
	for _, c := range []struct {
		name string
		o    TextOptions
		want []float32
	}{
		{"mean", TextOptions{Unknown: Skip}, []float32{0, 0.6}},
		{"mean with zero", TextOptions{Unknown: Zero}, []float32{0, 0.4}},
		{"sum", TextOptions{Unknown: Skip, Pooling: Sum}, []float32{0, 1.2}},
		{"max", TextOptions{Unknown: Skip, Pooling: Max}, []float32{1, 1}},
		{"weighted", TextOptions{Unknown: Skip, Weight: func(w string) float64 { return float64(len(w)) }}, []float32{-0.5, 2.5}},
	} {
		got, unknown, err := v.AppendText([]float32{9}, words, c.o)
		if err != nil || len(unknown) != 1 || unknown[0].Place != 1 || got[0] != 9 {
			t.Errorf("%s: %v %v %v", c.name, got, unknown, err)
			continue
		}
		for i, x := range c.want {
			near(t, c.name, float64(got[i+1]), float64(x), 1e-6)
		}
	}
	for _, pooling := range []Pooling{Mean, Sum, Max} {
		if got, _, err := v.AppendText(nil, nil, TextOptions{Pooling: pooling}); err != nil || !slices.Equal(got, []float32{0, 0}) {
			t.Errorf("of no word: %v %v", got, err)
		}
	}
	if _, _, err := v.AppendText(nil, words, TextOptions{}); err == nil {
		t.Error("an unknown word is no error")
	}
	if _, _, err := v.AppendText(nil, []string{"king"}, TextOptions{Weight: func(string) float64 { return math.NaN() }}); err == nil {
		t.Error("a weight of NaN is no error")
	}
}

// The component is that of a plain power method on a table with one strong
// direction; texts have no part along it afterwards.
func TestCommonComponentIsTheFirstSingularVector(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n, dim = 60, 9
	rows := make([]float32, n*dim)
	for i := range rows {
		rows[i] = float32(rng.NormFloat64())
		if i%dim == 4 {
			rows[i] += 1.5
		}
	}
	got, err := CommonComponent(rows, dim)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float64, dim)
	want[0] = 1
	for range 5000 {
		next := make([]float64, dim)
		for row := range slices.Chunk(rows, dim) {
			along := 0.0
			for i, x := range row {
				along += float64(x) * want[i]
			}
			for i, x := range row {
				next[i] += along * float64(x)
			}
		}
		length := 0.0
		for _, x := range next {
			length += x * x
		}
		for i, x := range next {
			want[i] = x / math.Sqrt(length)
		}
	}
	sign := math.Copysign(1, want[4]) // the shift makes the sum of parts positive along +4
	for i := range want {
		near(t, "component", float64(got[i]), sign*want[i], 1e-6)
	}
	RemoveComponent(rows, got)
	for row := range slices.Chunk(rows, dim) {
		near(t, "part along it", float64(dot(row, got)), 0, 1e-5)
	}
}

func TestCommonComponentOfOddTables(t *testing.T) {
	if got, err := CommonComponent(make([]float32, 6), 3); got != nil || err != nil {
		t.Errorf("of zeros: %v %v", got, err)
	}
	if got, err := CommonComponent(nil, 3); got != nil || err != nil {
		t.Errorf("of no rows: %v %v", got, err)
	}
	if _, err := CommonComponent(make([]float32, 5), 3); err == nil {
		t.Error("5 numbers pass as rows of 3")
	}
	RemoveComponent([]float32{1, 2}, nil)
	got, err := CommonComponent([]float32{-3e19, -4e19}, 2) // squares beyond float32
	if err != nil {
		t.Fatal(err)
	}
	near(t, "one row", float64(got[0]), -0.6, 1e-7)
	near(t, "one row", float64(got[1]), -0.8, 1e-7)
	twins, err := CommonComponent([]float32{1, 0, 0, 1}, 2) // two directions as strong as each other
	if err != nil || math.Abs(norm(twins)-1) > 1e-6 {
		t.Errorf("%v %v", twins, err)
	}
}

func TestSIFWeighsByFrequency(t *testing.T) {
	p, err := Probability(map[string]int64{"the": 9, "cat": 1})
	if err != nil {
		t.Fatal(err)
	}
	weight := SIF(0.1, p)
	near(t, "the", weight("the"), 0.1, 1e-15)
	near(t, "cat", weight("cat"), 0.5, 1e-15)
	near(t, "new", weight("new"), 1, 1e-15)
	for _, counts := range []map[string]int64{nil, {"a": 0}, {"a": -1}} {
		if _, err := Probability(counts); err == nil {
			t.Errorf("%v has probabilities", counts)
		}
	}
}
