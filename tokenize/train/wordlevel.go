package train

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/go-cloze/cloze/tokenize"
)

// WordLevelConfig says what tokenizer of whole words to train.
type WordLevelConfig struct {
	Config
	UnkToken string // stands for every other word; one of SpecialTokens
}

// DefaultWordLevel keeps 30,000 words.
func DefaultWordLevel() WordLevelConfig {
	return WordLevelConfig{Config: Config{VocabSize: 30000, SpecialTokens: []string{"[UNK]"}, MinFrequency: 1, MemoryBytes: 1 << 30}, UnkToken: "[UNK]"}
}

// Validate says what is wrong with a configuration.
func (c WordLevelConfig) Validate() error {
	if err := c.validate(len(c.SpecialTokens)+1, fmt.Sprintf("%d special tokens and one word", len(c.SpecialTokens))); err != nil {
		return err
	}
	return checkSpecial(c.SpecialTokens, c.UnkToken)
}

// WordLevel keeps the most frequent words of texts, which come as for [BPE], and returns the content of the tokenizer.json. A word is a run
// of letters, marks, digits and underscores, or a run of anything else but blanks (the pre-tokenizer Whitespace). Special tokens have
// the first ids, words the next by falling count; of equals the first in the order of bytes.
func WordLevel(cfg WordLevelConfig, texts iter.Seq2[[]byte, error]) ([]byte, Report, error) {
	var file []byte
	report, err := trained(cfg.Config, cfg.Validate, func(c Config, report *Report) error {
		steps, err := stepsOf(cfg.file(cfg.SpecialTokens))
		if err != nil {
			return err
		}
		list := &countedWords{}
		if err := collect(c, func() splitter { return newPlainWords(steps.Parts()) }, texts, list, report); err != nil {
			return err
		}
		pieces := list.mostFrequent(c, report)
		report.VocabSize = len(pieces)
		file, err = cfg.file(pieces)
		return err
	})
	return file, report, err
}

// file writes the tokenizer.json.
func (c WordLevelConfig) file(pieces []string) ([]byte, error) {
	f := newFile(c.SpecialTokens)
	f.preTokenizer = `{"type":"Whitespace"}`
	f.model = appendVocab([]byte(`{"type":"WordLevel","vocab":`), pieces)
	f.model = append(appendString(append(f.model, `,"unk_token":`...), c.UnkToken), '}')
	return f.bytes()
}

// countedWords is the sink of words as they are.
type countedWords struct{ words []countedWord }

type countedWord struct {
	word  string
	count int64
}

func (l *countedWords) cost(size int) int64 { return 48 + int64(size) }

func (l *countedWords) reserve(words int, _ int64) { l.words = make([]countedWord, 0, words) }

func (l *countedWords) add(word []byte, count int64) {
	l.words = append(l.words, countedWord{string(word), count})
}

// mostFrequent lists special tokens and the words that get pieces.
func (l *countedWords) mostFrequent(c Config, report *Report) []string {
	slices.SortFunc(l.words, func(a, b countedWord) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.word, b.word))
	})
	pieces := slices.Clone(c.SpecialTokens)
	known := int64(0)
	for _, w := range l.words {
		if len(pieces) == c.VocabSize || w.count < c.MinFrequency {
			break
		}
		// A word that reads as a special token has its id, as in the package: it is the same string.
		if known += w.count; !slices.Contains(c.SpecialTokens, w.word) {
			pieces = append(pieces, w.word)
		}
	}
	if report.Words > 0 {
		report.UnknownShare = 1 - float64(known)/float64(report.Words)
	}
	return pieces
}

// plainWords cuts as the pre-tokenizer Whitespace, which is asked once what a character is.
type plainWords struct {
	steps tokenize.Parts
	ascii [utf8.RuneSelf]byte
	seen  map[rune]byte
}

func newPlainWords(steps tokenize.Parts) *plainWords {
	p := &plainWords{steps: steps, seen: map[rune]byte{}}
	for c := range p.ascii {
		p.ascii[c], _ = between(steps, rune(c))
	}
	return p
}

// does says what a character does: asWord, asBlank or asAlone, here for a symbol that goes with others.
func (p *plainWords) does(r rune) byte {
	as, ok := p.seen[r]
	if !ok {
		as, _ = between(p.steps, r)
		if len(p.seen) < maxFolded {
			p.seen[r] = as
		}
	}
	return as
}

func (p *plainWords) split(w *counter, text []byte) {
	start, of := 0, asBlank
	for i := 0; i < len(text); {
		as, n := byte(0), 1
		if text[i] < utf8.RuneSelf {
			as = p.ascii[text[i]]
		} else {
			var r rune
			r, n = utf8.DecodeRune(text[i:])
			as = p.does(r)
		}
		if as != of {
			if of != asBlank {
				w.word(text[start:i])
			}
			start, of = i, as
		}
		i += n
	}
	if of != asBlank && start < len(text) {
		w.word(text[start:])
	}
}
