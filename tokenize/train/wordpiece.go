package train

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// WordPieceConfig says what WordPiece tokenizer to train.
type WordPieceConfig struct {
	Config
	Lowercase     bool   // lower-case the text and take accents off, as BERT's "uncased" models do
	LimitAlphabet int    // at most so many characters, the most frequent, get pieces of their own
	UnkToken      string // stands for a word that pieces can't spell; one of SpecialTokens
}

// DefaultWordPiece is an uncased BERT's kind of tokenizer with 8,192 pieces.
func DefaultWordPiece() WordPieceConfig {
	return WordPieceConfig{Config: Config{VocabSize: 8192, SpecialTokens: []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}, MinFrequency: 1, MemoryBytes: 1 << 30},
		Lowercase: true, LimitAlphabet: 1000, UnkToken: "[UNK]"}
}

// Validate says what is wrong with a configuration.
func (c WordPieceConfig) Validate() error {
	if err := c.validate(len(c.SpecialTokens)+2, fmt.Sprintf("%d special tokens and one character", len(c.SpecialTokens))); err != nil {
		return err
	}
	if c.LimitAlphabet < 1 {
		return fmt.Errorf("limit_alphabet %d is less than 1", c.LimitAlphabet)
	}
	return checkSpecial(c.SpecialTokens, c.UnkToken)
}

// inside marks a piece that goes on with a word.
const inside = "##"

// WordPiece trains a WordPiece tokenizer on texts as [BPE] does and returns the content of its tokenizer.json: BERT's normalizer,
// pre-tokenizer and, where [CLS] and [SEP] are special tokens, template.
//
// The way is that of the package tokenizers: pairs merge by their counts as in BPE, where a piece inside a word is written ##piece. Special
// tokens have the first ids, characters as first of a word the next, then characters inside words, both in the order of code points, then
// a piece a merge. Ties are as in [BPE].
func WordPiece(cfg WordPieceConfig, texts iter.Seq2[[]byte, error]) ([]byte, Report, error) {
	var file []byte
	report, err := trained(cfg.Config, cfg.Validate, func(c Config, report *Report) error {
		steps, err := stepsOf(cfg.file(cfg.SpecialTokens))
		if err != nil {
			return err
		}
		list := &wordList{chars: true}
		if err := collect(c, func() splitter { return newBertWords(steps.Parts(), cfg.Lowercase) }, texts, list, report); err != nil {
			return err
		}
		base, err := charPieces(c, list, cfg.LimitAlphabet, report)
		if err != nil {
			return err
		}
		m := newMerger(c, list, base)
		m.prefix = len(inside)
		m.run()
		report.VocabSize = len(m.raw)
		copy(m.raw, cfg.SpecialTokens)
		file, err = cfg.file(m.raw)
		return err
	})
	return file, report, err
}

// charPieces turns a list of code points into one of piece ids and returns what those pieces are. Characters beyond the limit vanish
// from the words, as in the package, and are counted.
func charPieces(c Config, list *wordList, limit int, report *Report) (pieces []string, err error) {
	counts, within := map[int32]int64{}, map[int32]bool{}
	eachChar(list, func(r int32, first bool, count int64) int32 {
		counts[r] += count
		if !first {
			within[r] = true
		}
		return r
	})
	kept := mostFrequent(counts, limit, report)
	// Every character gets a piece for the start of a word, as in the package: a word that begins otherwise than any in the corpus can be
	// spelled then. Inside words only those are numbered that stand there.
	ids := [2]map[int32]int32{{}, {}} // of characters inside words, of first ones
	next := int32(len(c.SpecialTokens))
	for i, prefix := range []string{"", inside} {
		for _, r := range kept {
			if i == 1 && !within[r] {
				continue
			}
			pieces = append(pieces, prefix+string(r))
			ids[1-i][r] = next
			next++
		}
	}
	if int(next) > c.VocabSize {
		return nil, fmt.Errorf("vocab_size %d is less than the %d that %d special tokens and %d characters, first and inside of words, take; raise it or lower limit_alphabet",
			c.VocabSize, next, len(c.SpecialTokens), len(kept))
	}
	eachChar(list, func(r int32, first bool, _ int64) int32 {
		of := ids[0]
		if first {
			of = ids[1]
		}
		if id, ok := of[r]; ok {
			return id
		}
		return gone
	})
	return pieces, nil
}

// eachChar replaces each character of a list by what f makes of it; one that becomes gone is taken out.
func eachChar(list *wordList, f func(r int32, first bool, count int64) int32) {
	out, word, first := list.symbols[:0], -1, false
	for _, s := range list.symbols {
		if s < 0 {
			word++
			first = true
			out = append(out, s)
			continue
		}
		if s = f(s, first, list.counts[min(word, len(list.counts)-1)]); s != gone {
			out = append(out, s)
		}
		first = false
	}
	list.symbols = out
}

// mostFrequent returns the most frequent characters in the order of code points, and reports the others.
func mostFrequent(counts map[int32]int64, limit int, report *Report) []int32 {
	all := make([]int32, 0, len(counts))
	total := int64(0)
	for r, n := range counts {
		all = append(all, r)
		total += n
	}
	slices.SortFunc(all, func(a, b int32) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	if len(all) > limit {
		lost := int64(0)
		for _, r := range all[limit:] {
			lost += counts[r]
		}
		report.LostChars, report.LostShare = len(all)-limit, float64(lost)/float64(total)
		all = all[:limit]
	}
	slices.Sort(all)
	return all
}

// file writes the tokenizer.json.
func (c WordPieceConfig) file(pieces []string) ([]byte, error) {
	f := newFile(c.SpecialTokens)
	f.normalizer = fmt.Sprintf(`{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":%t}`, c.Lowercase)
	f.preTokenizer = `{"type":"BertPreTokenizer"}`
	f.postProcessor = bertTemplate(c.SpecialTokens)
	f.decoder = `{"type":"WordPiece","prefix":"##","cleanup":true}`
	f.model = appendString([]byte(`{"type":"WordPiece","unk_token":`), c.UnkToken)
	f.model = append(f.model, `,"continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":`...)
	f.model = append(appendVocab(f.model, pieces), '}')
	return f.bytes()
}
