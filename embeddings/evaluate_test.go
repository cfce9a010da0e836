package embeddings

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// peerOptions are gensim's.
type peerOptions struct {
	Dummy           bool  `json:"dummy4unknown"`
	First           int   `json:"restrict_vocab"`
	CaseInsensitive *bool `json:"case_insensitive"`
}

func (p peerOptions) ours() EvalOptions {
	return EvalOptions{First: p.First, ZeroUnknown: p.Dummy, CaseSensitive: p.CaseInsensitive != nil && !*p.CaseInsensitive}
}

func TestSimilaritySetsEqualGensims(t *testing.T) {
	v := realVectors(t)
	var peer struct {
		Similarity []struct {
			Set               string
			Options           peerOptions
			Pearson, Spearman float64
			Unknown           float64 `json:"unknown_percent"`
		}
	}
	golden(t, "evaluation", &peer)
	if len(peer.Similarity) != 15*4 {
		t.Fatalf("%d cases", len(peer.Similarity))
	}
	published := map[string]float64{"EN-RG-65": 0.6760, "EN-WS-353-ALL": 0.5350, "EN-SIMLEX-999": 0.2670, "EN-MEN-TR-3k": 0.6817}
	for _, c := range peer.Similarity {
		set, err := OpenSimilaritySet(filepath.Join(data(t), c.Set))
		if err != nil {
			t.Fatal(err)
		}
		e, err := v.Evaluator(c.Options.ours())
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Similarity(set)
		if err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("%s %+v", set.Name, c.Options)
		near(t, what+" Spearman", got.Spearman, c.Spearman, 1e-6)
		near(t, what+" Pearson", got.Pearson, c.Pearson, 1e-6)
		near(t, what+" unknown", 100*got.UnknownShare, c.Unknown, 1e-9)
		if want, ok := published[set.Name]; ok && c.Options == (peerOptions{}) {
			near(t, what+" as told with the vectors", got.Spearman, want, 5e-5)
		}
	}
}

func TestAnalogiesEqualGensims(t *testing.T) {
	if testing.Short() {
		t.Skip("asks 60,000 questions")
	}
	v := realVectors(t)
	var peer struct {
		Analogies []struct {
			Set      string
			Options  peerOptions
			Score    float64
			Sections []struct {
				Name           string
				Correct, Asked int
			}
		}
	}
	golden(t, "evaluation", &peer)
	if len(peer.Analogies) != 5 {
		t.Fatalf("%d cases", len(peer.Analogies))
	}
	for _, c := range peer.Analogies {
		set, err := OpenAnalogySet(filepath.Join(data(t), c.Set))
		if err != nil {
			t.Fatal(err)
		}
		e, err := v.Evaluator(c.Options.ours())
		if err != nil {
			t.Fatal(err)
		}
		got := e.Analogies(set)
		near(t, set.Name, got.Total.Accuracy, c.Score, 1e-6)
		sections := append(got.Sections, got.Total)
		for i, want := range c.Sections {
			if sections[i].Correct != want.Correct || sections[i].Asked != want.Asked {
				t.Errorf("%s %+v, %s: %d of %d, want %d of %d", set.Name, c.Options, want.Name, sections[i].Correct, sections[i].Asked, want.Correct, want.Asked)
			}
		}
	}
}

func TestEvaluationSetsAreReadAsTheyCome(t *testing.T) {
	set, err := ReadSimilaritySet("s", strings.NewReader("\uFEFF# comment\r\nWord 1\tWord 2\tHuman (mean)\r\na b\tc\t1.5\r\nd,e,2\n\nf g 3\nh\ti\tnan\nj\tk\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []ScoredPair{{"a b", "c", 1.5}, {"d", "e", 2}, {"f", "g", 3}}; fmt.Sprint(set.Pairs) != fmt.Sprint(want) || set.Skipped != 3 {
		t.Errorf("%+v", set)
	}
	_, err = ReadSimilaritySet("s", strings.NewReader("only words\n"))
	refused(t, err, "s", "no pair", "1 other lines")

	questions, err := ReadAnalogySet("q", strings.NewReader("a b c d\n: two words \n: gram1\r\ne f g h\r\nx y z\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(questions.Sections); got != "[{ [[a b c d]]} {two words []} {gram1 [[e f g h]]}]" || questions.Skipped != 1 {
		t.Errorf("%+v", questions)
	}
	_, err = ReadAnalogySet("q", strings.NewReader(": empty\n"))
	refused(t, err, "q", "no question")
	_, err = OpenAnalogySet(file(t, "cut.gz", "\x1f\x8b"))
	refused(t, err, "cut.gz", "damaged")
	_, err = OpenSimilaritySet(file(t, "empty.txt", ""))
	refused(t, err, "empty.txt", "no pair")
	_, err = OpenSimilaritySet("no/such/file")
	refused(t, err, "no/such/file")
}

// The rules of the peer that its numbers hang on, on words made for them.
func TestEvaluationFoldsCase(t *testing.T) {
	v, err := FromRows([]string{"Straße", "STRASSE", "ship", "boat", "Boat", "sea"}, 2,
		[]float32{1, 0, 0, 1, 0.6, 0.8, 0.8, 0.6, 0, 1, -1, 0.1})
	if err != nil {
		t.Fatal(err)
	}
	set := &SimilaritySet{Name: "s", Pairs: []ScoredPair{{"strasse", "SHIP", 1}, {"boat", "ship", 2}, {"sea", "ship", 0}, {"ship", "none", 9}}}
	for _, c := range []struct {
		o              EvalOptions
		pairs, unknown int
	}{
		{EvalOptions{}, 3, 1}, {EvalOptions{CaseSensitive: true}, 2, 2}, {EvalOptions{ZeroUnknown: true}, 4, 1}, {EvalOptions{First: 4}, 2, 2},
	} {
		e, err := v.Evaluator(c.o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Similarity(set)
		if err != nil || got.Pairs != c.pairs || got.Unknown != c.unknown {
			t.Errorf("%+v: %+v %v", c.o, got, err)
		}
	}
	e, err := v.Evaluator(EvalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if row := e.allowed["STRASSE"]; row != 0 {
		t.Errorf("STRASSE is row %d, want the first that is spelled so in capitals", row)
	}
	if _, err := e.Similarity(&SimilaritySet{Name: "s", Pairs: []ScoredPair{{"x", "y", 1}}}); err == nil {
		t.Error("a set of unknown words has a correlation")
	}
	if _, err := v.Evaluator(EvalOptions{First: -1}); err == nil {
		t.Error("-1 rows")
	}
	if !math.IsNaN(MeanSpearman(nil)) {
		t.Error("the mean over no set is a number")
	}
}

func TestUpperIsUnicodesFullMapping(t *testing.T) {
	var peer struct{ Upper [][2]string }
	golden(t, "evaluation", &peer)
	if len(peer.Upper) < 102 {
		t.Fatalf("%d words", len(peer.Upper))
	}
	for _, c := range peer.Upper {
		if got := upper(c[0]); got != c[1] {
			t.Errorf("%q becomes %q, want %q", c[0], got, c[1])
		}
	}
}

func FuzzReadSets(f *testing.F) {
	f.Add("a\tb\t1\n")
	f.Add(": s\na b c d\n")
	f.Add("# x\n\xff,\x00,0x1p3\n")
	f.Fuzz(func(t *testing.T, text string) {
		if set, err := ReadSimilaritySet("fuzz", strings.NewReader(text)); err == nil {
			for _, p := range set.Pairs {
				if !(math.Abs(p.Score) <= math.MaxFloat64) {
					t.Errorf("score %v", p.Score)
				}
			}
		}
		if set, err := ReadAnalogySet("fuzz", strings.NewReader(text)); err == nil && len(set.Sections) == 0 {
			t.Error("a set without a section")
		}
	})
}
