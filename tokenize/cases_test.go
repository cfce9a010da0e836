package tokenize

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// tiny makes a byte-level tokenizer with all bytes whose merges spell the given words, left to right.
func tiny(t testing.TB, words []string, special ...string) *Tokenizer {
	t.Helper()
	base, err := NewBPE(special, nil)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]int32{}
	for _, b := range ByteAlphabet() {
		ids[string([]byte{b})], _ = base.ID(string(ByteRune(b)))
	}
	var merges [][2]int32
	for _, w := range words {
		for n := 2; n <= len(w); n++ {
			if _, ok := ids[w[:n]]; !ok {
				merges = append(merges, [2]int32{ids[w[:n-1]], ids[w[n-1:n]]})
				ids[w[:n]] = int32(len(special) + 256 + len(merges) - 1)
			}
		}
	}
	tok, err := NewBPE(special, merges)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// edit parses the tokenizer's file with a piece of it replaced.
func edit(t testing.TB, tok *Tokenizer, old, replacement string) *Tokenizer {
	t.Helper()
	text := string(tok.Bytes())
	if !strings.Contains(text, old) {
		t.Fatalf("the file does not hold %q", old)
	}
	again, err := Parse([]byte(strings.ReplaceAll(text, old, replacement)))
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func TestC22OffsetsWithAndWithoutTrimming(t *testing.T) {
	whole := tiny(t, []string{"green", " tea"})
	trimmed := edit(t, whole, `"trim_offsets": false`, `"trim_offsets": true`)
	for _, c := range []struct {
		tok  *Tokenizer
		want [][2]int
	}{{whole, [][2]int{{0, 5}, {5, 9}}}, {trimmed, [][2]int{{0, 5}, {6, 9}}}} {
		e := c.tok.Encode("green tea")
		if !slices.Equal(e.Offsets, c.want) || !slices.Equal(e.Pieces, []string{"green", "Ġtea"}) {
			t.Errorf("%v %q, want %v", e.Offsets, e.Pieces, c.want)
		}
	}
	e := whole.Encode("é日")
	if got, want := e.CodePointOffsets(), [][2]int{{0, 1}, {0, 1}, {1, 2}, {1, 2}, {1, 2}}; !slices.Equal(got, want) {
		t.Errorf("code points %v, want %v", got, want)
	}
	if want := [][2]int{{0, 2}, {0, 2}, {2, 5}, {2, 5}, {2, 5}}; !slices.Equal(e.Offsets, want) {
		t.Errorf("bytes %v, want %v", e.Offsets, want)
	}
}

func TestC26ByteWithoutPieceIsUnknownOrCounted(t *testing.T) {
	const file = `{"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"model":{"type":"BPE","unk_token":%s,
		"vocab":{"[UNK]":0,"a":1,"b":2,"r":3,"s":4,"t":5,"ta":6,"tar":7,"tab":8},"merges":["t a","ta r","ta b"]}}`
	tok, err := Parse(fmt.Appendf(nil, file, `"[UNK]"`))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{"stars": {"s", "tar", "s"}, "cart": {"[UNK]", "a", "r", "t"}} {
		if e := tok.Encode(text); !slices.Equal(e.Pieces, want) {
			t.Errorf("%s: %q, want %q", text, e.Pieces, want)
		}
	}
	if tok.MissingBytes() != nil {
		t.Error("bytes are missing though there is an unknown token")
	}
	if tok, err = Parse(fmt.Appendf(nil, file, "null")); err != nil {
		t.Fatal(err)
	}
	if e := tok.Encode("cart"); e.Dropped != 1 || len(tok.MissingBytes()) != 251 {
		t.Errorf("dropped %d, missing %d bytes", e.Dropped, len(tok.MissingBytes()))
	}
}

func TestC31DataNeverYieldsSpecialIDs(t *testing.T) {
	tok := tiny(t, []string{"das", " Wort"}, "<|endoftext|>", "[MASK]")
	const text = "das Wort [MASK] steht<|endoftext|> hier"
	mask, _ := tok.ID("[MASK]")
	for _, ids := range [][]int32{tok.AppendIDs(nil, []byte(text)), tok.EncodeWith(text, EncodeOptions{AsData: true}).IDs} {
		for _, id := range ids {
			if tok.IsSpecial(id) {
				t.Errorf("data gave special id %d", id)
			}
		}
		if got := tok.Decode(ids, true); got != text {
			t.Errorf("decoded %q", got)
		}
	}
	if !slices.Contains(tok.Encode(text).IDs, mask) {
		t.Error("Encode does not recognise [MASK]")
	}
	whole := edit(t, edit(t, tok, `"ignore_merges": false`, `"ignore_merges": true`), `"use_regex": true`, `"use_regex": false`)
	if ids := whole.AppendIDs(nil, []byte("[MASK]")); slices.Contains(ids, mask) {
		t.Error("data reaches the mask id by way of ignore_merges")
	}
}

func TestC32BlanksAroundAddedTokens(t *testing.T) {
	plain := tiny(t, nil, "<x>")
	left := edit(t, plain, `"lstrip": false`, `"lstrip": true`)
	right := edit(t, plain, `"rstrip": false`, `"rstrip": true`)
	for _, c := range []struct {
		tok    *Tokenizer
		at     [2]int
		pieces []string
	}{
		{plain, [2]int{2, 5}, []string{"a", "Ġ", "<x>", "Ġ", "b"}},
		{left, [2]int{1, 5}, []string{"a", "<x>", "Ġ", "b"}},
		{right, [2]int{2, 6}, []string{"a", "Ġ", "<x>", "b"}},
	} {
		again, err := Parse(c.tok.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		e := again.Encode("a <x> b")
		if i := slices.Index(e.Pieces, "<x>"); !slices.Equal(e.Pieces, c.pieces) || e.Offsets[i] != c.at {
			t.Errorf("%q %v, want %q with <x> at %v", e.Pieces, e.Offsets, c.pieces, c.at)
		}
	}
	if got := plain.Decode(plain.Encode("a <x> b").IDs, false); got != "a <x> b" {
		t.Errorf("decoded %q", got)
	}
}

// randomText mixes scripts, marks, blanks and the texts of tokens.
func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(30) {
		switch r.IntN(6) {
		case 0:
			b.WriteRune([]rune(" \t\n\r'sdl\u00a0\u2028\u3000\u0085")[r.IntN(12)])
		case 1:
			b.WriteString([]string{"<x>", "abc", "'ll", "  ", "\n\n"}[r.IntN(5)])
		case 2:
			b.WriteRune(rune(r.IntN(0x80)))
		case 3:
			b.WriteRune(rune(r.IntN(0x3000)))
		default:
			c := rune(r.IntN(utf8.MaxRune + 1))
			if utf8.ValidRune(c) {
				b.WriteRune(c)
			}
		}
	}
	return b.String()
}

func TestC33DecodeIsTheInverse(t *testing.T) {
	plain := tiny(t, []string{"hello", " lead", "sens"})
	added := edit(t, tiny(t, []string{"hello", " lead"}, "<x>", "abc"), `"content": "abc",
      "single_word": false,
      "lstrip": false,
      "rstrip": false,
      "normalized": false,
      "special": true`, `"content": "abc", "single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": false`)
	texts := []string{"hello !", " leading", "two  spaces\n\n\ttab", "er sagt 'sensible Dinge'", ""}
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		texts = append(texts, randomText(r))
	}
	for _, tok := range []*Tokenizer{plain, added} {
		for _, s := range texts {
			e := tok.Encode(s)
			if got := tok.Decode(e.IDs, false); got != s {
				t.Fatalf("%q came back as %q", s, got)
			}
			checkOffsets(t, s, e)
			if ids := tok.AppendIDs(nil, []byte(s)); tok.Decode(ids, true) != s {
				t.Fatalf("data form of %q came back as %q", s, tok.Decode(ids, true))
			}
		}
		for range 2000 {
			raw := make([]byte, r.IntN(20))
			for i := range raw {
				raw[i] = byte(r.UintN(256))
			}
			if got := tok.AppendBytes(nil, tok.AppendIDs(nil, raw), false); string(got) != string(raw) {
				t.Fatalf("%q came back as %q", raw, got)
			}
			checkOffsets(t, string(raw), tok.Encode(string(raw)))
		}
	}
}

// checkOffsets: ranges are ordered, inside the text and on character boundaries, and leave nothing out.
func checkOffsets(t testing.TB, text string, e Encoding) {
	t.Helper()
	end := 0
	for i, o := range e.Offsets {
		if o[0] > o[1] || o[1] > len(text) || o[0] > end || o[1] < end {
			t.Fatalf("%q: offsets %v of token %d (end so far %d)", text, e.Offsets, i, end)
		}
		end = o[1]
	}
	if end != len(text) {
		t.Fatalf("%q: offsets %v stop at %d", text, e.Offsets, end)
	}
}

func TestC34NoBlankAfterAnAddedToken(t *testing.T) {
	tok := edit(t, tiny(t, nil, "abc"), `"add_prefix_space": false`, `"add_prefix_space": true`)
	for _, s := range []string{"die abcs", "abcs die", "x", "abc", "\n x"} {
		e := tok.Encode(s)
		if got := tok.Decode(e.IDs, false); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
		d := tok.NewStreamDecoder(false)
		var b strings.Builder
		for _, id := range e.IDs {
			b.WriteString(d.Next(id))
		}
		if got := b.String() + d.Flush(); got != s {
			t.Errorf("stream of %q came back as %q", s, got)
		}
	}
	if e := tok.Encode("die"); e.Pieces[0] != "Ġ" || e.Offsets[0] != [2]int{0, 1} {
		t.Errorf("%q %v", e.Pieces, e.Offsets)
	}
}

func TestC35StreamNeverGivesHalfACharacter(t *testing.T) {
	tok := tiny(t, nil)
	d := tok.NewStreamDecoder(true)
	var got []string
	ids := tok.AppendIDs(nil, []byte("é日"))
	for _, id := range ids {
		got = append(got, d.Next(id))
	}
	if want := []string{"", "é", "", "", "日"}; !slices.Equal(got, want) || d.Flush() != "" {
		t.Errorf("%q, want %q", got, want)
	}
	if got := tok.Decode(ids[:3], true); got != "é\uFFFD" {
		t.Errorf("first three: %q", got)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 { // on any bytes the stream gives what Decode gives
		raw := make([]byte, r.IntN(12))
		for i := range raw {
			raw[i] = []byte{'a', 0xC3, 0xA9, 0xE6, 0x97, 0xA5, 0xF0, 0x9F, 0xA4, 0x97, 0xFF, 0xED}[r.IntN(12)]
		}
		ids := tok.AppendIDs(nil, raw)
		var b strings.Builder
		for _, id := range ids {
			b.WriteString(d.Next(id))
		}
		b.WriteString(d.Flush())
		if got, want := b.String(), tok.Decode(ids, false); got != want {
			t.Fatalf("%q: stream %q, whole %q", raw, got, want)
		}
	}
}

func TestAppendIDsAllocatesNothing(t *testing.T) {
	tok := tiny(t, []string{"hello", " world"}, "<x>")
	text := []byte(strings.Repeat("hello world, naïve 日本語 "+strings.Repeat("x", 70)+"\n", 50))
	dst := tok.AppendIDs(nil, text)
	if n := testing.AllocsPerRun(20, func() { dst = tok.AppendIDs(dst[:0], text) }); n != 0 {
		t.Errorf("%v allocations a call", n)
	}
}

func TestManyGoroutinesGetTheSameIDs(t *testing.T) {
	tok := tiny(t, []string{"hello", " world"}, "<x>")
	r := rand.New(rand.NewPCG(5, 6))
	var texts []string
	var want [][]int32
	for range 200 {
		texts = append(texts, randomText(r))
		want = append(want, tok.Encode(texts[len(texts)-1]).IDs)
	}
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for i, s := range texts {
				if got := tok.Encode(s).IDs; !slices.Equal(got, want[i]) {
					t.Errorf("%q: %v, want %v", s, got, want[i])
				}
				tok.AppendIDs(nil, []byte(s))
			}
		})
	}
	done.Wait()
}

// The two ways of merging must agree; the heap is for words of more than shortWord symbols.
func TestLongAndShortMergesAgree(t *testing.T) {
	tok := tiny(t, []string{"aa", "aaa", "ab", "ba", "abab", "baab", "bb"})
	r := rand.New(rand.NewPCG(7, 8))
	var s scratch
	for range 5000 {
		n := 2 + r.IntN(shortWord-2)
		syms := make([]symbol, n)
		for i := range syms {
			syms[i] = symbol{tok.model.byteID["ab"[r.IntN(2)]], int32(i), int32(i + 1)}
		}
		short := slices.Clone(tok.model.mergeShort(&s, slices.Clone(syms)))
		if long := tok.model.mergeLong(&s, syms); !slices.Equal(short, long) {
			t.Fatalf("short %v, long %v", short, long)
		}
	}
}

// So must they where merges make pairs that come before the pair under way, as no trainer would order them.
func TestMergesOfAnyOrderAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	var s scratch
	for range 10_000 {
		m := new(bpe)
		for range 1 + r.IntN(24) {
			m.merges = append(m.merges, [2]int32{int32(r.IntN(5)), int32(r.IntN(5))})
			m.results = append(m.results, int32(r.IntN(5)))
		}
		m.table = newPairTable(m.merges)
		syms := make([]symbol, 2+r.IntN(shortWord-2))
		id, change := int32(0), 1+6*r.IntN(3) // runs of several lengths
		for i := range syms {
			if r.IntN(change) == 0 {
				id = int32(r.IntN(2))
			}
			syms[i] = symbol{id, int32(i), int32(i + 1)}
		}
		short := slices.Clone(m.mergeShort(&s, slices.Clone(syms)))
		if long := m.mergeLong(&s, slices.Clone(syms)); !slices.Equal(short, long) {
			t.Fatalf("%v: short %v, long %v", syms, short, long)
		}
	}
}

func TestText(t *testing.T) {
	tok := tiny(t, []string{" tea", "日"}, "<x>")
	for token, want := range map[string]string{"Ġtea": " tea", "Ã": "<0xC3>", "æĹ¥": "日", "æĹ": "<0xE6><0x97>", "<x>": "<x>"} {
		id, ok := tok.ID(token)
		if got := tok.Text(id); !ok || got != want {
			t.Errorf("%s: %q, want %q", token, got, want)
		}
	}
	if _, ok := tok.Token(int32(tok.VocabSize())); ok || tok.Text(-1) != "" {
		t.Error("ids outside the table have a token")
	}
}
