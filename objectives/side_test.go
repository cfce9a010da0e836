package objectives

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// corpusOf is documents in memory.
func corpusOf(t *testing.T, docs ...string) Corpus {
	t.Helper()
	b := NewBuilder(256, 0)
	for _, doc := range docs {
		var ids []int32
		for _, c := range []byte(doc) {
			ids = append(ids, int32(c))
		}
		if err := b.Add([]byte(doc), ids); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestWhatOneCorpusHoldsOutNoOtherTrainsOn(t *testing.T) {
	var shared, a, b []string
	word := func(rng *rand.Rand) string { return strings.Repeat(string(rune('a'+rng.IntN(26))), 1+rng.IntN(5)) }
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		shared = append(shared, word(rng)+word(rng)+word(rng)+word(rng))
	}
	for range 300 {
		b = append(b, word(rng)+"-"+word(rng)+word(rng)+word(rng))
	}
	a, b = append(a, shared...), append(b, shared...)
	cfg := SplitConfig{ValidFraction: 0.1}
	corpora := []Corpus{corpusOf(t, a...), corpusOf(t, b...)}
	train, valid, how := SplitEach(corpora, []SplitConfig{cfg, {}}, nil)
	if len(how) != 2 || valid[0].Documents() == 0 || valid[1].Documents() < valid[0].Documents() {
		t.Fatalf("%v: %d and %d documents held out", how, valid[0].Documents(), valid[1].Documents())
	}
	held := map[string]bool{}
	for _, s := range valid {
		for _, doc := range documentsOf(s) {
			held[doc] = true
		}
	}
	for i, s := range train {
		for _, doc := range documentsOf(s) {
			if held[doc] {
				t.Errorf("corpus %d trains on %q, which is held out", i, doc)
			}
		}
		if got := s.Documents() + valid[i].Documents(); got != corpora[i].Documents() {
			t.Errorf("corpus %d: %d of %d documents are left", i, got, corpora[i].Documents())
		}
	}
}

func TestASideIsItsStreamsInOrder(t *testing.T) {
	a, _ := streamOf(t, 10, 0, 0, []int32{1, 2, 3}, []int32{4})
	b, _ := streamOf(t, 10, 0, 0, []int32{5, 6})
	s := Side{a, b}
	if s.Tokens() != 9 || s.Documents() != 3 || s.Bytes() != a.Bytes()+b.Bytes() {
		t.Errorf("%d tokens, %d documents, %d bytes", s.Tokens(), s.Documents(), s.Bytes())
	}
	if (Side{a}).Fingerprint() != a.Fingerprint() || s.Fingerprint() == (Side{b, a}).Fingerprint() {
		t.Error("the fingerprint does not know the order, or not the only stream")
	}
	blocks := s.Cut(4) // of 6 tokens and of 3
	if blocks.Len() != 3 {
		t.Fatalf("%d blocks, want 3", blocks.Len())
	}
	for i, want := range []int32{0, 0, 0} {
		if got := blocks.Sequences(i, nil)[0].IDs[0]; i != 1 && got != want {
			t.Errorf("block %d begins with %d", i, got)
		}
	}
	if got := blocks.Sequences(2, nil)[0].IDs; len(got) != 3 || got[1] != 5 {
		t.Errorf("the last block holds %v", got)
	}
}
