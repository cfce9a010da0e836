package objectives

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Ids of the tests: specials first, then ordinary ones.
const (
	padID, clsID, sepID, maskID = 0, 1, 2, 3
	testVocab                   = 200
)

func testRoles() Roles {
	return Roles{CLS: clsID, SEP: sepID, Mask: maskID, EndOfText: sepID, Special: []int32{padID, clsID, sepID, maskID}, VocabSize: testVocab}
}

func newMasked(t testing.TB, change func(*MaskConfig)) *MaskedToken {
	t.Helper()
	c := DefaultMask()
	if change != nil {
		change(&c)
	}
	m, err := NewMaskedToken(c, testRoles())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// bitsOf sets the bits of indices.
func bitsOf(n int, set ...int) []uint64 {
	b := make([]uint64, (n+63)/64)
	for _, i := range set {
		b[i>>6] |= 1 << (i & 63)
	}
	return b
}

// checkMasked looks at each token of a batch beside the texts it was made of: what may be chosen, and what may stand there.
func checkMasked(t testing.TB, b *Batch, texts [][]int32) (masked, random, kept int) {
	t.Helper()
	if len(b.Targets) != len(b.IDs) || len(b.Positions) != len(b.IDs) || b.Rows() != len(texts) {
		t.Fatalf("%d ids, %d targets, %d positions, %d rows of %d texts", len(b.IDs), len(b.Targets), len(b.Positions), b.Rows(), len(texts))
	}
	counted := 0
	for r, text := range texts {
		lo, hi := int(b.RowOffsets[r]), int(b.RowOffsets[r+1])
		if hi-lo != len(text)+2 || b.IDs[lo] != clsID || b.IDs[hi-1] != sepID || b.Targets[lo] != IgnoreIndex || b.Targets[hi-1] != IgnoreIndex {
			t.Fatalf("row %d is %v asked %v, want CLS and SEP, asked nothing, around %d tokens", r, b.IDs[lo:hi], b.Targets[lo:hi], len(text))
		}
		for i, id := range text {
			at := lo + 1 + i
			if b.Positions[at] != int32(i+1) {
				t.Fatalf("token %d of row %d is at position %d", i, r, b.Positions[at])
			}
			target, got := b.Targets[at], b.IDs[at]
			switch {
			case target == IgnoreIndex && got == id:
				continue
			case target != id || id < 4:
				t.Fatalf("token %d of row %d was %d, is %d, asked for %d", i, r, id, got, target)
			case got == maskID:
				masked++
			case got == id:
				kept++
			case got >= 4:
				random++
			default:
				t.Fatalf("a random token is the special %d", got)
			}
			counted++
		}
	}
	if counted != b.Counted {
		t.Fatalf("%d targets, counted %d", counted, b.Counted)
	}
	return masked, random, kept
}

// within fails unless got is n·p but for z standard deviations of a binomial distribution.
func within(t *testing.T, what string, got, n int, p, z float64) {
	t.Helper()
	want, deviation := float64(n)*p, math.Sqrt(float64(n)*p*(1-p))
	if math.Abs(float64(got)-want) > z*deviation {
		t.Errorf("%s: %d of %d, want %.0f ± %.0f", what, got, n, want, z*deviation)
	}
}

// Case C65: 8 rows of 6 tokens, 1,000 draws. Bounds of 4.5 standard deviations; the issue's ± 0.01 of the share is wider.
func TestMaskedTokenChoosesItsShareAndNoSpecialTokens(t *testing.T) {
	for _, unit := range []string{MaskTokens, MaskWords, MaskSpans} {
		m := newMasked(t, func(c *MaskConfig) { c.Unit = unit })
		var seqs []Sequence
		var texts [][]int32
		for r := range 8 {
			text := count(int32(10+6*r), 6)
			texts = append(texts, text)
			seqs = append(seqs, Sequence{IDs: append([]int32{sepID}, text...), WordStarts: bitsOf(7, 0, 1, 2, 3, 4, 5, 6)})
		}
		var b Batch
		rng := rand.New(rand.NewPCG(1, 2))
		positions := make([]int, 6)
		var masked, random, kept int
		const draws = 1000
		for range draws {
			b.Reset()
			m.Examples(&b, seqs, rng)
			mm, rr, kk := checkMasked(t, &b, texts)
			masked, random, kept = masked+mm, random+rr, kept+kk
			if b.Eligible != 48 {
				t.Fatalf("%d eligible tokens, want 48", b.Eligible)
			}
			for i, target := range b.Targets {
				if target != IgnoreIndex {
					positions[b.Positions[i]-1]++
				}
			}
		}
		all := masked + random + kept
		// A random token is the right one once in 196 draws and counts as kept; that is far inside the bounds.
		spread := 4.5
		if unit == MaskSpans { // whole spans share a draw: up to 1 token of 6 in a row, or 2, hence a little wider
			spread = 6
		}
		within(t, unit+" chosen", all, draws*48, 0.15, spread)
		within(t, unit+" masked", masked, all, 0.8, spread)
		within(t, unit+" random", random, all, 0.1, spread)
		within(t, unit+" kept", kept, all, 0.1, spread)
		if unit != MaskSpans { // chi square with 5 degrees of freedom: above 25.7 once in 10,000
			if x := chiSquare(positions); x > 25.7 {
				t.Errorf("%s: positions %v have chi square %.1f", unit, positions, x)
			}
		}
	}
}

// chiSquare is Pearson's statistic against equal counts.
func chiSquare(counts []int) (x float64) {
	n := 0
	for _, c := range counts {
		n += c
	}
	want := float64(n) / float64(len(counts))
	for _, c := range counts {
		x += (float64(c) - want) * (float64(c) - want) / want
	}
	return x
}

func TestRandomTokensAreUniform(t *testing.T) {
	m := newMasked(t, func(c *MaskConfig) { c.MLMProbability, c.MaskReplaceProb, c.RandomReplaceProb = 1, 0, 1 })
	seqs := []Sequence{{IDs: count(10, 100)}}
	var b Batch
	rng := rand.New(rand.NewPCG(3, 4))
	counts := make([]int, testVocab)
	for range 400 {
		b.Reset()
		m.Examples(&b, seqs, rng)
		for _, id := range b.IDs[1 : len(b.IDs)-1] {
			counts[id]++
		}
	}
	if got := counts[:4]; slices.Max(got) > 0 {
		t.Errorf("special tokens were drawn: %v", got)
	}
	// 195 degrees of freedom: mean 195, deviation 19.7; 4.5 deviations.
	if x := chiSquare(counts[4:]); x > 195+4.5*19.7 {
		t.Errorf("chi square of the random tokens is %.1f", x)
	}
}

// Case C66: the words of one sentence in three tokenizers, cut into other numbers of pieces.
func TestWholeWordsAreTheSameInEveryTokenizer(t *testing.T) {
	pieces := map[string][]int{ // pieces of each of the 12 words
		"wordpiece": {2, 1, 1, 3, 1, 2, 1, 1, 4, 1, 1, 2}, "byte-level": {1, 1, 2, 2, 1, 1, 1, 3, 2, 1, 1, 1}, "unigram": {2, 2, 1, 1, 1, 1, 5, 1, 1, 1, 2, 1},
	}
	m := newMasked(t, func(c *MaskConfig) { c.Unit, c.MLMProbability = MaskWords, 0.3 })
	chosenBy := map[string][]string{}
	for name, lengths := range pieces {
		n := 0
		var starts []int
		for _, l := range lengths {
			starts = append(starts, n)
			n += l
		}
		seq := Sequence{IDs: count(10, n), WordStarts: bitsOf(n, starts...)}
		for seed := range uint64(50) {
			var b Batch
			b.Reset()
			m.Examples(&b, []Sequence{seq}, rand.New(rand.NewPCG(seed, 0)))
			chosen := make([]bool, len(lengths))
			for w, start := range starts {
				asked := 0
				for i := range lengths[w] {
					if b.Targets[1+start+i] != IgnoreIndex {
						asked++
					}
				}
				if asked != 0 && asked != lengths[w] {
					t.Fatalf("%s: %d of the %d pieces of word %d are asked for", name, asked, lengths[w], w)
				}
				chosen[w] = asked > 0
			}
			chosenBy[name] = append(chosenBy[name], fmt.Sprint(chosen))
		}
	}
	for name, chosen := range chosenBy {
		if !slices.Equal(chosen, chosenBy["unigram"]) {
			t.Errorf("%s has other words chosen than unigram", name)
		}
	}
}

// Case C67: 61 % of rows of three tokens have nothing chosen; the batch says so.
func TestShortRowsMayAskForNothing(t *testing.T) {
	m := newMasked(t, nil)
	rng := rand.New(rand.NewPCG(5, 6))
	var b Batch
	empty := 0
	const draws = 20000
	for range draws {
		b.Reset()
		m.Examples(&b, []Sequence{{IDs: []int32{10, 11, 12}}}, rng)
		if b.Counted == 0 {
			empty++
			if b.Asks() {
				t.Fatal("a batch without targets asks for something")
			}
		}
	}
	within(t, "rows without targets", empty, draws, math.Pow(0.85, 3), 4.5)
}

// Case C68: what only pads has the id of a text's token; that token counts as text.
func TestPaddingIDInTheTextIsText(t *testing.T) {
	roles := testRoles()
	roles.Special = []int32{clsID, sepID, maskID} // padID is the full stop, say
	config := DefaultMask()
	config.MLMProbability = 1
	m, err := NewMaskedToken(config, roles)
	if err != nil {
		t.Fatal(err)
	}
	var b Batch
	b.Reset()
	m.Examples(&b, []Sequence{{IDs: []int32{10, padID, sepID}}}, rand.New(rand.NewPCG(1, 1)))
	if want := []int32{IgnoreIndex, 10, padID, IgnoreIndex, IgnoreIndex}; !slices.Equal(b.Targets, want) || b.Eligible != 2 {
		t.Errorf("targets %v of %d eligible, want %v of 2", b.Targets, b.Eligible, want)
	}
}

// SpanBERT, section 3.1: with p = 0.2 and at most 10 words a span has 3.8 words on average.
func TestSpanLengthsAreGeometric(t *testing.T) {
	m := newMasked(t, func(c *MaskConfig) { c.Unit = MaskSpans })
	rng := rand.New(rand.NewPCG(7, 8))
	const draws = 50000
	counts := make([]int, 11)
	sum := 0
	for range draws {
		n := m.spanLength(rng)
		counts[n]++
		sum += n
	}
	if mean := float64(sum) / draws; math.Abs(mean-3.797) > 0.05 {
		t.Errorf("mean length %.3f, want 3.797", mean)
	}
	for n := 1; n <= 10; n++ {
		within(t, fmt.Sprintf("spans of %d", n), counts[n], draws, 0.2*math.Pow(0.8, float64(n-1))/(1-math.Pow(0.8, 10)), 4.5)
	}
}

// Spans start where words do, and only the last one may end inside a word.
func TestSpansAreRunsOfWords(t *testing.T) {
	m := newMasked(t, func(c *MaskConfig) { c.Unit, c.RandomReplaceProb, c.MaskReplaceProb = MaskSpans, 0, 1 })
	const n = 120
	var starts []int
	for i := 0; i < n; i += 3 {
		starts = append(starts, i)
	}
	seq := Sequence{IDs: count(10, n), WordStarts: bitsOf(n, starts...)}
	rng := rand.New(rand.NewPCG(9, 10))
	runs := 0
	for range 500 {
		var b Batch
		b.Reset()
		m.Examples(&b, []Sequence{seq}, rng)
		if b.Counted != 18 {
			t.Fatalf("%d of 120 tokens asked for, want 18", b.Counted)
		}
		cut := 0
		asked := func(i int) bool { return i >= 0 && i < n && b.Targets[1+i] != IgnoreIndex }
		for i := range n {
			if asked(i) && !asked(i-1) {
				runs++
				if i%3 != 0 {
					t.Fatalf("a span starts at piece %d of a word", i%3)
				}
			}
			if asked(i) && !asked(i+1) && i%3 != 2 {
				cut++
			}
		}
		if cut > 1 {
			t.Fatalf("%d spans end inside a word", cut)
		}
	}
	if mean := float64(runs) / 500; mean > 6 { // 18 tokens one by one would be about 15 runs
		t.Errorf("%.1f runs a text: these are no spans", mean)
	}
}

func TestFullSentencesMakeOneRow(t *testing.T) {
	m := newMasked(t, func(c *MaskConfig) { c.FullSentences, c.MLMProbability = true, 1e-9 })
	var b Batch
	b.Reset()
	m.Examples(&b, []Sequence{{IDs: []int32{7, 8}}, {IDs: []int32{sepID, 9}, Language: 1}, {IDs: []int32{sepID}}}, rand.New(rand.NewPCG(1, 1)))
	if want := []int32{clsID, 7, 8, sepID, 9, sepID}; !slices.Equal(b.IDs, want) || b.Rows() != 1 {
		t.Errorf("ids %v in %d rows, want %v in 1", b.IDs, b.Rows(), want)
	}
	if want := []int32{0, 1, 2, 3, 4, 5}; !slices.Equal(b.Positions, want) {
		t.Errorf("positions %v, want %v", b.Positions, want)
	}
	if want := []int32{0, 0, 0, 0, 1, 1}; !slices.Equal(b.Languages, want) {
		t.Errorf("languages %v, want %v", b.Languages, want)
	}
}

func TestMaskedTokenAllocatesNothing(t *testing.T) {
	for _, unit := range []string{MaskTokens, MaskWords, MaskSpans} {
		m := newMasked(t, func(c *MaskConfig) { c.Unit = unit })
		seqs := []Sequence{{IDs: count(10, 100), WordStarts: bitsOf(100, 0, 3, 50)}, {IDs: count(20, 50), WordStarts: bitsOf(50, 0, 9)}}
		var b Batch
		rng := rand.New(rand.NewPCG(1, 2))
		if n := testing.AllocsPerRun(20, func() { b.Reset(); m.Examples(&b, seqs, rng) }); n != 0 {
			t.Errorf("%s: %v allocations a batch, want 0", unit, n)
		}
	}
}

func TestMaskConfigNamesWhatIsWrong(t *testing.T) {
	for key, change := range map[string]func(*MaskConfig){
		"mlm_probability":   func(c *MaskConfig) { c.MLMProbability = 15 },
		"mask_replace_prob": func(c *MaskConfig) { c.MaskReplaceProb = 0.95 },
		"unit":              func(c *MaskConfig) { c.Unit = "words" },
		"span_geometric_p":  func(c *MaskConfig) { c.SpanGeometricP = 1 },
		"max_span_length":   func(c *MaskConfig) { c.MaxSpanLength = 0 },
	} {
		c := DefaultMask()
		change(&c)
		wantError(t, c.Validate(), "masking."+key)
		_, err := NewMaskedToken(c, testRoles())
		wantError(t, err, "masking."+key)
	}
	roles := testRoles()
	roles.Mask = IgnoreIndex
	_, err := NewMaskedToken(DefaultMask(), roles)
	wantError(t, err, "mask token", "<mask>")
	_, err = NewMaskedToken(DefaultMask(), Roles{CLS: 0, SEP: 1, Mask: 2, VocabSize: 3})
	wantError(t, err, "all 3 ids")
}
