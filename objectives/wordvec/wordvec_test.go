package wordvec

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// encode makes a corpus of sentences.
func encode(t testing.TB, c Config, old *Vocabulary, sentences ...string) (*Corpus, Report, error) {
	t.Helper()
	dir := t.TempDir()
	e, err := NewEncoder(filepath.Join(dir, "ids"), c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sentences {
		if err := e.Add([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	corpus, r, err := e.Corpus(filepath.Join(dir, "vocab.txt"), old)
	if err != nil {
		e.Close()
		return nil, r, err
	}
	t.Cleanup(func() { corpus.Close() })
	return corpus, r, nil
}

// sentencesOf reads a corpus back, a slice a sentence.
func sentencesOf(t testing.TB, c *Corpus) (sentences [][]string) {
	t.Helper()
	var chunk Chunk
	for i := range c.Chunks() {
		if err := c.Read(i, &chunk); err != nil {
			t.Fatal(err)
		}
		begin := int32(0)
		for _, end := range chunk.Ends {
			var s []string
			for _, id := range chunk.Tokens[begin:end] {
				s = append(s, c.Words[id])
			}
			sentences, begin = append(sentences, s), end
		}
	}
	return sentences
}

// every keeps all words.
func every() Config {
	c := DefaultWord2Vec()
	c.MinCount, c.Sample = 1, 0
	return c
}

func TestVocabularyOrderIsWritten(t *testing.T) {
	c := every()
	c.MinCount = 2
	corpus, r, err := encode(t, c, nil, "b a c b", "a é z é", "", " \t ", "rare")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b", "é"}; !slices.Equal(corpus.Words, want) || !slices.Equal(corpus.Counts, []int64{2, 2, 2}) {
		t.Errorf("words %q, counts %v; want %q, each 2", corpus.Words, corpus.Counts, want)
	}
	got := sentencesOf(t, corpus)
	if fmt.Sprint(got) != "[[b a b] [a é é]]" {
		t.Errorf("sentences %v", got)
	}
	if r.Sentences != 3 || r.Words != 9 || r.Types != 6 || r.KeptWords != 6 || r.KeptTypes != 3 || r.RareWords != 3 || r.RareTypes != 3 {
		t.Errorf("report %+v", r)
	}
}

// TestC13NoWordHoldsWhiteSpace is over every character of Unicode's property.
func TestC13NoWordHoldsWhiteSpace(t *testing.T) {
	corpus, _, err := encode(t, every(), nil, "könig\u2009dame\u00a0bube\u3000ass")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"ass", "bube", "dame", "könig"}; !slices.Equal(corpus.Words, want) {
		t.Errorf("words %q, want %q", corpus.Words, want)
	}
	var text strings.Builder
	for r := rune(1); r < 0x3100; r++ { // the last that is white space is U+3000
		fmt.Fprintf(&text, "x%cy ", r)
	}
	for _, kind := range []string{Blank, UAX29} {
		c := every()
		c.Words = kind
		if corpus, _, err = encode(t, c, nil, text.String()); err != nil {
			t.Fatal(err)
		}
		for _, w := range corpus.Words {
			if strings.ContainsFunc(w, unicode.IsSpace) {
				t.Errorf("%s: %q is a word", kind, w)
			}
		}
	}
}

func TestC14LongWordsStayApart(t *testing.T) {
	one, two := strings.Repeat("a", 149)+"b", strings.Repeat("a", 149)+"c"
	corpus, _, err := encode(t, DefaultWord2Vec(), nil, strings.Repeat(one+" "+two+" ", 5))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(corpus.Words, []string{one, two}) || !slices.Equal(corpus.Counts, []int64{5, 5}) {
		t.Errorf("%d words, counts %v", corpus.Len(), corpus.Counts)
	}
}

func TestC40NothingLeftTellsTheNumbers(t *testing.T) {
	c := DefaultWord2Vec()
	c.MinCount = 50
	_, _, err := encode(t, c, nil, "a b c", "a b c", "a b c")
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"9 words read", "3 different", "highest count 3", "min-count 50", "lower min-count"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if _, _, err := encode(t, c, nil, " "); err == nil || !strings.Contains(err.Error(), "no words") {
		t.Errorf("of an empty text: %v", err)
	}
}

func TestC41LongSentencesStayWhole(t *testing.T) {
	var long []string
	for i := range 10_005 {
		long = append(long, fmt.Sprint("w", i))
	}
	corpus, r, err := encode(t, every(), nil, strings.Join(long, " "))
	if err != nil {
		t.Fatal(err)
	}
	if got := sentencesOf(t, corpus); len(got) != 1 || !slices.Equal(got[0], long) || r.Cut != 0 || r.KeptWords != 10_005 {
		t.Errorf("%d sentences, the first of %d words, %+v", len(got), len(got[0]), r)
	}
}

func TestChunksHoldEveryWordOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var sentences []string
	var all []string
	for _, size := range []int{3, 9_990, 7, 25_000, 1, 250_000, 4} {
		var s []string
		for range size {
			s = append(s, fmt.Sprint("w", rng.IntN(50)))
		}
		all = append(all, s...)
		sentences = append(sentences, strings.Join(s, " "))
	}
	corpus, r, err := encode(t, every(), nil, sentences...)
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Concat(sentencesOf(t, corpus)...); !slices.Equal(got, all) {
		t.Errorf("%d words came back of %d, or others", len(got), len(all))
	}
	if r.Cut != 1 {
		t.Errorf("%d sentences were cut, want 1", r.Cut)
	}
	var chunk Chunk
	for i := range corpus.Chunks() {
		if err := corpus.Read(i, &chunk); err != nil {
			t.Fatal(err)
		}
		if n := corpus.WordsBefore(i+1) - corpus.WordsBefore(i); n != int64(len(chunk.Tokens)) || n > cutWords {
			t.Errorf("chunk %d has %d words, said to be %d", i, len(chunk.Tokens), n)
		}
	}
	path := corpus.file.Name()
	again, err := OpenCorpus(path, filepath.Join(filepath.Dir(path), "vocab.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if !slices.Equal(again.begins, corpus.begins) || !slices.Equal(again.words, corpus.words) || !slices.Equal(again.Words, corpus.Words) || !slices.Equal(again.Counts, corpus.Counts) {
		t.Error("opened again, the corpus is another")
	}
}

func TestDamagedNumbersAreRefused(t *testing.T) {
	corpus, _, err := encode(t, every(), nil, "a b a b")
	if err != nil {
		t.Fatal(err)
	}
	path := corpus.file.Name()
	vocabulary := filepath.Join(filepath.Dir(path), "vocab.txt")
	if err := os.WriteFile(path, []byte{1, 0, 0, 0, 9, 0, 0, 0}, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCorpus(path, vocabulary); err == nil || !strings.Contains(err.Error(), "word 9 of 2 at byte 4") {
		t.Errorf("a number beyond the vocabulary: %v", err)
	}
	for _, text := range []string{"a", "a b", "a -1", " 5"} {
		if err := os.WriteFile(vocabulary, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadVocabulary(vocabulary); err == nil || !strings.Contains(err.Error(), "vocab.txt:1:") {
			t.Errorf("a vocabulary line %q: %v", text, err)
		}
	}
}

func TestLowercaseAndUAX29(t *testing.T) {
	c := every()
	c.Words, c.Lowercase = UAX29, true
	corpus, _, err := encode(t, c, nil, "Don't STOP, Élise! (3.5)")
	if err != nil {
		t.Fatal(err)
	}
	if got := sentencesOf(t, corpus); fmt.Sprint(got) != "[[don't stop élise 3.5]]" {
		t.Errorf("words %q", got)
	}
}

func TestWordTableTellsWordsApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	table, want := newWordTable(), map[string]uint32{}
	for range 100_000 {
		word := make([]byte, 1+rng.IntN(20))
		for i := range word {
			word[i] = "ab\x00\xff"[rng.IntN(4)]
		}
		if rng.IntN(2) == 0 {
			word = slices.Clip(word) // no room to read on behind it
		}
		n := table.number(word)
		if known, ok := want[string(word)]; ok && known != n || !ok && int(n) != len(want) {
			t.Fatalf("%q is %d, was %d of %d", word, n, known, len(want))
		}
		want[string(word)] = n
	}
	for word, n := range want {
		if string(table.word(n)) != word {
			t.Fatalf("word %d is %q, want %q", n, table.word(n), word)
		}
	}
}

func TestKeepIsWord2Vecs(t *testing.T) {
	v := &Vocabulary{Words: []string{"a", "b", "c"}, Counts: []int64{9000, 990, 10}}
	keep := v.Keep(1e-3)
	for i, count := range v.Counts {
		f := float64(count) / 10000
		want := min(1, (math.Sqrt(f/1e-3)+1)*1e-3/f) // word2vec.c: (sqrt(cn / (sample * train_words)) + 1) * (sample * train_words) / cn
		if got := float64(keep[i]) / (1 << 32); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is kept with %.10f, want %.10f", v.Words[i], got, want)
		}
	}
	if v.Keep(0) != nil {
		t.Error("sample 0 passes words over")
	}
}

func TestNoiseHasTheDistribution(t *testing.T) {
	counts := []int64{1000, 500, 0, 20, 3, 1}
	slots := Noise(counts, 0.75)
	got := make([]float64, len(counts))
	for i, slot := range slots {
		accept := float64(slot>>32) / (1 << 32)
		got[i] += accept / float64(len(counts))
		got[uint32(slot)] += (1 - accept) / float64(len(counts))
	}
	sum := 0.0
	for _, c := range counts {
		sum += math.Pow(float64(c), 0.75)
	}
	for i, c := range counts {
		if want := math.Pow(float64(c), 0.75) / sum; math.Abs(got[i]-want) > 1e-8 {
			t.Errorf("word %d has the chance %.9f, want %.9f", i, got[i], want)
		}
	}
}

func TestHuffmanCodesAreShortest(t *testing.T) {
	counts := []int64{50, 20, 10, 10, 5, 3, 1, 1}
	h := NewHuffman(counts)
	total, seen := int64(0), map[string]bool{}
	kraft := 0.0
	for w, count := range counts {
		code := h.Codes[h.Offsets[w]:h.Offsets[w+1]]
		total += count * int64(len(code))
		kraft += math.Pow(2, -float64(len(code)))
		seen[string(code)] = true
		points := h.Points[h.Offsets[w]:h.Offsets[w+1]]
		if points[0] != int32(len(counts)-2) {
			t.Errorf("the way of word %d begins at %d, not at the root", w, points[0])
		}
	}
	// Summed by hand: the sums of the inner nodes are 2, 5, 10, 20, 30, 50, 100.
	if total != 217 || len(seen) != len(counts) || math.Abs(kraft-1) > 1e-12 {
		t.Errorf("%d bits in all, %d different codes, Kraft sum %g", total, len(seen), kraft)
	}
	if h := NewHuffman([]int64{3}); len(h.Codes) != 0 || len(h.Offsets) != 2 {
		t.Errorf("a tree of one word: %+v", h)
	}
}

// TestPhrasesJoinWhatWord2PhraseJoins is worked by hand from word2phrase.c.
func TestPhrasesJoinWhatWord2PhraseJoins(t *testing.T) {
	c := every()
	c.MinCount, c.Phrases, c.PhraseThreshold = 2, 1, 1
	text := []string{"i see new york city", "new york is big", "in new york city now", "city of new things", "i am in it"}
	corpus, r, err := encode(t, c, nil, text...)
	if err != nil {
		t.Fatal(err)
	}
	// 22 words. new york: (3-2)*22/(4*3) = 1.83, joined; york city: (2-2) = 0; i see, in new: once.
	if !slices.Equal(r.Joined, []int64{3}) {
		t.Errorf("joined %v, want 3", r.Joined)
	}
	i := slices.Index(corpus.Words, "new_york")
	if i < 0 || corpus.Counts[i] != 3 || slices.Contains(corpus.Words, "york") {
		t.Errorf("words %q, counts %v", corpus.Words, corpus.Counts)
	}
	c.Phrases, c.PhraseThreshold = 2, 0.1
	c.MinCount = 1
	if corpus, r, err = encode(t, c, nil, "a b c d", "a b c d", "x a y", "b z"); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(corpus.Words, "a_b_c_d") || len(r.Joined) != 2 {
		t.Errorf("words %q after two passes, joined %v", corpus.Words, r.Joined)
	}
}

func TestUpdateKeepsOldWords(t *testing.T) {
	c := every()
	c.MinCount = 2
	old := &Vocabulary{Words: []string{"old", "a"}, Counts: []int64{7, 3}}
	corpus, _, err := encode(t, c, old, "a b b", "rare a")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"old", "a", "b"}; !slices.Equal(corpus.Words, want) || !slices.Equal(corpus.Counts, []int64{7, 5, 2}) {
		t.Errorf("words %q, counts %v; want %q", corpus.Words, corpus.Counts, want)
	}
}

func TestSettingsThatCannotBeAreNamed(t *testing.T) {
	for key, change := range map[string]func(*Config){
		"dim": func(c *Config) { c.Dim = 0 }, "window": func(c *Config) { c.Window = -1 }, "negative": func(c *Config) { c.Negative = 0 },
		"min-count": func(c *Config) { c.MinCount = 0 }, "sample": func(c *Config) { c.Sample = math.NaN() }, "lr": func(c *Config) { c.LR = math.Inf(1) },
		"epochs": func(c *Config) { c.Epochs = 0 }, "min-n": func(c *Config) { c.MaxN, c.MinN = 3, 4 }, "buckets": func(c *Config) { c.MinN, c.MaxN, c.Buckets = 3, 6, 0 },
		"position-weights": func(c *Config) { c.SG, c.PositionWeights = true, true }, "words": func(c *Config) { c.Words = "" },
	} {
		c := DefaultWord2Vec()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
	for _, c := range []Config{DefaultWord2Vec(), DefaultFastText()} {
		if c.Resolve(); c.Validate() != nil || c.LR == 0 {
			t.Errorf("%+v: %v", c, c.Validate())
		}
	}
	var s Switch
	if s.UnmarshalText([]byte("1")) != nil || !bool(s) || s.UnmarshalText([]byte("maybe")) == nil {
		t.Error("a switch reads 1 and refuses maybe")
	}
}

// FuzzEncode holds what comes back against strings.Fields.
func FuzzEncode(f *testing.F) {
	f.Add("a b\u00a0c a")
	f.Add("\xff \xc2 x\xe2\x80")
	f.Fuzz(func(t *testing.T, text string) {
		corpus, _, err := encode(t, every(), nil, text, "one two")
		if err != nil {
			t.Fatal(err)
		}
		var want [][]string
		for _, s := range []string{text, "one two"} {
			if fields := strings.FieldsFunc(s, unicode.IsSpace); len(fields) > 0 {
				want = append(want, fields)
			}
		}
		if got := sentencesOf(t, corpus); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
		var out bytes.Buffer
		if err := corpus.write(&out); err != nil || strings.Count(out.String(), "\n") != corpus.Len() {
			t.Errorf("the vocabulary is written as %q, %v", out.String(), err)
		}
	})
}
