package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// newModel makes the first pieces of some words with their counts.
func newModel(t *testing.T, words map[string]int64, least int64) *unigram {
	t.Helper()
	text := &unigramText{}
	text.reserve(len(words), 100)
	for _, w := range sortedKeys(words) {
		text.add([]byte(w), words[w])
	}
	cfg := unigramConfig(1000)
	cfg.MinFrequency, cfg.Threads, cfg.CharacterCoverage = least, 2, 1
	cfg.Config = cfg.withDefaults()
	if err := text.code(cfg, &Report{}); err != nil {
		t.Fatal(err)
	}
	return newUnigram(cfg, text)
}

// randomWords draws short words of few letters, so that all that can happen to pieces does.
func randomWords(r *rand.Rand) map[string]int64 {
	words := map[string]int64{}
	for range 1 + r.IntN(12) {
		var b strings.Builder
		for range 1 + r.IntN(7) {
			b.WriteByte("abc"[r.IntN(1+r.IntN(3))])
		}
		words[b.String()] = 1 + r.Int64N(5)
	}
	return words
}

func (m *unigram) piece(p int) string {
	var b strings.Builder
	for _, c := range m.t.text[m.at[p] : int(m.at[p])+int(m.size[p])] {
		b.WriteRune(m.t.chars[c])
	}
	return b.String()
}

// TestSeedsAreTheSubstringsWithMoreThanOneContext counts all substrings and what follows them.
func TestSeedsAreTheSubstringsWithMoreThanOneContext(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 300 {
		words := randomWords(r)
		counts, next := map[string]int64{}, map[string]map[string]bool{}
		for w, n := range words {
			for i := range w {
				for j := i + 1; j <= len(w); j++ {
					s := w[i:j]
					counts[s] += n
					if next[s] == nil {
						next[s] = map[string]bool{}
					}
					next[s][(w + "$")[j:j+1]] = true
				}
			}
		}
		var want []string
		for s, n := range counts {
			if len(s) == 1 || n >= 2 && (len(next[s]) > 1 || next[s]["$"]) {
				want = append(want, s)
			}
		}
		m := newModel(t, words, 2)
		var got []string
		for p := range m.score {
			got = append(got, m.piece(p))
		}
		if !slices.IsSorted(got) {
			t.Fatalf("pieces are out of order: %q", got)
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%v\n got %q\nwant %q", words, got, want)
		}
		for i := range m.t.text { // the edges of each place are the pieces that start there
			rest := ""
			for _, c := range m.t.text[i:] {
				if c == 0 {
					break
				}
				rest += string(m.t.chars[c])
			}
			n := 0
			for _, s := range want {
				if strings.HasPrefix(rest, s) {
					n++
				}
			}
			if m.first[i+1]-m.first[i] != int32(n) {
				t.Fatalf("%q has %d edges, %d pieces start it", rest, m.first[i+1]-m.first[i], n)
			}
		}
	}
}

// spellings calls f with all ways to spell a word.
func spellings(m *unigram, pieces map[string]int, word string, way []int, f func([]int)) {
	if word == "" {
		f(way)
	}
	for n := 1; n <= len(word); n++ {
		if p, ok := pieces[word[:n]]; ok {
			spellings(m, pieces, word[n:], append(way, p), f)
		}
	}
}

// TestExpectationAndBestSpellingEqualEnumeration goes through all spellings.
func TestExpectationAndBestSpellingEqualEnumeration(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 200 {
		words := randomWords(r)
		m := newModel(t, words, 2)
		pieces := map[string]int{}
		for p := range m.score {
			pieces[m.piece(p)] = p
		}
		want, wantLog := make([]float64, len(m.score)), 0.0
		for w, n := range words {
			total, best := 0.0, math.Inf(-1)
			each := func(f func(way []int, s float64)) {
				spellings(m, pieces, w, nil, func(way []int) {
					s := 0.0
					for _, p := range way {
						s += m.score[p]
					}
					f(way, s)
				})
			}
			each(func(_ []int, s float64) { total += math.Exp(s); best = max(best, s) })
			each(func(way []int, s float64) {
				for _, p := range way {
					want[p] += float64(n) * math.Exp(s) / total
				}
			})
			wantLog += float64(n) * math.Log(total)
			part := slices.Index(sortedKeys(words), w)
			got := m.best(&viterbi{}, int(m.t.starts[part]), int(m.t.starts[part+1])-1, true, nil)
			if math.Abs(got-best) > 1e-9 {
				t.Fatalf("%q: the best spelling has %g, want %g", w, got, best)
			}
		}
		got, log := m.expect()
		for p, n := range got {
			if x := float64(n) / expectedUnit; math.Abs(x-want[p]) > 1e-3 {
				t.Fatalf("%v: %q is expected %g times, want %g", words, m.piece(p), x, want[p])
			}
		}
		if math.Abs(log-wantLog) > 1e-3*float64(len(words)) {
			t.Fatalf("likelihood %g, want %g", log, wantLog)
		}
	}
}

// TestVeryUnlikelyTextIsHalved has a part whose probability is below the least float64.
func TestVeryUnlikelyTextIsHalved(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var b strings.Builder
	for range 600 {
		b.WriteRune(rune(0x4E00 + r.IntN(400)))
	}
	m := newModel(t, map[string]int64{b.String(): 3}, 100)
	for p := range m.score {
		m.score[p] = -50
	}
	got, log := m.expect()
	sum := int64(0)
	for _, n := range got {
		sum += n
	}
	if x := float64(sum) / expectedUnit; math.IsInf(log, 0) || math.IsNaN(log) || math.Abs(x-3*600) > 0.1 || math.Abs(log+3*600*50) > 1 {
		t.Errorf("%g pieces expected, likelihood %g", x, log)
	}
}

func TestLikelihoodGrowsWithEachRound(t *testing.T) {
	words := map[string]int64{}
	for _, text := range corpus(100) {
		for w := range strings.FieldsSeq(text) {
			words[metaspace+w]++
		}
	}
	m := newModel(t, words, 2)
	last := math.Inf(-1)
	for i := range 6 {
		expected, log := m.expect()
		sum := 0.0
		for _, n := range expected {
			sum += float64(n)
		}
		for p, n := range expected { // maximum likelihood, without the prior of maximise
			m.score[p] = math.Log(max(float64(n), 1e-9) / sum)
		}
		if log <= last {
			t.Errorf("round %d: %g after %g", i, log, last)
		}
		last = log
	}
}

func TestDigamma(t *testing.T) {
	for x, want := range map[float64]float64{0.5: -1.96351002602142, 1: -0.577215664901533, 3: 0.922784335098467, 10: 2.25175258906672, 1e6: 13.8155100579642} {
		if got := digamma(x); math.Abs(got-want) > 1e-8 {
			t.Errorf("digamma(%g) is %.12f, want %.12f", x, got, want)
		}
	}
}

// wordsOf lists what a splitter makes of a text, in the order of bytes.
func wordsOf(s splitter, text string) []string {
	w := &counter{table: newWordTable(), limit: 1 << 40}
	s.split(w, []byte(text))
	var out []string
	w.table.sort()
	w.table.each(func(word []byte, _ int64) error { out = append(out, string(word)); return nil })
	return out
}

func TestUnigramCutsWhereScriptsChange(t *testing.T) {
	steps, err := stepsOf(unigramConfig(100).file(nil))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"foo(bar, 12)x1":                   "( , 1 bar x ▁12) ▁foo",
		" ﬁn\u00a0Ａb\x07c\t\u200bd\x00":    "\x00 ▁Abc ▁d ▁fin",
		"日本のカメラー e\u0301te\u0308\u0301 дa": "a ▁té\u0308\u0301 ▁д ▁日本のカメラー ▁é",
		"":               "",
		" \n ":           "",
		"\u0301a ￿\xffb": "▁b ▁\u0301a ▁\uffff",
	} {
		got := strings.Join(wordsOf(newPieceWords(steps), text), " ")
		if strings.Contains(text, "日") { // NFKC composes
			want = "a ▁é" + "të\u0301 ▁д ▁日本のカメラー"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestC30UnigramOnTextWithoutBlanks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	text := make([]byte, 1<<17)
	for i := range text {
		text[i] = "ACDEFGHIKLMNPQRSTVWY"[r.IntN(20)]
	}
	file, report, err := Unigram(unigramConfig(300), docs(string(text)))
	if err != nil || report.VocabSize != 300 || report.LongWords != 1 || len(piecesOf(t, file)) != 300 || !slices.Contains(piecesOf(t, file), metaspace) {
		t.Errorf("%v %+v", err, report)
	}
}

func TestUnigramYieldsNoSpecialToken(t *testing.T) {
	c := unigramConfig(60)
	c.SpecialTokens = []string{"<unk>", "▁abc"}
	file, _, err := Unigram(c, docs(strings.Repeat("abc abcd xabc ", 50)))
	if err != nil {
		t.Fatal(err)
	}
	if got := piecesOf(t, file); got[1] != "▁abc" || slices.Contains(got[2:], "▁abc") {
		t.Errorf("%q", got)
	}
}

func FuzzUnigram(f *testing.F) {
	f.Add("wir sind hier", uint8(40))
	f.Add("ab ab ba \x00\xff\u0301日本 <unk> ▁▁", uint8(9))
	f.Fuzz(func(t *testing.T, text string, vocab uint8) {
		c := unigramConfig(4 + int(vocab))
		a, report, err := Unigram(c, docs(text, text))
		if err != nil {
			return
		}
		if report.VocabSize > c.VocabSize || len(piecesOf(t, a)) != report.VocabSize {
			t.Errorf("%d pieces of %d wanted, %d written", report.VocabSize, c.VocabSize, len(piecesOf(t, a)))
		}
	})
}
