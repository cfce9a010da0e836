package objectives

import (
	"fmt"
	"slices"
	"testing"
)

// Case C69: documents of 3 and 2 tokens in one block.
func TestNextTokenRestartsPositionsAndCrossesNoDocument(t *testing.T) {
	var b Batch
	b.Reset()
	NextToken{}.Examples(&b, []Sequence{
		{IDs: []int32{5, 6, 7}, Next: IgnoreIndex},
		{IDs: []int32{8, 9}, Next: 4},
		{Next: IgnoreIndex},
	}, nil)
	for _, c := range []struct {
		name      string
		got, want []int32
	}{
		{"ids", b.IDs, []int32{5, 6, 7, 8, 9}},
		{"positions", b.Positions, []int32{0, 1, 2, 0, 1}},
		{"targets", b.Targets, []int32{6, 7, IgnoreIndex, 9, 4}},
		{"row offsets", b.RowOffsets, []int32{0, 3, 5}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s = %v, want %v", c.name, c.got, c.want)
		}
	}
	if b.Counted != 4 || b.Rows() != 2 {
		t.Errorf("counted %d in %d rows, want 4 in 2", b.Counted, b.Rows())
	}
}

// Case C68: the end of text is learnt as any token; it is masked nowhere.
func TestNextTokenAsksForTheEndOfText(t *testing.T) {
	const eot = 0
	train, _ := streamOf(t, 10, eot, 0, []int32{3, 4})
	var b Batch
	b.Reset()
	NextToken{}.Examples(&b, train.Cut(8).Sequences(0, nil), nil)
	if want := []int32{3, 4, eot}; !slices.Equal(b.Targets, want) {
		t.Errorf("targets of `eot 3 4 eot` = %v, want %v", b.Targets, want)
	}
}

// Case C67: a sequence of one token that nothing follows has nothing to learn.
func TestBatchCountsOnlyWhatIsAsked(t *testing.T) {
	var b Batch
	b.Reset()
	NextToken{}.Examples(&b, []Sequence{{IDs: []int32{1}, Next: IgnoreIndex}}, nil)
	if b.Counted != 0 || len(b.Targets) != 1 {
		t.Errorf("counted %d of %v, want 0 of one ignored target", b.Counted, b.Targets)
	}
}

func TestBatchIsReusedWithoutAllocation(t *testing.T) {
	train, _ := streamOf(t, 300, 0, 0, count(1, 100), count(1, 50), count(1, 70))
	blocks := train.Cut(64)
	var (
		b    Batch
		seqs []Sequence
	)
	allocations := testing.AllocsPerRun(20, func() {
		b.Reset()
		for i := range blocks.Len() {
			seqs = blocks.Sequences(i, seqs[:0])
			NextToken{}.Examples(&b, seqs, nil)
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations a batch, want 0", allocations)
	}
}

// count is the ids from, from+1, ... in number n.
func count(from int32, n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = from + int32(i)
	}
	return ids
}

// streamOf builds the streams of documents whose text is one byte a token.
func streamOf(t *testing.T, vocabSize int, eot int32, validFraction float64, docs ...[]int32) (train, valid *Stream) {
	t.Helper()
	b := NewBuilder(vocabSize, eot)
	for _, ids := range docs {
		if err := b.Add(text(ids), ids); err != nil {
			t.Fatal(err)
		}
	}
	train, valid, _ = b.Split(SplitConfig{ValidFraction: validFraction}, func(ids []int32) int64 { return int64(len(ids)) })
	return train, valid
}

func text(ids []int32) []byte {
	out := make([]byte, len(ids))
	for i, id := range ids {
		out[i] = byte(id)
	}
	return out
}

func ExampleNextToken() {
	var b Batch
	b.Reset()
	NextToken{}.Examples(&b, []Sequence{{IDs: []int32{0, 7, 8}, Next: 0}, {IDs: []int32{0, 9}, Next: 0}}, nil)
	fmt.Println("read ", b.IDs)
	fmt.Println("at   ", b.Positions)
	fmt.Println("asked", b.Targets)
	// Output:
	// read  [0 7 8 0 9]
	// at    [0 1 2 0 1]
	// asked [7 8 0 9 0]
}
