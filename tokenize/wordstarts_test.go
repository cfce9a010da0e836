package tokenize

import (
	"slices"
	"strings"
	"testing"
)

// The bits must tell what Encode tells by its word numbers, over texts that follow each other in one bitset.
func TestWordStartsAreWhereEncodesWordNumberChanges(t *testing.T) {
	tok := wordStartsTokenizer(t)
	texts := []string{"", "First Citizen: we're hungry!", " a  b\n\nc", strings.Repeat("unbelievable ", 40), "x", "naïve café 中文 12,345"}
	var ids, want []int32
	var starts []uint64
	var wantStarts []bool
	for _, text := range texts {
		ids, starts = tok.AppendWords(ids, starts, []byte(text))
		e := tok.EncodeWith(text, EncodeOptions{AsData: true})
		want = append(want, e.IDs...)
		for i, w := range e.WordIDs {
			wantStarts = append(wantStarts, i == 0 || w != e.WordIDs[i-1])
		}
	}
	if !slices.Equal(ids, want) {
		t.Fatalf("ids %v, want %v", ids, want)
	}
	if len(starts) != (len(ids)+63)/64 {
		t.Fatalf("%d words of bits for %d ids", len(starts), len(ids))
	}
	for i := range ids {
		if got := starts[i>>6]>>(i&63)&1 == 1; got != wantStarts[i] {
			t.Errorf("id %d starts a word: %v, want %v", i, got, wantStarts[i])
		}
	}
}

func TestAppendWordsAllocatesNothing(t *testing.T) {
	tok := wordStartsTokenizer(t)
	text := []byte(strings.Repeat("the quick brown fox ", 50))
	ids, starts := tok.AppendWords(nil, nil, text)
	if n := testing.AllocsPerRun(50, func() {
		ids, starts = tok.AppendWords(ids[:0], starts[:0], text)
	}); n != 0 {
		t.Errorf("%v allocations a call, want 0", n)
	}
}

func wordStartsTokenizer(t *testing.T) *Tokenizer {
	t.Helper()
	tok, err := Open("../testdata/models/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	return tok
}
