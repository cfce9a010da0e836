package objectives

import (
	"slices"
	"strings"
	"testing"
)

// documentsOf takes a stream apart again.
func documentsOf(s *Stream) []string {
	var out []string
	for _, q := range s.Cut(1<<20).Sequences(0, nil) {
		out = append(out, string(text(q.IDs)))
	}
	return out
}

func TestSplitKeepsDocumentsWholeAndLosesNone(t *testing.T) {
	var docs [][]int32
	var all []string
	for i := range int32(100) {
		ids := []int32{1 + i, 2, 3, 4 + i%7}
		docs = append(docs, ids)
		all = append(all, string(text(append([]int32{0}, ids...))))
	}
	train, valid := streamOf(t, 200, 0, 0.1, docs...)
	if valid.Documents() != 10 || train.Documents() != 90 {
		t.Fatalf("%d training and %d validation documents, want 90 and 10", train.Documents(), valid.Documents())
	}
	if train.Bytes() != 360 || valid.Bytes() != 40 {
		t.Errorf("%d and %d bytes, want 360 and 40", train.Bytes(), valid.Bytes())
	}
	both := append(documentsOf(train), documentsOf(valid)...)
	slices.Sort(both)
	slices.Sort(all)
	if !slices.Equal(both, all) {
		t.Error("the two sides together are not the corpus")
	}
}

func TestSplitIgnoresTheOrderOfDocuments(t *testing.T) {
	var docs [][]int32
	for i := range int32(60) {
		docs = append(docs, []int32{1 + i, 99})
	}
	_, valid := streamOf(t, 200, 0, 0.2, docs...)
	slices.Reverse(docs)
	_, again := streamOf(t, 200, 0, 0.2, docs...)
	a, b := documentsOf(valid), documentsOf(again)
	slices.Sort(a)
	slices.Sort(b)
	if len(a) == 0 || !slices.Equal(a, b) {
		t.Errorf("another order held out other documents: %q, %q", a, b)
	}
}

func TestSplitNeverPartsEqualTexts(t *testing.T) {
	var docs [][]int32
	for i := range int32(300) {
		docs = append(docs, []int32{1 + i%40, 50})
	}
	train, valid := streamOf(t, 200, 0, 0.2, docs...)
	seen := map[string]bool{}
	for _, d := range documentsOf(train) {
		seen[d] = true
	}
	if valid.Documents() == 0 {
		t.Fatal("nothing held out")
	}
	for _, d := range documentsOf(valid) {
		if seen[d] {
			t.Fatalf("document %q is on both sides", d)
		}
	}
}

func TestSingleDocumentIsSplitByPosition(t *testing.T) {
	for _, eot := range []int32{0, IgnoreIndex} {
		b := NewBuilder(200, eot)
		ids := count(1, 100)
		if err := b.Add(text(ids), ids); err != nil {
			t.Fatal(err)
		}
		train, valid, how := b.Split(SplitConfig{ValidFraction: 0.1}, func(ids []int32) int64 { return int64(len(ids)) })
		if !strings.Contains(how, "last 10 tokens") {
			t.Errorf("said %q", how)
		}
		if valid.Bytes() != 10 || train.Bytes() != 90 {
			t.Errorf("%d and %d bytes, want 90 and 10", train.Bytes(), valid.Bytes())
		}
		next := IgnoreIndex
		if eot == 0 {
			next = 0
		}
		checkSequences(t, valid.Cut(50).Sequences(0, nil), []Sequence{{IDs: count(91, 10), Next: int32(next)}})
		last := train.Cut(1000).Sequences(0, nil)[0]
		if last.Next != IgnoreIndex || last.IDs[len(last.IDs)-1] != 90 {
			t.Errorf("training ends with %d and asks for %d", last.IDs[len(last.IDs)-1], last.Next)
		}
	}
}

func TestSplitIsCapped(t *testing.T) {
	b := NewBuilder(200, 0)
	for i := range int32(150) {
		if err := b.Add([]byte{byte(i)}, []int32{i, 7, 8}); err != nil {
			t.Fatal(err)
		}
	}
	_, valid, _ := b.Split(SplitConfig{ValidFraction: 0.5, ValidMaxTokens: 40}, nil)
	if valid.Tokens() != 40 {
		t.Errorf("%d tokens held out, want 40", valid.Tokens())
	}
	train, valid := streamOf(t, 10, 0, 0, []int32{1})
	if train.Tokens() != 2 || valid.Tokens() != 0 || valid.Cut(4).Len() != 0 {
		t.Errorf("without validation: %d and %d tokens", train.Tokens(), valid.Tokens())
	}
}

func TestSplitConfigNamesTheKey(t *testing.T) {
	if err := DefaultSplit().Validate(); err != nil {
		t.Error(err)
	}
	for key, c := range map[string]SplitConfig{
		"data.valid_fraction": {ValidFraction: 0.6}, "data.valid_max_tokens": {ValidMaxTokens: -1},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("error %v, want one that names %s", err, key)
		}
	}
}
