package train

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-cloze/cloze/tokenize"
)

// TestTrainersCutAsTheFilesTheyWrite goes through some 7,000 characters, each between letters, beside blanks and behind a mark.
func TestTrainersCutAsTheFilesTheyWrite(t *testing.T) {
	cased := DefaultWordPiece()
	cased.Lowercase = false
	for name, make := range map[string]struct {
		file     func() ([]byte, error)
		splitter func(*tokenize.Tokenizer) splitter
	}{
		"uncased": {func() ([]byte, error) { return DefaultWordPiece().file(DefaultWordPiece().SpecialTokens) },
			func(s *tokenize.Tokenizer) splitter { return newBertWords(s.Parts(), true) }},
		"cased": {func() ([]byte, error) { return cased.file(cased.SpecialTokens) },
			func(s *tokenize.Tokenizer) splitter { return newBertWords(s.Parts(), false) }},
		"word": {func() ([]byte, error) { return DefaultWordLevel().file(DefaultWordLevel().SpecialTokens) },
			func(s *tokenize.Tokenizer) splitter { return newPlainWords(s.Parts()) }},
		"unigram": {func() ([]byte, error) { return DefaultUnigram().file(nil) }, func(s *tokenize.Tokenizer) splitter { return newPieceWords(s) }},
	} {
		steps, err := stepsOf(make.file())
		if err != nil {
			t.Fatal(err)
		}
		parts, split, bad := steps.Parts(), make.splitter(steps), 0
		for r := rune(1); r <= utf8.MaxRune && bad < 5; r += 1 + r>>11 {
			if !utf8.ValidRune(r) {
				continue
			}
			text := "A" + string(r) + "b " + string(r) + "7 " + string(r)
			var want []string
			for _, w := range parts.Split(parts.Normalize(text).Text) {
				want = append(want, w.Text)
			}
			got := eachWord(split, text)
			if name == "unigram" { // whose parts of words are cut at scripts
				got, want = strings.Split(strings.Join(got, ""), ""), strings.Split(strings.Join(want, ""), "")
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %+q is %+q, the file has %+q", name, text, got, want)
				bad++
			}
		}
	}
}

// eachWord lists what a splitter makes of a text, a word as often as it comes.
func eachWord(s splitter, text string) (out []string) {
	w := &counter{table: newWordTable(), limit: 1 << 40}
	s.split(w, []byte(text))
	for _, e := range w.table.entries {
		for range e.count {
			out = append(out, string(w.table.word(e)))
		}
	}
	return out
}
