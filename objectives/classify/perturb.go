package classify

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"github.com/go-cloze/cloze/corpus/labelled"
)

// Perturbation changes the spelling of a text and leaves its meaning to a reader.
type Perturbation struct {
	Name   string
	Change func(text string, rng *rand.Rand) string
}

// Perturbations are what classifiers meet in the wild, by chance and by intent (Röttger et al. 2021, functionalities spell_*; Gröndahl et al.,
// "All You Need is 'Love': Evading Hate Speech Detection", 2018).
var Perturbations = []Perturbation{
	{"upper case", func(text string, _ *rand.Rand) string { return strings.ToUpper(text) }},
	{"typos", typos},
	{"letters repeated", repeated},
	{"blanks dropped", func(text string, rng *rand.Rand) string {
		return eachWord(text, rng, func(w []rune) []rune { return w }, "")
	}},
	{"blanks inside words", func(text string, rng *rand.Rand) string { return eachWord(text, rng, spaced, " ") }},
	{"digits for letters", func(text string, _ *rand.Rand) string { return leet.Replace(text) }},
	{"look-alike letters", func(text string, _ *rand.Rand) string { return lookAlike.Replace(text) }},
}

var (
	leet = strings.NewReplacer("a", "4", "A", "4", "e", "3", "E", "3", "i", "1", "I", "1", "o", "0", "O", "0", "s", "5", "S", "5")
	// Cyrillic letters that a reader does not tell from Latin ones.
	lookAlike = strings.NewReplacer("a", "а", "c", "с", "e", "е", "i", "і", "o", "о", "p", "р", "x", "х", "y", "у", "A", "А", "C", "С", "E", "Е", "O", "О", "P", "Р")
)

// share is how many of the words are changed by those that change some.
const share = 0.3

// eachWord changes a share of the words; joiner stands after a changed word in place of the blank.
func eachWord(text string, rng *rand.Rand, change func([]rune) []rune, joiner string) string {
	words := strings.Fields(text)
	var b strings.Builder
	for i, w := range words {
		join := " "
		if rng.Float64() < share {
			w, join = string(change([]rune(w))), joiner
		}
		b.WriteString(w)
		if i < len(words)-1 {
			b.WriteString(join)
		}
	}
	return b.String()
}

// typos swaps two neighbouring letters of a word, or loses one.
func typos(text string, rng *rand.Rand) string {
	return eachWord(text, rng, func(w []rune) []rune {
		if len(w) < 4 || !unicode.IsLetter(w[0]) { // mentions, links and tags are not typed by hand
			return w
		}
		at := 1 + rng.IntN(len(w)-2)
		if rng.IntN(2) == 0 {
			w[at], w[at+1] = w[at+1], w[at]
			return w
		}
		return append(w[:at], w[at+1:]...)
	}, " ")
}

// repeated draws a letter out: sooo.
func repeated(text string, rng *rand.Rand) string {
	return eachWord(text, rng, func(w []rune) []rune {
		if !unicode.IsLetter(w[0]) {
			return w
		}
		at := rng.IntN(len(w))
		return append(w[:at:at], append([]rune{w[at], w[at]}, w[at:]...)...)
	}, " ")
}

// spaced puts a blank between all letters.
func spaced(w []rune) []rune {
	if !unicode.IsLetter(w[0]) {
		return w
	}
	var out []rune
	for i, c := range w {
		if i > 0 {
			out = append(out, ' ')
		}
		out = append(out, c)
	}
	return out
}

// Robustness is how a classifier does on a set whose texts were perturbed.
type Robustness struct {
	Name     string `json:"name"`
	MacroF1  Number `json:"macro_f1"`
	Accuracy Number `json:"accuracy"`
	Changed  int    `json:"changed_answers"` // records that are answered otherwise than before
}

// Robust judges the classifier on each perturbation of the set that the report is about. What is drawn depends on seed and text alone.
func (r *Report) Robust(ctx context.Context, c *Classifier, s *labelled.Set, o EvalOptions) ([]Robustness, error) {
	o.Rounds = 0
	var out []Robustness
	for _, p := range Perturbations {
		other := *s
		other.Records = make([]labelled.Record, len(s.Records))
		for i, rec := range s.Records {
			rec.Text, rec.Pair = p.apply(rec.Text, o.Seed), p.apply(rec.Pair, o.Seed)
			other.Records[i] = rec
		}
		now, err := Evaluate(ctx, c, &other, o)
		if err != nil {
			return nil, err
		}
		row := Robustness{Name: p.Name, MacroF1: now.MacroF1.Value, Accuracy: now.Accuracy.Value}
		for i, a := range now.Answers {
			if !slices.Equal(a.Given, r.Answers[i].Given) {
				row.Changed++
			}
		}
		out = append(out, row)
	}
	return out, nil
}

func (p Perturbation) apply(text string, seed uint64) string {
	h := fnv.New64a()
	h.Write([]byte(text))
	return p.Change(text, rand.New(rand.NewPCG(seed, h.Sum64())))
}
