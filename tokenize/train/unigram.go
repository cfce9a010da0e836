package train

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
)

// UnigramConfig says what Unigram tokenizer to train. MinFrequency is that of pieces of more than one character; 2 is the least.
type UnigramConfig struct {
	Config
	UnkToken          string  // stands for what no piece spells; one of SpecialTokens
	ByteFallback      bool    // 256 pieces for bytes, so that nothing is unknown
	CharacterCoverage float64 // share of all characters that get pieces; the rarest beyond it are unknown (or bytes)
	MaxPieceLength    int     // characters of a piece, the blank before a word among them
	SeedPieces        int     // the most frequent pieces to begin with
	ShrinkingFactor   float64 // share of the pieces that a round of pruning keeps
}

// DefaultUnigram is SentencePiece's kind of tokenizer, with its settings, 8,192 pieces and bytes for what has none.
func DefaultUnigram() UnigramConfig {
	return UnigramConfig{Config: Config{VocabSize: 8192, SpecialTokens: []string{"<unk>", "<s>", "</s>"}, MinFrequency: 2, MemoryBytes: 1 << 30},
		UnkToken: "<unk>", ByteFallback: true, CharacterCoverage: 0.9995, MaxPieceLength: 16, SeedPieces: 1_000_000, ShrinkingFactor: 0.75}
}

// Validate says what is wrong with a configuration.
func (c UnigramConfig) Validate() error {
	if err := c.validate(c.fixed()+1, fmt.Sprintf("%d special tokens and bytes, and one character,", c.fixed())); err != nil {
		return err
	}
	switch {
	case !(c.CharacterCoverage > 0.9 && c.CharacterCoverage <= 1):
		return fmt.Errorf("character_coverage %g is not above 0.9 and at most 1", c.CharacterCoverage)
	case c.MaxPieceLength < 1 || c.MaxPieceLength > maxPieceLength:
		return fmt.Errorf("max_piece_length %d is not between 1 and %d", c.MaxPieceLength, maxPieceLength)
	case c.SeedPieces < c.VocabSize || c.SeedPieces > maxPieces:
		return fmt.Errorf("seed_pieces %d is not between vocab_size and %d", c.SeedPieces, maxPieces)
	case !(c.ShrinkingFactor >= 0.1 && c.ShrinkingFactor < 1):
		return fmt.Errorf("shrinking_factor %g is not between 0.1 and 1", c.ShrinkingFactor)
	}
	return checkSpecial(c.SpecialTokens, c.UnkToken)
}

// fixed is how many pieces do not come from the text.
func (c UnigramConfig) fixed() int {
	if c.ByteFallback {
		return len(c.SpecialTokens) + 256
	}
	return len(c.SpecialTokens)
}

// Unigram trains a Unigram language model over pieces (Kudo 2018, "Subword Regularization", section 3.2) on texts as [BPE] does, and
// returns the content of its tokenizer.json.
//
// The way is SentencePiece's: all substrings that occur in more than one context are pieces at first; expectation and maximisation give
// them probabilities; those whose loss costs the text's likelihood least are taken away, a quarter at a time. A piece mixes no scripts,
// nor digits with letters, and a blank is only at its start. Other than there, pruning goes down to the very size that is wanted, and
// probabilities are estimated anew for the final pieces. Expected counts are added up in whole numbers, so that their order has no say.
func Unigram(cfg UnigramConfig, texts iter.Seq2[[]byte, error]) ([]byte, Report, error) {
	var file []byte
	report, err := trained(cfg.Config, cfg.Validate, func(c Config, report *Report) error {
		cfg.Config = c
		steps, err := stepsOf(cfg.file(nil))
		if err != nil {
			return err
		}
		t := &unigramText{}
		if err := collect(c, func() splitter { return newPieceWords(steps) }, texts, t, report); err != nil {
			return err
		}
		t.add([]byte(metaspace), 0) // has a piece even where memory has left out every word that starts with it
		if err := t.code(cfg, report); err != nil {
			return err
		}
		m := newUnigram(cfg, t)
		m.train()
		pieces := m.final()
		report.VocabSize = cfg.fixed() + len(pieces)
		file, err = cfg.file(pieces)
		return err
	})
	return file, report, err
}

// scored is a piece with the logarithm of its probability.
type scored struct {
	piece string
	score float64
}

// file writes the tokenizer.json.
func (c UnigramConfig) file(pieces []scored) ([]byte, error) {
	f := newFile(c.SpecialTokens)
	f.normalizer = `{"type":"Sequence","normalizers":[{"type":"Nmt"},{"type":"NFKC"},{"type":"Strip","strip_left":true,"strip_right":true},` +
		`{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]}`
	f.preTokenizer = `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`
	f.decoder = f.preTokenizer
	if c.ByteFallback {
		f.decoder = `{"type":"Sequence","decoders":[{"type":"ByteFallback"},` + f.preTokenizer + `]}`
	}
	b := append(f.model, `{"type":"Unigram","unk_id":`...)
	b = strconv.AppendInt(b, int64(slices.Index(c.SpecialTokens, c.UnkToken)), 10)
	b = append(b, `,"vocab":[`...)
	entry := func(piece string, score float64) {
		if b[len(b)-1] != '[' {
			b = append(b, ',')
		}
		b = append(appendString(append(b, '['), piece), ',')
		text := strconv.AppendFloat(nil, score, 'f', -1, 64)
		if !slices.Contains(text, '.') {
			text = append(text, ".0"...)
		}
		b = append(append(b, text...), ']')
	}
	least := 0.0
	for _, s := range c.SpecialTokens {
		entry(s, 0)
	}
	for _, p := range pieces {
		least = min(least, p.score)
	}
	if c.ByteFallback {
		for i := range 256 {
			// Text that reads <0x41> must not become this piece: six characters are always likelier.
			entry(fmt.Sprintf("<0x%02X>", i), 8*least)
		}
	}
	for _, p := range pieces {
		entry(p.piece, p.score)
	}
	f.model = append(b, `],"byte_fallback":`+strconv.FormatBool(c.ByteFallback)+`}`...)
	return f.bytes()
}
