package tokenize

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// golden is what testdata/gen/tokenize_bpe.py got from the reference.
type golden struct {
	Texts []string
	Cases []struct {
		Name      string
		Tokenizer json.RawMessage
		Written   string
		Rows      []struct {
			IDs              []int32
			Tokens           []string
			Offsets          [][2]int
			Words            []*int
			Types            []int32
			Special          []int
			Decoded, Skipped string
		}
	}
}

func readGolden(t *testing.T) golden {
	raw, err := os.ReadFile("../testdata/tokenize/bpe.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// prefixed says where this package is right and the reference is not: the blank that add_prefix_space puts in front. The reference takes it for a blank
// of the text (or the text's for its own) when it trims offsets, and leaves it in the decoded text.
func prefixed(name string) bool { return strings.HasPrefix(name, "prefix") }

func TestEncodeEqualsTheReference(t *testing.T) {
	g := readGolden(t)
	for _, c := range g.Cases {
		tok, err := Parse(c.Tokenizer)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		for i, row := range c.Rows {
			text := g.Texts[i]
			e := tok.Encode(text)
			if !slices.Equal(e.IDs, row.IDs) {
				t.Errorf("%s: %q: ids %v, want %v", c.Name, text, e.IDs, row.IDs)
				continue
			}
			words := make([]int, len(row.Words))
			for j, w := range row.Words {
				if words[j] = -1; w != nil {
					words[j] = *w
				}
			}
			if !slices.Equal(e.WordIDs, words) {
				t.Errorf("%s: %q: words %v, want %v", c.Name, text, e.WordIDs, words)
			}
			if !slices.Equal(e.TypeIDs, row.Types) {
				t.Errorf("%s: %q: types %v, want %v", c.Name, text, e.TypeIDs, row.Types)
			}
			for j, m := range row.Special {
				if e.SpecialMask[j] != (m == 1) {
					t.Errorf("%s: %q: special mask %v, want %v", c.Name, text, e.SpecialMask, row.Special)
					break
				}
			}
			if got := e.CodePointOffsets(); !slices.Equal(got, row.Offsets) && !prefixed(c.Name) {
				t.Errorf("%s: %q: offsets %v, want %v (%q)", c.Name, text, got, row.Offsets, e.Pieces)
			}
			decoded, skipped := row.Decoded, row.Skipped
			if prefixed(c.Name) {
				decoded, skipped = strings.TrimPrefix(decoded, " "), strings.TrimPrefix(skipped, " ")
			}
			if got := tok.Decode(e.IDs, false); got != decoded {
				t.Errorf("%s: decoded %q, want %q", c.Name, got, decoded)
			}
			if got := tok.Decode(e.IDs, true); got != skipped {
				t.Errorf("%s: decoded without special tokens %q, want %q", c.Name, got, skipped)
			}
		}
	}
}

// The generator has made sure that tokenizers and transformers open the same bytes and give the same ids.
func TestBytesAreWhatTheReferenceReads(t *testing.T) {
	n := 0
	for _, c := range readGolden(t).Cases {
		if c.Written == "" {
			continue
		}
		n++
		tok, err := Parse(c.Tokenizer)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(tok.Bytes()); got != c.Written {
			at := 0
			for at < min(len(got), len(c.Written)) && got[at] == c.Written[at] {
				at++
			}
			t.Errorf("%s: differs at byte %d: %q, want %q", c.Name, at, got[max(0, at-40):min(len(got), at+40)], c.Written[max(0, at-40):min(len(c.Written), at+40)])
		}
	}
	if n == 0 {
		t.Fatal("no case says what is to be written")
	}
}

func TestEveryFileSurvivesSavingWithItsIDs(t *testing.T) {
	g := readGolden(t)
	for _, c := range g.Cases {
		tok, err := Parse(c.Tokenizer)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(tok.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if tok.Hash() != again.Hash() {
			t.Errorf("%s: hash changes on saving", c.Name)
		}
		for _, text := range g.Texts {
			if a, b := tok.Encode(text), again.Encode(text); !slices.Equal(a.IDs, b.IDs) || !slices.Equal(a.Offsets, b.Offsets) {
				t.Errorf("%s: %q encodes differently after saving", c.Name, text)
			}
		}
	}
}
