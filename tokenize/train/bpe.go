package train

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"time"

	"github.com/go-cloze/cloze/tokenize"
)

// BPEConfig says what tokenizer to train.
type BPEConfig struct {
	VocabSize     int      // pieces wanted, special tokens and the 256 bytes among them; fewer where the text has no more
	SpecialTokens []string // get the first ids, in this order
	MinFrequency  int64    // a pair seen fewer times makes no piece
	MemoryBytes   int64    // bound of the word tables and of what merging needs, about 60 MB of fixed cost apart
	Threads       int      // goroutines that count; 0: one a processor. The result does not depend on it
	TempDir       string   // where tables go that do not fit; "": the system's
	// Progress, where set, is told how far a stage is ("count": bytes of total 0, unknown; "merge": merges of those wanted). It is
	// called from the goroutine that called BPE.
	Progress func(stage string, done, total int64)
}

// DefaultBPE is GPT-2's kind of tokenizer with 8,192 pieces.
func DefaultBPE() BPEConfig {
	return BPEConfig{VocabSize: 8192, SpecialTokens: []string{"<|endoftext|>"}, MinFrequency: 1, MemoryBytes: 1 << 30}
}

// minMemory is the least that MemoryBytes may be: below, tables would be so small that all time went into the disk.
const minMemory = 16 << 20

// Validate says what is wrong with a configuration.
func (c BPEConfig) Validate() error {
	least := 256 + len(c.SpecialTokens)
	switch {
	case c.VocabSize < least:
		return fmt.Errorf("vocab_size %d is less than the %d that the 256 bytes and %d special tokens take", c.VocabSize, least, len(c.SpecialTokens))
	case c.VocabSize > 1<<24:
		return fmt.Errorf("vocab_size %d is more than %d", c.VocabSize, 1<<24)
	case c.MinFrequency < 0:
		return fmt.Errorf("min_frequency %d is negative", c.MinFrequency)
	case c.MemoryBytes < minMemory:
		return fmt.Errorf("memory %d bytes is less than %d", c.MemoryBytes, minMemory)
	case c.Threads < 0:
		return fmt.Errorf("threads %d is negative", c.Threads)
	}
	_, err := tokenize.NewBPE(c.SpecialTokens, nil)
	return err
}

// Report says what a training read, kept and reached.
type Report struct {
	Documents     int64   `json:"documents"`
	Bytes         int64   `json:"bytes"`
	Words         int64   `json:"words"`          // as cut by the pre-tokenizer, each occurrence
	DistinctWords int64   `json:"distinct_words"` // chunks of long words count one each
	LongWords     int64   `json:"long_words"`     // of more than 64 KiB: counted in chunks
	KeptWords     int64   `json:"kept_words"`     // distinct words that merging saw; fewer than DistinctWords where memory did not suffice
	KeptShare     float64 `json:"kept_share"`     // share of the occurrences that those are
	SpilledBytes  int64   `json:"spilled_bytes"`  // written to temporary files
	Wanted        int     `json:"wanted"`         // vocabulary size asked for
	VocabSize     int     `json:"vocab_size"`     // vocabulary size reached
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
	if r.SpilledBytes > 0 {
		s += fmt.Sprintf("\nnote: %d bytes of word counts went through temporary files", r.SpilledBytes)
	}
	if r.LongWords > 0 {
		s += fmt.Sprintf("\nnote: %d words longer than %d bytes were counted in chunks", r.LongWords, maxWord)
	}
	return s
}

// BPE trains a byte-level BPE tokenizer on texts, a document each; a text may be overwritten once the next is asked for. An error that
// the texts give ends the training and is returned.
//
// The rule: the pair with the largest count merges first; of equals the one with the smaller left id, then the smaller right id. A
// pair that would spell a special token never merges, so that data cannot yield it.
func BPE(cfg BPEConfig, texts iter.Seq2[[]byte, error]) (*tokenize.Tokenizer, Report, error) {
	start := time.Now()
	report := Report{Wanted: cfg.VocabSize}
	if err := cfg.Validate(); err != nil {
		return nil, report, fmt.Errorf("train tokenizer: %w", err)
	}
	if cfg.Threads == 0 {
		cfg.Threads = runtime.GOMAXPROCS(0)
	}
	if cfg.Progress == nil {
		cfg.Progress = func(string, int64, int64) {}
	}
	cfg.MinFrequency = max(cfg.MinFrequency, 1)
	list, err := countWords(cfg, texts, &report)
	if err != nil {
		return nil, report, fmt.Errorf("train tokenizer: %w", err)
	}
	if report.Bytes == 0 {
		return nil, report, errors.New("train tokenizer: the corpus holds no text")
	}
	m := newMerger(cfg, list)
	m.run()
	t, err := tokenize.NewBPE(cfg.SpecialTokens, m.merges)
	if err != nil {
		return nil, report, fmt.Errorf("train tokenizer: %w", err)
	}
	report.VocabSize = t.VocabSize()
	report.Seconds = time.Since(start).Seconds()
	return t, report, nil
}
