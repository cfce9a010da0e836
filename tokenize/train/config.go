package train

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"
)

// Config is what all trainers are told.
type Config struct {
	VocabSize     int      // pieces wanted, special tokens and single bytes or characters among them; fewer where the text has no more
	SpecialTokens []string // get the first ids, in this order
	MinFrequency  int64    // what is seen fewer times makes no piece
	MemoryBytes   int64    // bound of the word tables and of what training needs, about 60 MB of fixed cost apart
	Threads       int      // goroutines that work; 0: one a processor. The result does not depend on it
	TempDir       string   // where tables go that do not fit; "": the system's
	// Progress, where set, is told how far a stage is ("count": bytes of total 0, unknown; "merge": merges of those wanted; "prune":
	// pieces of those too many). It is called from the goroutine that called the trainer.
	Progress func(stage string, done, total int64)
}

// minMemory is the least that MemoryBytes may be: below, tables would be so small that all time went into the disk.
const minMemory = 16 << 20

// validate says what is wrong; least is the smallest vocabulary that there can be, and why says what it is made of.
func (c Config) validate(least int, why string) error {
	switch {
	case c.VocabSize < least:
		return fmt.Errorf("vocab_size %d is less than the %d that %s take", c.VocabSize, least, why)
	case c.VocabSize > 1<<24:
		return fmt.Errorf("vocab_size %d is more than %d", c.VocabSize, 1<<24)
	case c.MinFrequency < 0:
		return fmt.Errorf("min_frequency %d is negative", c.MinFrequency)
	case c.MemoryBytes < minMemory:
		return fmt.Errorf("memory %d bytes is less than %d", c.MemoryBytes, minMemory)
	case c.Threads < 0:
		return fmt.Errorf("threads %d is negative", c.Threads)
	}
	return nil
}

// withDefaults fills in what was left open.
func (c Config) withDefaults() Config {
	if c.Threads == 0 {
		c.Threads = runtime.GOMAXPROCS(0)
	}
	if c.Progress == nil {
		c.Progress = func(string, int64, int64) {}
	}
	c.MinFrequency = max(c.MinFrequency, 1)
	return c
}

// trained runs one training: the frame that all trainers share.
func trained(cfg Config, validate func() error, run func(Config, *Report) error) (Report, error) {
	start := time.Now()
	report := Report{Wanted: cfg.VocabSize}
	err := validate()
	if err == nil {
		err = run(cfg.withDefaults(), &report)
	}
	if err != nil {
		return report, fmt.Errorf("train tokenizer: %w", err)
	}
	report.Seconds = time.Since(start).Seconds()
	return report, nil
}

// checkSpecial says what is wrong with special tokens of which unk must be one.
func checkSpecial(tokens []string, unk string) error {
	seen := map[string]bool{}
	for _, s := range tokens {
		if s == "" {
			return errors.New("special_tokens: one is empty")
		}
		if seen[s] {
			return fmt.Errorf("special_tokens: %q appears twice", s)
		}
		if n := utf8.RuneCountInString(strings.TrimPrefix(s, inside)); n < 2 {
			return fmt.Errorf("special_tokens: %q is a single character, which is a piece of its own; choose one of more than one character", s)
		}
		seen[s] = true
	}
	if !seen[unk] {
		return fmt.Errorf("special_tokens: unk_token %q is not among them; what has no piece could not be encoded", unk)
	}
	return nil
}

// Report says what a training read, kept and reached.
type Report struct {
	Documents     int64   `json:"documents"`
	Bytes         int64   `json:"bytes"`
	Words         int64   `json:"words"`                 // as cut by the pre-tokenizer, each occurrence
	DistinctWords int64   `json:"distinct_words"`        // chunks of long words count one each
	LongWords     int64   `json:"long_words"`            // counted in chunks: of more than 64 KiB, for Unigram 2 KiB
	KeptWords     int64   `json:"kept_words"`            // distinct words that merging saw; fewer than DistinctWords where memory did not suffice
	KeptShare     float64 `json:"kept_share"`            // share of the occurrences that those are
	SpilledBytes  int64   `json:"spilled_bytes"`         // written to temporary files
	LostChars     int     `json:"lost_characters"`       // distinct characters that got no piece
	LostShare     float64 `json:"lost_characters_share"` // share of all characters of the text that those are
	UnknownShare  float64 `json:"unknown_share"`         // of a vocabulary of words: share of the occurrences that have no piece
	Wanted        int     `json:"wanted"`                // vocabulary size asked for
	VocabSize     int     `json:"vocab_size"`            // vocabulary size reached
	Seconds       float64 `json:"seconds"`
}

// String is the report on a few lines.
func (r Report) String() string {
	s := fmt.Sprintf("read %d documents, %d bytes; %d words, %d distinct; vocabulary %d; %.1f s",
		r.Documents, r.Bytes, r.Words, r.DistinctWords, r.VocabSize, r.Seconds)
	if r.VocabSize < r.Wanted {
		s += fmt.Sprintf("\nnote: the text allows %d pieces, %d were asked for", r.VocabSize, r.Wanted)
	}
	if r.KeptWords < r.DistinctWords {
		s += fmt.Sprintf("\nnote: memory held %d of %d distinct words, the most frequent: %.2f %% of the text", r.KeptWords, r.DistinctWords, 100*r.KeptShare)
	}
	if r.LostChars > 0 {
		s += fmt.Sprintf("\nnote: %d rare characters got no piece: %.4f %% of the text is encoded as bytes, where the model has bytes, or as unknown", r.LostChars, 100*r.LostShare)
	}
	if r.UnknownShare > 0 {
		s += fmt.Sprintf("\nnote: %.2f %% of the words have no piece", 100*r.UnknownShare)
	}
	if r.SpilledBytes > 0 {
		s += fmt.Sprintf("\nnote: %d bytes of word counts went through temporary files", r.SpilledBytes)
	}
	if r.LongWords > 0 {
		s += fmt.Sprintf("\nnote: %d long words were counted in chunks", r.LongWords)
	}
	return s
}
