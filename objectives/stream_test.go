package objectives

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestBlocksCutAtDocumentStarts(t *testing.T) {
	train, _ := streamOf(t, 100, 0, 0, []int32{11, 12}, []int32{21, 22, 23}, []int32{31})
	// 0 11 12 | 0 21 22 23 | 0 31 | (0)
	if train.Tokens() != 9 || train.Documents() != 3 || train.Bytes() != 6 {
		t.Fatalf("%d tokens, %d documents, %d bytes", train.Tokens(), train.Documents(), train.Bytes())
	}
	blocks := train.Cut(4)
	want := [][]Sequence{
		{{IDs: []int32{0, 11, 12}, Next: 0}, {IDs: []int32{0}, Next: 21}},
		{{IDs: []int32{21, 22, 23}, Next: 0}, {IDs: []int32{0}, Next: 31}},
		{{IDs: []int32{31}, Next: 0}},
	}
	if blocks.Len() != len(want) {
		t.Fatalf("%d blocks, want %d", blocks.Len(), len(want))
	}
	for i := range want {
		checkSequences(t, blocks.Sequences(i, nil), want[i])
	}
}

func checkSequences(t *testing.T, got, want []Sequence) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("sequences %v, want %v", got, want)
	}
	for j := range want {
		if !slices.Equal(got[j].IDs, want[j].IDs) || got[j].Next != want[j].Next {
			t.Errorf("sequence %d = %v, want %v", j, got[j], want[j])
		}
	}
}

func TestStreamWithoutEndOfTextAsksForNothingAcrossDocuments(t *testing.T) {
	train, _ := streamOf(t, 100, IgnoreIndex, 0, []int32{11, 12}, []int32{21, 22, 23})
	if train.Tokens() != 5 {
		t.Fatalf("%d tokens, want 5", train.Tokens())
	}
	checkSequences(t, train.Cut(10).Sequences(0, nil), []Sequence{
		{IDs: []int32{11, 12}, Next: IgnoreIndex}, {IDs: []int32{21, 22, 23}, Next: IgnoreIndex}})
	checkSequences(t, train.Cut(2).Sequences(0, nil), []Sequence{{IDs: []int32{11, 12}, Next: IgnoreIndex}})
	checkSequences(t, train.Cut(4).Sequences(0, nil), []Sequence{
		{IDs: []int32{11, 12}, Next: IgnoreIndex}, {IDs: []int32{21, 22}, Next: 23}})
}

// Case C72: the last block is shorter, never dropped, and a corpus smaller than a block is one short block.
func TestLastBlockIsShorterNeverDropped(t *testing.T) {
	for _, c := range []struct{ tokens, block, blocks, last int }{
		{2600, 1024, 3, 552}, {1000, 1024, 1, 1000}, {2048, 1024, 2, 1024}, {1, 4, 1, 1},
	} {
		train, _ := streamOf(t, 5000, IgnoreIndex, 0, count(1, c.tokens))
		blocks := train.Cut(c.block)
		if blocks.Len() != c.blocks {
			t.Errorf("%d tokens in blocks of %d: %d blocks, want %d", c.tokens, c.block, blocks.Len(), c.blocks)
			continue
		}
		last := blocks.Sequences(c.blocks-1, nil)
		if n := len(last[0].IDs); n != c.last {
			t.Errorf("%d tokens in blocks of %d: the last has %d, want %d", c.tokens, c.block, n, c.last)
		}
	}
}

func TestEveryTokenIsAskedForOnceWhateverTheBlockSize(t *testing.T) {
	for _, size := range []int{1, 2, 7, 64, 1000} {
		rng := rand.New(rand.NewPCG(1, 2))
		var docs [][]int32
		want := make([]int, 1000)
		for range 50 {
			ids := count(1+int32(rng.IntN(400)), 1+rng.IntN(60))
			docs = append(docs, ids)
			for _, id := range ids {
				want[id]++
			}
			want[0]++ // the eot that ends it
		}
		train, _ := streamOf(t, 1000, 0, 0, docs...)
		got := make([]int, 1000)
		var batch Batch
		var seqs []Sequence
		blocks := train.Cut(size)
		for i := range blocks.Len() {
			batch.Reset()
			seqs = blocks.Sequences(i, seqs[:0])
			NextToken{}.Examples(&batch, seqs, nil)
			for _, id := range batch.Targets {
				got[id]++
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("block size %d asks for other tokens than the documents hold", size)
		}
	}
}

func TestWideVocabulariesKeepTheirIDs(t *testing.T) {
	ids := []int32{70_000, 1, 65_536, 65_535}
	train, _ := streamOf(t, 70_001, 0, 0, ids)
	checkSequences(t, train.Cut(10).Sequences(0, nil), []Sequence{{IDs: append([]int32{0}, ids...), Next: 0}})
	train, _ = streamOf(t, 65_536, 0, 0, []int32{65_535})
	checkSequences(t, train.Cut(10).Sequences(0, nil), []Sequence{{IDs: []int32{0, 65_535}, Next: 0}})
}

func TestBuilderRefusesIDsOutsideTheVocabulary(t *testing.T) {
	b := NewBuilder(50, 0)
	if err := b.Add([]byte("x"), nil); err != nil || b.Empty() != 1 || b.Documents() != 0 {
		t.Errorf("an empty document: error %v, %d counted, %d kept", err, b.Empty(), b.Documents())
	}
	for _, id := range []int32{50, -1} {
		err := b.Add([]byte("x"), []int32{3, id})
		if err == nil || !strings.Contains(err.Error(), "vocabulary of 50") {
			t.Errorf("id %d: error %v, want one that names the vocabulary's size", id, err)
		}
	}
	if b.Tokens() != 0 {
		t.Errorf("a refused document left %d tokens", b.Tokens())
	}
}
