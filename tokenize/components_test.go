package tokenize

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// componentGolden is what testdata/gen/tokenize_components.py got from the reference.
type componentGolden struct {
	Texts  []string
	Models []json.RawMessage
	Cases  []componentCase
}

type componentCase struct {
	Name        string
	Tokenizer   map[string]json.RawMessage
	Rows, Pairs []componentRow
	file        []byte
}

type componentRow struct {
	IDs                     []int32
	Offsets, Words          []int // offsets: two a token
	Types, Special          []int32
	Attention               []int // where the file has truncation or padding
	Sequences               []int
	Decoded, Skipped, Error string
}

func readComponents(t testing.TB) *componentGolden {
	var g componentGolden
	if err := json.Unmarshal(readPacked(t, "../testdata/tokenize/components.json.gz"), &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Cases) < 150 {
		t.Fatalf("%d tokenizers, want at least 150", len(g.Cases))
	}
	for i := range g.Cases {
		c := &g.Cases[i]
		var model int
		if err := json.Unmarshal(c.Tokenizer["model"], &model); err != nil {
			t.Fatal(err)
		}
		c.Tokenizer["model"] = g.Models[model]
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(c.Tokenizer); err != nil {
			t.Fatal(err)
		}
		c.file = b.Bytes()
	}
	return &g
}

func (r componentRow) peer() peerRow {
	p := peerRow{IDs: r.IDs, Words: r.Words, Types: r.Types, Special: r.Special, Decoded: r.Decoded, Skipped: r.Skipped, Error: r.Error}
	for i := range r.Words {
		p.Offsets = append(p.Offsets, [2]int{r.Offsets[2*i], r.Offsets[2*i+1]})
	}
	return p
}

func TestEveryComponentEqualsTheReference(t *testing.T) {
	g := readComponents(t)
	seen := tally{}
	for _, c := range g.Cases {
		tok, err := Parse(c.file)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		o := EncodeOptions{ApplyLimits: c.Rows[0].Attention != nil}
		failed := 0
		for i, r := range c.Rows {
			e := tok.EncodeWith(g.Texts[i], o)
			if !sameEncoding(t, tok, c.Name, e, []string{g.Texts[i]}, r.peer(), seen) || !sameLimits(t, c.Name, e, r) {
				if failed++; failed > 2 {
					break
				}
			}
		}
		for i, r := range c.Pairs {
			a, b := g.Texts[3+i], g.Texts[4+i]
			e := tok.EncodePair(a, b, o)
			if !sameEncoding(t, tok, c.Name+" (pair)", e, []string{a, b}, r.peer(), seen) || !sameLimits(t, c.Name, e, r) {
				break
			}
		}
	}
	t.Log(seen)
}

// sameLimits compares what only padding and pairs have.
func sameLimits(t *testing.T, name string, e Encoding, r componentRow) bool {
	if r.Error != "" || r.Attention == nil {
		return true
	}
	for i, a := range r.Attention {
		if (e.AttentionMask == nil || e.AttentionMask[i]) != (a == 1) {
			t.Errorf("%s: attention mask %v, want %v", name, e.AttentionMask, r.Attention)
			return false
		}
	}
	if e.Sequences != nil && !slices.Equal(e.Sequences, r.Sequences) {
		t.Errorf("%s: sequences %v, want %v", name, e.Sequences, r.Sequences)
		return false
	}
	return true
}

// What is saved gives the same tokenizer again, and all of the reference's members are there.
func TestEveryComponentSurvivesSaving(t *testing.T) {
	g := readComponents(t)
	for _, c := range g.Cases {
		tok, err := Parse(c.file)
		if err != nil {
			continue // the other test tells
		}
		again, err := Parse(tok.Bytes())
		if err != nil || again.Hash() != tok.Hash() {
			t.Errorf("%s: saved and read again: %v", c.Name, err)
			continue
		}
		for _, text := range g.Texts[3:12] {
			if !slices.Equal(tok.Encode(text).IDs, again.Encode(text).IDs) {
				t.Errorf("%s: %q encodes differently after saving", c.Name, text)
			}
		}
	}
}

// AppendIDs gives what Encode gives for data, and the marks of AppendWords are where the word numbers change.
func TestAppendIDsEqualsEncodeForAllComponents(t *testing.T) {
	g := readComponents(t)
	for _, c := range g.Cases {
		tok, err := Parse(c.file)
		if err != nil {
			continue
		}
		whole := strings.Join(g.Texts, " ")
		for _, text := range append([]string{whole, whole}, g.Texts...) {
			e := tok.EncodeWith(text, EncodeOptions{AsData: true})
			ids, starts := tok.AppendWords(nil, nil, []byte(text))
			if !slices.Equal(ids, e.IDs) || !slices.Equal(tok.AppendIDs(nil, []byte(text)), ids) {
				t.Errorf("%s: %.60q: %v, Encode gives %v", c.Name, text, ids, e.IDs)
				break
			}
			for i := range ids {
				if first := i == 0 || e.WordIDs[i] != e.WordIDs[i-1]; (starts[i/64]>>(i%64)&1 != 0) != first {
					t.Errorf("%s: %.60q: id %d: wrong word start", c.Name, text, i)
					break
				}
			}
		}
	}
}
