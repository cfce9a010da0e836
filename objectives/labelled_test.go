package objectives

import (
	"math"
	"reflect"
	"testing"
)

// TestClassifyPacksRowsWithTheirLabels: a row without segments between two that have some, and one behind.
func TestClassifyPacksRowsWithTheirLabels(t *testing.T) {
	set := Labelled{
		{IDs: []int32{1, 9, 2}, Label: Label{Class: 2}},
		{IDs: []int32{1, 9, 2, 8, 2}, Segments: []int8{0, 0, 0, 1, 1}, Label: Label{Classes: []int32{0, 3}}},
		{IDs: []int32{1, 2}, Label: Label{Value: -0.5}},
	}
	var b Batch
	b.Reset()
	var seqs []Sequence
	for i := range set.Len() {
		seqs = set.Sequences(i, seqs)
	}
	Classify{}.Examples(&b, seqs, nil)
	want := Batch{
		IDs: []int32{1, 9, 2, 1, 9, 2, 8, 2, 1, 2}, Positions: []int32{0, 1, 2, 0, 1, 2, 3, 4, 0, 1},
		Targets: []int32{-100, -100, -100, -100, -100, -100, -100, -100, -100, -100}, Segments: []int32{0, 0, 0, 0, 0, 0, 1, 1, 0, 0},
		RowOffsets: []int32{0, 3, 8, 10}, Labels: []Label{{Class: 2}, {Classes: []int32{0, 3}}, {Value: -0.5}},
	}
	if !reflect.DeepEqual(b, want) {
		t.Errorf("%+v, want %+v", b, want)
	}
	if !b.Asks() {
		t.Error("it asks for nothing")
	}
	b.Reset()
	Classify{}.Examples(&b, seqs[:1], nil)
	if len(b.Segments) != 0 {
		t.Errorf("segments %v where all are 0", b.Segments)
	}
}

// 40,000 draws: each text as often as its weight says, within four standard deviations, one of weight 0 never; the same seed draws the same.
func TestWeightedDrawsByWeight(t *testing.T) {
	weights := []float64{0, 1, 0, 5, 2, 0}
	order, count := NewWeighted(weights, 3), make([]int, len(weights))
	const draws = 40000
	for i := range uint64(draws) {
		text, epoch := order.At(i)
		if again, _ := NewWeighted(weights, 3).At(i); again != text || epoch != i/6 {
			t.Fatalf("draw %d is %d, then %d, in pass %d", i, text, again, epoch)
		}
		count[text]++
	}
	for i, w := range weights {
		p := w / 8
		if off := math.Abs(float64(count[i]) - p*draws); off > 4*math.Sqrt(p*(1-p)*draws) {
			t.Errorf("text %d of weight %v was drawn %d times of %d", i, w, count[i], draws)
		}
	}
}
