package objectives

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// What MaskConfig.Unit may be.
const (
	MaskTokens = "token"      // each token by itself
	MaskWords  = "whole_word" // all tokens of a word or none
	MaskSpans  = "span"       // runs of words
)

// MaskConfig says which tokens are asked for and what stands in their place; the names are Hugging Face's.
type MaskConfig struct {
	MLMProbability    float64 `json:"mlm_probability"`     // share of the tokens that are asked for, in (0,1]
	MaskReplaceProb   float64 `json:"mask_replace_prob"`   // share of those that the mask token replaces
	RandomReplaceProb float64 `json:"random_replace_prob"` // share of those that a random token replaces; the others stay as they are
	Unit              string  `json:"unit"`                // token, whole_word, or span (runs of whole words)
	SpanGeometricP    float64 `json:"span_geometric_p"`    // a span has n words with a probability that falls by 1 minus this with each word, in (0,1)
	MaxSpanLength     int     `json:"max_span_length"`     // words in a span at most
	Sentence          string  `json:"sentence"`            // what is asked of a row as a pair of texts beside its tokens: none, next (sentence), or (sentence) order
	TLMProbability    float64 `json:"tlm_probability"`     // of Translation: share of the pairs whose two texts stand in one row, in [0,1]
	FullSentences     bool    `json:"full_sentences"`      // a block is one row over the ends of documents, as RoBERTa's FULL-SENTENCES; false: each document, or what a block holds of it, is a row
}

// DefaultMask is BERT's rule (Devlin et al. 2019, section 3.1), with SpanBERT's lengths where Unit is span.
func DefaultMask() MaskConfig {
	return MaskConfig{MLMProbability: 0.15, MaskReplaceProb: 0.8, RandomReplaceProb: 0.1, Unit: MaskTokens, SpanGeometricP: 0.2, MaxSpanLength: 10, Sentence: NoSentences, TLMProbability: 0.5}
}

// Validate says what is wrong with the configuration, nil when nothing is.
func (c MaskConfig) Validate() error {
	switch {
	case !(c.MLMProbability > 0 && c.MLMProbability <= 1):
		return fmt.Errorf("masking.mlm_probability is %g: give a share above 0 and at most 1, BERT has 0.15", c.MLMProbability)
	case !(c.MaskReplaceProb >= 0 && c.RandomReplaceProb >= 0 && c.MaskReplaceProb+c.RandomReplaceProb <= 1):
		return fmt.Errorf("masking.mask_replace_prob is %g and masking.random_replace_prob %g: give two shares that make at most 1 together, BERT has 0.8 and 0.1",
			c.MaskReplaceProb, c.RandomReplaceProb)
	case !slices.Contains([]string{MaskTokens, MaskWords, MaskSpans}, c.Unit):
		return fmt.Errorf("masking.unit is %q: give %s, %s or %s", c.Unit, MaskTokens, MaskWords, MaskSpans)
	case !(c.SpanGeometricP > 0 && c.SpanGeometricP < 1):
		return fmt.Errorf("masking.span_geometric_p is %g: give a probability between 0 and 1, SpanBERT has 0.2", c.SpanGeometricP)
	case c.MaxSpanLength < 1:
		return fmt.Errorf("masking.max_span_length is %d: give at least 1 word, SpanBERT has 10", c.MaxSpanLength)
	case !slices.Contains([]string{NoSentences, NextSentence, SentenceOrder}, c.Sentence):
		return fmt.Errorf("masking.sentence is %q: give %s, %s or %s", c.Sentence, NoSentences, NextSentence, SentenceOrder)
	case !(c.TLMProbability >= 0 && c.TLMProbability <= 1):
		return fmt.Errorf("masking.tlm_probability is %g: give a share from 0 (each text by itself) to 1 (all pairs in one row), half and half is 0.5", c.TLMProbability)
	case c.FullSentences && c.Sentence != NoSentences:
		return fmt.Errorf("masking.full_sentences puts a block into one row, masking.sentence %s makes two texts of each document: leave one of them out", c.Sentence)
	}
	return nil
}

// Roles are the ids that an encoder's examples are made with; IgnoreIndex where the tokenizer has none.
type Roles struct {
	CLS, SEP  int32   // stand before a row and behind each text in it
	Mask      int32   // stands for a token that is asked for
	EndOfText int32   // stands before each document of a Row; an encoder's rows have CLS or SEP in its place
	Special   []int32 // control tokens, which are never asked for and never drawn. What only serves as padding need not be among them
	VocabSize int     // ids are below it
}

// MaskedToken asks, at some tokens, for the token that was there (Devlin et al. 2019, section 3.1). Each sequence becomes a row
// `CLS text SEP` with positions from 0, without padding. Every draw comes from rng: with the reader's, the mask of a text is another in each pass
// over the corpus, and the same when it is made again.
//
// Chosen, with probability P = MLMProbability:
//   - token: each token, independently of all others.
//   - whole_word: each word, independently, one draw a word in their order; so the same words are chosen whatever pieces they are cut into. The
//     end of a word that began in the block before is a word here. Without WordStarts each token is a word.
//   - span (Joshi et al. 2020, SpanBERT, section 3.1): a text of n tokens gets n·P of them, rounded up or down by a draw so that n·P is the mean.
//     Spans are drawn until it has them: a token that isn't chosen yet, uniformly, and from the start of its word on as many words as
//     the geometric distribution says, up to a word that is chosen already. The last span ends where the number is reached, if need be inside a word.
//
// So the share of the text that is asked for is P on average for texts of any length; a short one may have nothing chosen and then teaches
// nothing (Batch.Counted). CLS, SEP and other special tokens are neither chosen nor counted in n.
//
// A chosen token is replaced by the mask token, by a token drawn uniformly from all that are not special, or by itself; the draw is made for each
// token by itself, of a span for all of its tokens together.
//
// With Sentence next or order a row holds two texts and a Label.
type MaskedToken struct {
	// Elsewhere is where next-sentence takes texts from that do not follow. What it gives must not be empty.
	Elsewhere Blocks

	scratch  sync.Pool // *[]Sequence, of Elsewhere
	config   MaskConfig
	roles    Roles
	special  []uint64 // bit id is set for special tokens
	ordinary []int32  // all others
}

// NewMaskedToken makes the objective for a tokenizer.
func NewMaskedToken(config MaskConfig, roles Roles) (*MaskedToken, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	m := &MaskedToken{config: config, roles: roles, special: make([]uint64, (roles.VocabSize+63)/64)}
	m.scratch.New = func() any { return new([]Sequence) }
	for _, id := range append([]int32{roles.CLS, roles.SEP, roles.Mask, roles.EndOfText}, roles.Special...) {
		if id >= 0 && int(id) < roles.VocabSize {
			m.special[id>>6] |= 1 << (id & 63)
		}
	}
	for id := range int32(roles.VocabSize) {
		if !m.isSpecial(id) {
			m.ordinary = append(m.ordinary, id)
		}
	}
	switch {
	case roles.Mask < 0 || int(roles.Mask) >= roles.VocabSize:
		return nil, fmt.Errorf("objectives: masked tokens need a mask token, and the tokenizer of %d ids has none: add one, [MASK] or <mask>, to its special tokens", roles.VocabSize)
	case len(m.ordinary) == 0:
		return nil, fmt.Errorf("objectives: all %d ids of the tokenizer are special tokens: nothing can be asked for", roles.VocabSize)
	}
	return m, nil
}

// RowExtra is the number of tokens that a row may have beyond those of its block.
func (m *MaskedToken) RowExtra() int { return m.config.RowExtra() }

// RowExtra is that of the objective it makes.
func (c MaskConfig) RowExtra() int {
	if c.Sentence != NoSentences {
		return 3
	}
	return 2
}

// Examples appends a row for each sequence that has text, or one for all of them where FullSentences is set.
func (m *MaskedToken) Examples(dst *Batch, seqs []Sequence, rng *rand.Rand) {
	open := false
	for i := range seqs {
		q := &seqs[i]
		first := m.textStart(q)
		if first == len(q.IDs) {
			continue
		}
		if m.config.Sentence != NoSentences {
			m.pair(dst, q, first, rng)
			continue
		}
		if !open {
			m.place(dst, m.roles.CLS, q.Language)
		}
		m.text(dst, q, first, len(q.IDs), rng)
		m.place(dst, m.roles.SEP, q.Language)
		if open = m.config.FullSentences; !open {
			dst.endRow()
		}
	}
	if open {
		dst.endRow()
	}
}

// textStart is where a sequence's text starts: behind the end of text that stands before a document.
func (m *MaskedToken) textStart(q *Sequence) int {
	if len(q.IDs) > 0 && q.IDs[0] == m.roles.EndOfText && m.roles.EndOfText >= 0 {
		return 1
	}
	return 0
}

// place appends a token that is asked nothing; nothing where the tokenizer has none.
func (m *MaskedToken) place(dst *Batch, id int32, language int16) {
	if id >= 0 {
		dst.IDs, dst.Targets = append(dst.IDs, id), append(dst.Targets, IgnoreIndex)
		dst.Languages = upTo(dst.Languages, len(dst.IDs)-1, len(dst.IDs), int32(language))
	}
}

// text appends tokens [lo, hi) of a sequence, some of them chosen and replaced.
func (m *MaskedToken) text(dst *Batch, q *Sequence, lo, hi int, rng *rand.Rand) {
	at := len(dst.IDs)
	dst.IDs = append(dst.IDs, q.IDs[lo:hi]...)
	for range hi - lo {
		dst.Targets = append(dst.Targets, IgnoreIndex)
	}
	dst.Languages = upTo(dst.Languages, at, len(dst.IDs), int32(q.Language))
	chosen, eligible := m.mask(dst.IDs[at:], dst.Targets[at:], words{q.WordStarts, lo}, rng)
	dst.Counted, dst.Eligible = dst.Counted+chosen, dst.Eligible+eligible
}

// upTo sets elements [lo, hi) of what is a number a token, or empty while all are 0.
func upTo(s []int32, lo, hi int, value int32) []int32 {
	if len(s) == 0 && value == 0 {
		return s
	}
	for len(s) < lo {
		s = append(s, 0)
	}
	for len(s) < hi {
		s = append(s, value)
	}
	return s
}
