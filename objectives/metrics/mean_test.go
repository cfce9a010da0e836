package metrics

import (
	"math"
	"testing"
)

// Case C71: 2 tokens at 1.0 and 8 at 3.0 average to 2.6, not to the 2.0 of a mean of means.
func TestMeanWeighsBatchesByTheirTokens(t *testing.T) {
	var m Mean
	m.Add(2*1.0, 2)
	m.Add(8*3.0, 8)
	if got := m.Value(); math.Abs(got-2.6) > 1e-12 {
		t.Errorf("mean = %v, want 2.6", got)
	}
	if got := Perplexity(m.Value()); math.Abs(got-13.4637) > 1e-3 {
		t.Errorf("perplexity = %v, want 13.46", got)
	}
}

func TestMeanIsTheSameForEveryBatchSize(t *testing.T) {
	values := make([]float64, 101)
	for i := range values {
		values[i] = 3 + math.Sin(float64(i))
	}
	var want float64
	for _, v := range values {
		want += v
	}
	want /= float64(len(values))
	for _, size := range []int{1, 3, 10} {
		var m Mean
		for lo := 0; lo < len(values); lo += size {
			var sum float64
			batch := values[lo:min(lo+size, len(values))]
			for _, v := range batch {
				sum += v
			}
			m.Add(sum, float64(len(batch)))
		}
		if got := m.Value(); math.Abs(got-want) > 1e-12 {
			t.Errorf("batches of %d: mean %v, want %v", size, got, want)
		}
	}
}

// Case C67: a batch with nothing to learn is left out of the mean; it is neither 0 nor NaN.
func TestMeanLeavesEmptyBatchesOut(t *testing.T) {
	var m Mean
	m.Add(math.NaN(), 0)
	m.Add(6, 3)
	m.Add(0, 0)
	if got := m.Value(); got != 2 {
		t.Errorf("mean = %v, want 2", got)
	}
	if got := (Mean{}).Value(); !math.IsNaN(got) {
		t.Errorf("mean of nothing = %v, want NaN", got)
	}
}

func TestMergeEqualsAddingAll(t *testing.T) {
	var a, b, all Mean
	a.Add(4, 2)
	b.Add(9, 4)
	all.Add(13, 6)
	a.Merge(b)
	if a != all {
		t.Errorf("merged %v, want %v", a, all)
	}
	a.Reset()
	if a != (Mean{}) {
		t.Errorf("reset left %v", a)
	}
}

func TestBitsPerByteCountsTextOnly(t *testing.T) {
	// 8 bytes at 1 bit each, and an end of text at 2 bits that stands for no byte.
	if got := BitsPerByte(10*math.Ln2, 8); math.Abs(got-1.25) > 1e-12 {
		t.Errorf("bits per byte = %v, want 1.25", got)
	}
	if got := BitsPerByte(1, 0); !math.IsNaN(got) {
		t.Errorf("bits per byte without text = %v, want NaN", got)
	}
}
