package wordvec

import (
	"fmt"
	"math"
	"strconv"
)

// Config is what is trained, by the names that word2vec, gensim and fastText give these settings.
type Config struct {
	Dim      int     `json:"dim"`       // numbers in a vector
	Window   int     `json:"window"`    // furthest word on either side that counts as context; each word draws how many from 1 to this
	Negative int     `json:"negative"`  // noise words for each pair
	MinCount int64   `json:"min-count"` // words that occur less often are left out
	Sample   float64 `json:"sample"`    // share of the text from which on a word is passed over at random; 0 passes over none
	SG       Switch  `json:"sg"`        // 1 is skip-gram, 0 is CBOW
	HS       Switch  `json:"hs"`        // 1 is hierarchical softmax in place of noise words
	Epochs   int     `json:"epochs"`    // times that the text is read
	LR       float64 `json:"lr"`        // learning rate at the start; it falls to 0 in a straight line. 0 is 0.025, and 0.05 for CBOW and fasttext

	PositionWeights Switch  `json:"position-weights"` // CBOW weighs the words of a window by their places, with weights that are learnt
	NoiseExponent   float64 `json:"ns-exponent"`      // noise words are drawn by their count to this power

	MinN    int `json:"min-n"`   // shortest character n-gram of fasttext, in characters
	MaxN    int `json:"max-n"`   // longest; 0 is none
	Buckets int `json:"buckets"` // rows that n-grams share by their hash

	Words     string `json:"words"`     // what a word is: blank (between white space), uax29 (Unicode's rules, without punctuation), or a tokenizer.json
	Lowercase Switch `json:"lowercase"` // 1 makes all letters small

	Phrases         int     `json:"phrases"`          // passes that join pairs of words that belong together, new_york; 0 is none
	PhraseThreshold float64 `json:"phrase-threshold"` // score that a pair must exceed: (count(ab) - min-count) * words / (count(a) * count(b))
}

// Values of Config.Words.
const (
	Blank = "blank"
	UAX29 = "uax29"
)

// DefaultWord2Vec is gensim's setting of word2vec.
func DefaultWord2Vec() Config {
	return Config{
		Dim: 100, Window: 5, Negative: 5, MinCount: 5, Sample: 1e-3, Epochs: 5, NoiseExponent: 0.75,
		Words: Blank, PhraseThreshold: 100,
	}
}

// DefaultFastText is fastText's setting of its unsupervised models: skip-gram with sub-words.
func DefaultFastText() Config {
	c := DefaultWord2Vec()
	c.SG, c.Sample, c.MinN, c.MaxN, c.Buckets = true, 1e-4, 3, 6, 2_000_000
	return c
}

// Resolve fills in what follows from other settings: the learning rate, and no noise words beside hierarchical softmax.
func (c *Config) Resolve() {
	if c.LR == 0 {
		c.LR = 0.025
		if !bool(c.SG) || c.Subwords() {
			c.LR = 0.05
		}
	}
	if c.HS {
		c.Negative = 0
	}
	if c.MaxN == 0 {
		c.MinN, c.Buckets = 0, 0
	}
}

// Subwords says whether words have character n-grams.
func (c Config) Subwords() bool { return c.MaxN > 0 }

// Validate returns an error that names the first setting that cannot be used, by its key, and what to give instead.
func (c Config) Validate() error {
	for _, n := range []struct {
		key         string
		value       int
		least, most int
	}{
		{"dim", c.Dim, 1, 1 << 16}, {"window", c.Window, 1, 1000}, {"negative", c.Negative, 0, 1000}, {"epochs", c.Epochs, 1, 1 << 20},
		{"min-n", c.MinN, 0, 64}, {"max-n", c.MaxN, 0, 64}, {"buckets", c.Buckets, 0, 1 << 30}, {"phrases", c.Phrases, 0, 16},
	} {
		if n.value < n.least || n.value > n.most {
			return fmt.Errorf("%s is %d: give %d to %d", n.key, n.value, n.least, n.most)
		}
	}
	for _, x := range []struct {
		key   string
		value float64
	}{{"sample", c.Sample}, {"lr", c.LR}, {"phrase-threshold", c.PhraseThreshold}} {
		if !(x.value >= 0) || math.IsInf(x.value, 0) {
			return fmt.Errorf("%s is %g: give a number from 0", x.key, x.value)
		}
	}
	switch {
	case c.MinCount < 1:
		return fmt.Errorf("min-count is %d: give at least 1, which keeps every word", c.MinCount)
	case c.Negative == 0 && !bool(c.HS):
		return fmt.Errorf("negative is 0 and hs is 0: nothing would be learnt; give noise words (negative=5), or hs=1")
	case c.Subwords() && c.MinN < 1, c.MinN > c.MaxN:
		return fmt.Errorf("min-n is %d and max-n %d: give 1 or more, the second at least the first, or max-n=0 for no sub-words", c.MinN, c.MaxN)
	case c.Subwords() && c.Buckets < 1:
		return fmt.Errorf("buckets is %d: n-grams need rows; give at least 1, or max-n=0 for no sub-words", c.Buckets)
	case bool(c.PositionWeights) && bool(c.SG):
		return fmt.Errorf("position-weights is 1 and sg is 1: skip-gram reads one word at a time; give sg=0")
	case math.IsNaN(c.NoiseExponent) || math.Abs(c.NoiseExponent) > 4:
		return fmt.Errorf("ns-exponent is %g: give -4 to 4; 0.75 is usual", c.NoiseExponent)
	case c.Words == "":
		return fmt.Errorf("words is empty: give blank, uax29, or a tokenizer.json")
	}
	return nil
}

// Switch is a bool that is also written 1 and 0, as the peers write it.
type Switch bool

// UnmarshalText reads 1, 0, true or false.
func (s *Switch) UnmarshalText(text []byte) error {
	on, err := strconv.ParseBool(string(text))
	if err != nil {
		return fmt.Errorf("want 1 or 0, found %q", text)
	}
	*s = Switch(on)
	return nil
}

// MarshalText writes 1 or 0.
func (s Switch) MarshalText() ([]byte, error) {
	if s {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}
