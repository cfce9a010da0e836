package ngram

import (
	"fmt"

	"github.com/go-cloze/cloze/embeddings/fasttext"
)

// Config says how a classifier is trained.
type Config struct {
	Dim        int     `yaml:"dim"`         // numbers in a vector
	LR         float64 `yaml:"lr"`          // learning rate at the start; it falls to 0 in a straight line
	Epochs     int     `yaml:"epochs"`      // passes over the texts
	MinCount   int     `yaml:"min_count"`   // a word seen less often has no vector of its own
	WordNgrams int     `yaml:"word_ngrams"` // longest n-gram of words
	MinN       int     `yaml:"minn"`        // shortest piece of a word in characters
	MaxN       int     `yaml:"maxn"`        // longest piece of a word in characters, 0 for none
	Bucket     int     `yaml:"bucket"`      // hash buckets of pieces and n-grams
	Loss       string  `yaml:"loss"`        // softmax, ova (each label by itself), or empty: by the task
	Lowercase  bool    `yaml:"lowercase"`   // texts are read in lower case
	Shuffle    bool    `yaml:"shuffle"`     // the order of texts is drawn anew for each epoch; the original's is the file's
}

// DefaultConfig is the original's for classifiers; but texts are read in lower case and shuffled. In the order of a file that is sorted by
// label, a classifier learns the last label.
func DefaultConfig() Config {
	return Config{Dim: 100, LR: 0.1, Epochs: 5, MinCount: 1, WordNgrams: 1, Bucket: 2_000_000, Lowercase: true, Shuffle: true}
}

// maxBucket bounds the index of buckets, 4 bytes each.
const maxBucket = 1 << 28

// Validate says what is wrong with the configuration, nil when nothing is.
func (c Config) Validate() error {
	for _, x := range []struct {
		key       string
		value     int
		low, high int
	}{{"dim", c.Dim, 1, 4096}, {"epochs", c.Epochs, 1, 100_000}, {"min_count", c.MinCount, 1, 1 << 30}, {"word_ngrams", c.WordNgrams, 1, 64},
		{"minn", c.MinN, 0, 64}, {"maxn", c.MaxN, 0, 64}, {"bucket", c.Bucket, 0, maxBucket}} {
		if x.value < x.low || x.value > x.high {
			return fmt.Errorf("ngram.%s is %d; give %d to %d", x.key, x.value, x.low, x.high)
		}
	}
	if !(c.LR > 0 && c.LR <= 100) {
		return fmt.Errorf("ngram.lr is %g; give a number above 0, 0.1 to 1 are usual", c.LR)
	}
	if c.MaxN > 0 && (c.MinN < 1 || c.MinN > c.MaxN) {
		return fmt.Errorf("ngram.minn is %d and ngram.maxn %d; give 1 <= minn <= maxn", c.MinN, c.MaxN)
	}
	if c.Bucket == 0 && (c.MaxN > 0 || c.WordNgrams > 1) {
		return fmt.Errorf("ngram.bucket is 0, but pieces of words and n-grams need buckets; 2000000 is usual")
	}
	if c.Loss != "" && c.Loss != "softmax" && c.Loss != "ova" {
		return fmt.Errorf("ngram.loss: unknown %q; known are softmax and ova", c.Loss)
	}
	return nil
}

// args are the settings under the original's names.
func (c Config) args() fasttext.Args {
	a := fasttext.DefaultArgs()
	a.Model, a.Loss = fasttext.Supervised, fasttext.Softmax
	if c.Loss == "ova" {
		a.Loss = fasttext.OneVsAll
	}
	a.Dim, a.Epoch, a.MinCount, a.WordNgrams = int32(c.Dim), int32(c.Epochs), int32(c.MinCount), int32(c.WordNgrams)
	a.MinN, a.MaxN, a.Bucket = int32(c.MinN), int32(c.MaxN), int32(c.Bucket)
	if c.MaxN == 0 {
		a.MinN = 0
		if c.WordNgrams == 1 { // nothing is hashed
			a.Bucket = 0
		}
	}
	return a
}
