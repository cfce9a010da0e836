package main

import (
	"context"
	"io"
	"iter"
	"slices"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/tokenize/train"
)

// tokenizerModels are the kinds of tokenizer that can be trained.
var tokenizerModels = []string{"bpe", "wordpiece", "unigram", "word"}

// wordPieceSection is what WordPiece alone is told.
type wordPieceSection struct {
	Lowercase     bool `yaml:"lowercase"`      // as BERT's uncased models, which take accents off too
	LimitAlphabet int  `yaml:"limit_alphabet"` // characters that get pieces, the most frequent
}

// unigramSection is what Unigram alone is told.
type unigramSection struct {
	ByteFallback      bool    `yaml:"byte_fallback"`      // 256 pieces for bytes, so that nothing is unknown
	CharacterCoverage float64 `yaml:"character_coverage"` // share of the text's characters that get pieces
	MaxPieceLength    int     `yaml:"max_piece_length"`   // characters
	SeedPieces        int     `yaml:"seed_pieces"`        // pieces to begin with
	ShrinkingFactor   float64 `yaml:"shrinking_factor"`   // share that a round of pruning keeps
}

func defaultTokenizerConfig() tokenizerConfig {
	w, u := train.DefaultWordPiece(), train.DefaultUnigram()
	return tokenizerConfig{defaultTokenizer(), wordPieceSection{w.Lowercase, w.LimitAlphabet},
		unigramSection{u.ByteFallback, u.CharacterCoverage, u.MaxPieceLength, u.SeedPieces, u.ShrinkingFactor}, defaultCorpus()}
}

// config is what all trainers are told.
func (s tokenizerSection) config(threads int) train.Config {
	return train.Config{VocabSize: s.VocabSize, MinFrequency: s.MinFrequency, SpecialTokens: s.SpecialTokens, MemoryBytes: s.MemoryBytes, Threads: threads}
}

// own puts the special tokens of a model in place of BPE's where the user has named none.
func own(c train.Config, special []string) train.Config {
	if slices.Equal(c.SpecialTokens, train.DefaultBPE().SpecialTokens) {
		c.SpecialTokens = special
	}
	return c
}

// trainModel trains the model that is asked for and returns the content of its file.
func trainModel(ctx context.Context, stderr io.Writer, f trainFlags, src *corpus.Source, cfg tokenizerConfig) (file []byte, report train.Report, err error) {
	if f.model == "bpe" {
		t, report, err := trainTokenizer(ctx, stderr, f.quiet, src, cfg.Tokenizer, f.threads)
		if err != nil {
			return nil, report, err
		}
		return t.Bytes(), report, nil
	}
	c := cfg.Tokenizer.config(f.threads)
	report, err = withProgress(ctx, stderr, f.quiet, src, func(texts iter.Seq2[[]byte, error], stage func(string, int64, int64)) (r train.Report, err error) {
		c.Progress = stage
		switch f.model {
		case "wordpiece":
			w := train.DefaultWordPiece()
			w.Config, w.Lowercase, w.LimitAlphabet = own(c, w.SpecialTokens), cfg.WordPiece.Lowercase, cfg.WordPiece.LimitAlphabet
			file, r, err = train.WordPiece(w, texts)
		case "unigram":
			u, s := train.DefaultUnigram(), cfg.Unigram
			u.Config, u.ByteFallback, u.CharacterCoverage = own(c, u.SpecialTokens), s.ByteFallback, s.CharacterCoverage
			u.MaxPieceLength, u.SeedPieces, u.ShrinkingFactor = s.MaxPieceLength, s.SeedPieces, s.ShrinkingFactor
			file, r, err = train.Unigram(u, texts)
		default:
			l := train.DefaultWordLevel()
			l.Config = own(c, l.SpecialTokens)
			file, r, err = train.WordLevel(l, texts)
		}
		return r, err
	})
	return file, report, err
}

// withProgress runs a trainer on all documents of src with a bar: by the bytes read, then with a note of the stage.
func withProgress(ctx context.Context, stderr io.Writer, quiet bool, src *corpus.Source, run func(iter.Seq2[[]byte, error], func(string, int64, int64)) (train.Report, error)) (train.Report, error) {
	_, total := src.Progress()
	p := newProgress(stderr, quiet, "train tokenizer", total)
	note := readProgress(p, src)
	report, err := run(documentTexts(ctx, src, note), func(stage string, done, of int64) {
		if stage != "count" {
			note(stage + " " + count(done) + " of " + count(of))
		}
	})
	if err == nil {
		err = src.Report().CheckDocuments()
	}
	if err != nil {
		p.end("stopped")
		return report, err
	}
	p.end(count(report.VocabSize) + " tokens")
	return report, nil
}
