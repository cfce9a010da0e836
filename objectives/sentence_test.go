package objectives

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// pairRow is a row of two texts.
type pairRow struct {
	a, b  []int32
	class int32
}

// pairRows takes a batch apart that nothing was masked in.
func pairRows(t *testing.T, b *Batch) (rows []pairRow) {
	t.Helper()
	if len(b.Labels) != b.Rows() || len(b.Segments) != len(b.IDs) {
		t.Fatalf("%d rows, %d labels, %d segments of %d tokens", b.Rows(), len(b.Labels), len(b.Segments), len(b.IDs))
	}
	for r := range b.Rows() {
		ids, segments := b.IDs[b.RowOffsets[r]:b.RowOffsets[r+1]], b.Segments[b.RowOffsets[r]:b.RowOffsets[r+1]]
		second := len(ids)
		if i := slices.Index(segments, 1); i >= 0 {
			second = i
		}
		if ids[0] != clsID || ids[second-1] != sepID || ids[len(ids)-1] != sepID || slices.Contains(segments[second:], 0) {
			t.Fatalf("row %v in segments %v", ids, segments)
		}
		row := pairRow{a: ids[1 : second-1], class: b.Labels[r].Class}
		if second < len(ids) {
			row.b = ids[second : len(ids)-1]
		}
		rows = append(rows, row)
	}
	return rows
}

func TestSentencePairsFollowOrDoNot(t *testing.T) {
	doc := count(10, 40)
	other, _ := streamOf(t, testVocab, sepID, 0, count(100, 30), count(140, 12))
	for _, kind := range []string{NextSentence, SentenceOrder} {
		m := newMasked(t, func(c *MaskConfig) { c.Sentence, c.MLMProbability = kind, 1e-12 })
		m.Elsewhere = other.Cut(64)
		starts := []int{0}
		for i := 1; i < 41; i += 2 {
			starts = append(starts, i)
		}
		q := Sequence{IDs: append([]int32{sepID}, doc...), WordStarts: bitsOf(41, starts...)}
		rng := rand.New(rand.NewPCG(11, 12))
		classes, cuts := [2]int{}, map[int]int{}
		const draws = 2000
		for range draws {
			var b Batch
			b.Reset()
			m.Examples(&b, []Sequence{q}, rng)
			row := pairRows(t, &b)[0]
			classes[row.class]++
			joined := append(slices.Clone(row.a), row.b...)
			switch {
			case row.class == 0 && !slices.Equal(joined, doc):
				t.Fatalf("%s: %v and %v are called consecutive", kind, row.a, row.b)
			case row.class == 1 && kind == SentenceOrder && !slices.Equal(append(slices.Clone(row.b), row.a...), doc):
				t.Fatalf("%v and %v are not the document's halves in reverse", row.a, row.b)
			case row.class == 1 && kind == NextSentence && (len(row.b) == 0 || row.b[0] < 100 || len(row.b) > 40-len(row.a)):
				t.Fatalf("%v does not come from elsewhere, or is longer than what it replaces", row.b)
			}
			if row.class == 0 {
				cuts[len(row.a)]++
				if len(row.a)%2 != 0 || len(row.a) < 10 || len(row.a) > 31 {
					t.Fatalf("the text is cut behind %d tokens, not between words of its middle half", len(row.a))
				}
			}
		}
		within(t, kind+" of class 1", classes[1], draws, 0.5, 4.5)
		if len(cuts) < 8 {
			t.Errorf("%s: only %d places to cut at", kind, len(cuts))
		}
	}
}

// A text of one word is no pair: it is asked for tokens alone.
func TestOneWordIsNoPair(t *testing.T) {
	m := newMasked(t, func(c *MaskConfig) { c.Sentence = SentenceOrder })
	var b Batch
	b.Reset()
	m.Examples(&b, []Sequence{{IDs: []int32{10, 11, 12}, WordStarts: bitsOf(3, 0)}, {IDs: []int32{13}}, {IDs: []int32{20, 21}}}, rand.New(rand.NewPCG(1, 1)))
	rows := pairRows(t, &b)
	if rows[0].class != IgnoreIndex || rows[1].class != IgnoreIndex || rows[0].b != nil {
		t.Errorf("rows %+v", rows[:2])
	}
	if got := rows[2].class; got != 0 && got != 1 {
		t.Errorf("class of a text of two words: %d", got)
	}
	if !b.Asks() {
		t.Error("a batch with a class asks for nothing")
	}
}

func TestSentencesAreNotJoinedWithFullSentences(t *testing.T) {
	c := DefaultMask()
	c.Sentence, c.FullSentences = NextSentence, true
	wantError(t, c.Validate(), "masking.full_sentences", "leave one of them out")
	c.Sentence = "nsp"
	wantError(t, c.Validate(), "masking.sentence", "next")
}
