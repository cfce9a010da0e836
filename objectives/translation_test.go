package objectives

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func newTranslation(t *testing.T, share, masked float64) Translation {
	return Translation{newMasked(t, func(c *MaskConfig) { c.TLMProbability, c.MLMProbability = share, masked }), [][2]int16{{0, 1}, {0, 2}}}
}

// Case C92: `guten tag` / `good day` in one row, language ids 0 and 1, positions from 0 in both.
func TestTranslationPutsBothTextsIntoOneRow(t *testing.T) {
	m := newTranslation(t, 1, 1e-12)
	var b Batch
	b.Reset()
	m.Examples(&b, []Sequence{{IDs: []int32{sepID, 10, 11, 12, sepID, 20, 21}}, {IDs: []int32{30, sepID, 31}, Language: 1}}, rand.New(rand.NewPCG(1, 1)))
	for _, c := range []struct {
		name      string
		got, want []int32
	}{
		{"ids", b.IDs, []int32{clsID, 10, 11, 12, sepID, 20, 21, sepID, clsID, 30, sepID, 31, sepID}},
		{"positions", b.Positions, []int32{0, 1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 0, 1}},
		{"languages", b.Languages, []int32{0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 2, 2}},
		{"segments", b.Segments, []int32{0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1}},
		{"row offsets", b.RowOffsets, []int32{0, 8, 13}}, // attention goes over the whole row: a masked word sees the other side
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s = %v, want %v", c.name, c.got, c.want)
		}
	}
}

// Case C92: both sides are masked, each with its share; a share of the pairs stands apart, with the same tokens.
func TestTranslationMasksBothAndPartsSome(t *testing.T) {
	m := newTranslation(t, 0.5, 0.15)
	q := Sequence{IDs: append(append(append([]int32{sepID}, count(10, 20)...), sepID), count(50, 20)...)}
	rng := rand.New(rand.NewPCG(3, 4))
	var asked [2]int
	together, eligible := 0, 0
	const draws = 4000
	for range draws {
		var b Batch
		b.Reset()
		m.Examples(&b, []Sequence{q}, rng)
		if b.Rows() == 1 {
			together++
		}
		eligible += b.Eligible
		for i, target := range b.Targets {
			if target != IgnoreIndex {
				asked[b.Languages[i]]++
				if (target >= 50) != (b.Languages[i] == 1) {
					t.Fatalf("target %d in language %d", target, b.Languages[i])
				}
			}
		}
		if len(b.Languages) != len(b.IDs) || len(b.Segments) != len(b.IDs) || len(b.Positions) != len(b.IDs) || len(b.Targets) != len(b.IDs) {
			t.Fatal("slices of different lengths")
		}
	}
	within(t, "pairs in one row", together, draws, 0.5, 4.5)
	within(t, "first texts' targets", asked[0], draws*20, 0.15, 4.5)
	within(t, "second texts' targets", asked[1], draws*20, 0.15, 4.5)
	if eligible != draws*40 {
		t.Errorf("%d eligible tokens, want %d", eligible, draws*40)
	}
}

func TestTranslationOfHalfAPairIsOneText(t *testing.T) {
	m := newTranslation(t, 1, 1e-12)
	var b Batch
	b.Reset()
	m.Examples(&b, []Sequence{{IDs: []int32{sepID, 10}}, {IDs: []int32{sepID, sepID, 11}}, {IDs: []int32{sepID}}, {}}, rand.New(rand.NewPCG(1, 1)))
	if want := []int32{clsID, 10, sepID, clsID, 11, sepID}; !slices.Equal(b.IDs, want) || b.Rows() != 2 || b.Positions[3] != 0 {
		t.Errorf("ids %v at %v in %d rows", b.IDs, b.Positions, b.Rows())
	}
}

// Every token of every document is in one block; a document is cut only where it is longer than a block; blocks keep to their size.
func TestDocumentBlocksHoldWholeDocuments(t *testing.T) {
	var docs [][]int32
	next := int32(10)
	for i := range 60 {
		n := 1 + (i*7)%23
		docs = append(docs, count(next%150+10, n))
		next += int32(n)
	}
	docs = append(docs, count(10, 70))
	stream, _ := streamOf(t, testVocab, sepID, 0, docs...)
	for _, byLength := range []bool{false, true} {
		blocks := CutDocuments(stream, 32, byLength)
		var texts []string
		tokens, spread := 0, 0
		var seqs []Sequence
		for i := range blocks.Len() {
			seqs = blocks.Sequences(i, seqs[:0])
			n, short, long := 0, 99, 0
			for _, q := range seqs {
				n += len(q.IDs)
				short, long = min(short, len(q.IDs)), max(long, len(q.IDs))
				texts = append(texts, string(text(q.IDs)))
			}
			if n > 32 || n == 0 {
				t.Fatalf("block %d has %d tokens", i, n)
			}
			tokens, spread = tokens+n, spread+long-short
		}
		if tokens != stream.Tokens() {
			t.Errorf("%d tokens in blocks, the stream has %d", tokens, stream.Tokens())
		}
		for _, doc := range docs {
			if whole := string(text(append([]int32{sepID}, doc...))); len(doc) < 32 && !slices.Contains(texts, whole) {
				t.Errorf("a document of %d tokens is in pieces", len(doc))
			}
		}
		if mean := float64(spread) / float64(blocks.Len()); byLength && mean > 2 || !byLength && mean < 4 {
			t.Errorf("by length %v: the longest and the shortest of a block differ by %.1f tokens", byLength, mean)
		}
	}
	spoken := Spoken{CutDocuments(stream, 32, false), 3}
	for _, q := range spoken.Sequences(1, nil) {
		if q.Language != 3 {
			t.Errorf("language %d, want 3", q.Language)
		}
	}
}
