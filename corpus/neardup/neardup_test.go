package neardup

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestNormalUndoesTheSpellingsOfDataSets(t *testing.T) {
	for in, want := range map[string]string{
		"RT @some_one: Don't   STOP! https://t.co/x":  "dont stop",
		"@USER Don’t stop URL":                        "dont stop",
		".@user,don't &amp;amp; &lt;stop&gt;":         "dont stop",
		"look:http://a.b/c?d #Two_Words":              "look two words",
		"naïve 3,5 soft\u00adhyphen \U0001F600":       "naïve 3 5 softhyphen",
		"":                                            "",
		" @user \U0001F600 ... https://t.co/abc  URL": "",
		"\xff\xfea":                                   "a",
		"a@b.c users":                                 "a c users",
	} {
		if got := Normal(in); got != want {
			t.Errorf("Normal(%q) = %q, want %q", in, got, want)
		}
	}
}

func find(t *testing.T, threshold float64, list []string, text string) Match {
	t.Helper()
	x, err := New(list, threshold)
	if err != nil {
		t.Fatal(err)
	}
	return x.Find([]byte(text))
}

func TestFindsRepeatsAndNothingElse(t *testing.T) {
	list := []string{
		"The ferry leaves the old harbour at seven in the morning, and nobody has ever seen it come back.",
		"no way", "Ja.", "…",
	}
	for text, want := range map[string]Match{
		list[0]: Exact,
		"@anna the ferry leaves the old harbour at seven in the morning and nobody has ever seen it come back http://x.y/z": Exact,
		"The ferry leaves the old harbour at eight in the morning, and nobody has ever seen it come back.":                  Near,
		"The ferry leaves the old harbour at seven in the morning, and nobody has ever seen it come back. So it goes.":      Near,
		"The ferry leaves the new port at noon, and nobody has ever seen it come back.":                                     None,
		"The bus leaves the old market at seven in the evening, and everybody has seen it come back again.":                 None,
		"No way!":   Exact,
		"no ways":   None,
		"oh no way": None,
		"...":       None,
		"":          None,
		strings.Repeat(list[0]+" And more. ", 1000): Near, // the set of 5-grams of a text and of its repetitions is nearly one
	} {
		if got := find(t, 0, list, text); got != want {
			t.Errorf("%.60q: %v, want %v", text, got, want)
		}
	}
}

func TestThresholdsAreChecked(t *testing.T) {
	for _, bad := range []float64{-1, 1.01} {
		if _, err := New(nil, bad); err == nil {
			t.Errorf("threshold %g is accepted", bad)
		}
	}
	if find(t, 1, []string{"a text of some words, one two three"}, "one two three, a text of some words") != None {
		t.Error("another order of words is equal at threshold 1")
	}
}

// gramSet is the set of 5-grams of a text.
func gramSet(text string) map[string]bool {
	runes, set := []rune(Normal(text)), map[string]bool{}
	for i := 0; i+gramRunes <= len(runes); i++ {
		set[string(runes[i:i+gramRunes])] = true
	}
	return set
}

// similarity compares two sets without any index.
func similarity(x, y map[string]bool) float64 {
	shared := 0
	if len(x) < MinGrams || len(y) < MinGrams {
		return 0
	}
	for g := range x {
		if y[g] {
			shared++
		}
	}
	return float64(shared) / float64(len(x)+len(y)-shared)
}

// babble makes a text of n words of a small vocabulary.
func babble(rng *rand.Rand, n int) string {
	words := strings.Fields("river stone über leaf wind house 山の上 lamp kettle field garden window Öl paper winter road train apple")
	out := make([]string, n)
	for i := range out {
		out[i] = words[rng.IntN(len(words))]
	}
	return strings.Join(out, " ")
}

// changed replaces some words.
func changed(rng *rand.Rand, text string, n int) string {
	words := strings.Fields(text)
	for range n {
		words[rng.IntN(len(words))] = babble(rng, 1)
	}
	return strings.Join(words, " ")
}

func TestFindsWhatComparingWithEachFinds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var list, asked []string
	var sets []map[string]bool
	for range 100 {
		list = append(list, babble(rng, 1+rng.IntN(30)))
		sets = append(sets, gramSet(list[len(list)-1]))
	}
	for range 500 {
		asked = append(asked, changed(rng, list[rng.IntN(len(list))], 1+rng.IntN(6)))
	}
	for _, threshold := range []float64{0.3, 0.8, 1} {
		x, err := New(list, threshold)
		if err != nil {
			t.Fatal(err)
		}
		found := map[Match]int{}
		for _, text := range asked {
			want, set := None, gramSet(text)
			for i, l := range list {
				if Normal(l) == Normal(text) {
					want = Exact
				} else if want == None && similarity(sets[i], set) >= threshold-1e-12 {
					want = Near
				}
			}
			got := x.Find([]byte(text))
			if found[got]++; got != want {
				t.Fatalf("threshold %g: %q: %v, want %v", threshold, text, got, want)
			}
		}
		if threshold < 0.9 && (found[Near] < 50 || threshold > 0.5 && found[None] < 50) {
			t.Errorf("threshold %g: %v: too few of a kind to say anything", threshold, found)
		}
	}
}

func TestManyMayAsk(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var list []string
	for range 50 {
		list = append(list, babble(rng, 20))
	}
	x, _ := New(list, 0)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i := range 500 {
				if x.Find([]byte(list[i%50])) != Exact || x.Find([]byte(list[i%50]+" ending")) != Near {
					t.Error("not found")
				}
			}
		})
	}
	wait.Wait()
}

// Hostile texts: long, of one character, of ever new characters, of entities, and many that share much.
func TestLinearOnHostileTexts(t *testing.T) {
	var list []string
	for i := range 2000 {
		list = append(list, fmt.Sprintf("they all begin with the very same words and go on so for long until number %d", i))
	}
	x, err := New(list, 0)
	if err != nil {
		t.Fatal(err)
	}
	time1 := func(text string) time.Duration {
		best := time.Hour
		for range 3 {
			start := time.Now()
			x.Find([]byte(text))
			best = min(best, time.Since(start))
		}
		return best
	}
	var counted strings.Builder
	for i := range 1 << 17 {
		fmt.Fprintf(&counted, "%d ", i)
	}
	for name, text := range map[string]string{
		"one letter": strings.Repeat("a", 1<<20), "entities": strings.Repeat("&amp;", 1<<18), "at": strings.Repeat("@", 1<<20),
		"links": strings.Repeat("a://", 1<<18), "numbers": counted.String(), "of the list": strings.Repeat(list[7]+" ", 1<<13),
	} {
		half, whole := time1(text[:len(text)/2]), time1(text)
		if whole > 5*half+20*time.Millisecond {
			t.Errorf("%s: %v for half, %v for the whole", name, half, whole)
		}
	}
}

func TestListOrderIsOfNoMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var list []string
	for range 100 {
		list = append(list, babble(rng, 12))
	}
	x, _ := New(list, 0)
	slices.Reverse(list)
	y, _ := New(list, 0)
	for i := range 500 {
		text := []byte(changed(rng, list[i%100], 2))
		if a, b := x.Find(text), y.Find(text); a != b {
			t.Fatalf("%v and %v", a, b)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("The ferry leaves the old harbour.", "the ferry leaves the old harbours &amp; @x", 0.8)
	f.Add("\xff&#0;&#xD800;", "a://b", 0.5)
	f.Add("ééééééééééééééééééé", "山山山山山山山山山", 0.1)
	f.Fuzz(func(t *testing.T, listed, text string, threshold float64) {
		n := Normal(text)
		if Normal(n) != n && Normal(Normal(n)) != Normal(n) {
			t.Errorf("the normal form %q is not stable", n)
		}
		x, err := New([]string{listed, "another text stands here, too"}, threshold)
		if err != nil {
			return
		}
		if threshold == 0 {
			threshold = DefaultThreshold
		}
		got := x.Find([]byte(text))
		set := gramSet(text)
		if s := similarity(gramSet(listed), set); got == None && s > threshold+1e-6 || got == Near && max(s, similarity(gramSet("another text stands here, too"), set)) < threshold-1e-6 {
			t.Errorf("%v at similarity %g, threshold %g", got, s, threshold)
		}
		if got := x.Find([]byte(listed)); n != "" && Normal(listed) != "" && got != Exact {
			t.Errorf("a text of the list is found as %v", got)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	var list []string
	for range 10000 {
		list = append(list, babble(rng, 20))
	}
	x, _ := New(list, 0)
	text := []byte(babble(rng, 20))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		x.Find(text)
	}
}
