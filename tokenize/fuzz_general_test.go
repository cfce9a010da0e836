package tokenize

import (
	"slices"
	"testing"
	"unicode/utf8"
)

// FuzzComponents encodes and decodes with one of the golden's tokenizers.
func FuzzComponents(f *testing.F) {
	g := readComponents(f)
	toks := make([]*Tokenizer, len(g.Cases))
	for i, text := range g.Texts {
		f.Add(uint16(i*7), text)
	}
	f.Fuzz(func(t *testing.T, which uint16, text string) {
		k := int(which) % len(toks)
		if toks[k] == nil {
			tok, err := Parse(g.Cases[k].file)
			if err != nil {
				t.Fatal(err)
			}
			toks[k] = tok
		}
		tok := toks[k]
		e := tok.Encode(text)
		for i, o := range e.Offsets {
			if o[0] < 0 || o[0] > o[1] || o[1] > len(text) || tok.vocab != nil && int(e.IDs[i]) >= tok.VocabSize() {
				t.Fatalf("%s: %q: token %d has offset %v", g.Cases[k].Name, text, i, o)
			}
		}
		data := tok.EncodeWith(text, EncodeOptions{AsData: true})
		if ids := tok.AppendIDs(nil, []byte(text)); !slices.Equal(ids, data.IDs) {
			t.Fatalf("%s: %q: AppendIDs %v, Encode %v", g.Cases[k].Name, text, ids, data.IDs)
		}
		unknown := int32(-1)
		switch m := modelOf(tok).(type) {
		case *wordPiece:
			unknown = m.unk
		case *wordLevel:
			unknown = m.unk
		case *unigram:
			unknown = m.unk
		case *charBPE:
			unknown = m.unk
		}
		for _, id := range data.IDs {
			if tok.IsSpecial(id) && id != unknown {
				t.Fatalf("%s: %q: data gave special id %d", g.Cases[k].Name, text, id)
			}
		}
		stream, joined := tok.NewStreamDecoder(false), ""
		for _, id := range e.IDs {
			joined += stream.Next(id)
		}
		joined += stream.Flush()
		if !utf8.ValidString(joined) || !utf8.ValidString(tok.Decode(e.IDs, true)) {
			t.Fatalf("%s: %q: decoded text is not UTF-8", g.Cases[k].Name, text)
		}
		tok.EncodePair(text, "a b", EncodeOptions{ApplyLimits: true})
	})
}

func FuzzPattern(f *testing.F) {
	for _, p := range []string{cl100kPattern, o200kPattern, `(?i:a)|[^\W\d_]+?(?!b)`, `(?<=a|bc)d*+`, `[[:^alpha:]a-c&&[^b]]{2,3}`, `\p{Han}|\x{61}|\R`, `(a`, `[`, `\`, `(?>a|ab)c|(?#x)(?x: a # b)`} {
		f.Add(p, "aB c12\n日本 ab", false)
	}
	f.Fuzz(func(t *testing.T, source, text string, _ bool) {
		find, err := newPattern(source)
		if err != nil || len(text) > 1000 {
			return
		}
		last := int32(0)
		for _, m := range find.matches(nil, []byte(text)) {
			if m[0] < last || m[1] < m[0] || int(m[1]) > len(text) {
				t.Fatalf("%q on %q: match %v behind %d", source, text, m, last)
			}
			last = m[1]
		}
	})
}

func FuzzSentencePiece(f *testing.F) {
	field := func(n byte, b string) string { return string([]byte{n<<3 | 2, byte(len(b))}) + b }
	model := field(1, field(1, "<unk>")+"\x18\x02") + field(1, field(1, "▁a")+"\x15\x00\x00\x80\xbf") + field(1, field(1, "a")) + field(1, field(1, "▁"))
	f.Add([]byte(model))
	f.Add([]byte(model + field(2, "\x18\x02\xa0\x02\x00") + field(3, "\x18\x01\x20\x00")))
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := ParseSentencePiece(data)
		if err != nil {
			return
		}
		tok.Encode("a aa\u0301 b")
		if again, err := Parse(tok.Bytes()); err != nil || again.Hash() != tok.Hash() {
			t.Fatalf("saved and read again: %v", err)
		}
	})
}

func FuzzTiktoken(f *testing.F) {
	f.Add([]byte("YQ== 0\nYg== 1\nYWI= 2\n"))
	f.Add([]byte("YQ== 0\r\n\r\nYQ== x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := ParseTiktoken(data, cl100kPattern, map[string]int{"<e>": 70000})
		if err != nil {
			return
		}
		tok.Encode("abab <e> é")
		if again, err := Parse(tok.Bytes()); err != nil || again.Hash() != tok.Hash() {
			t.Fatalf("saved and read again: %v", err)
		}
	})
}

func FuzzVocabText(f *testing.F) {
	f.Add([]byte("[PAD]\r\n[UNK]\r\nab\r\nab\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if tok, err := ParseVocabText(data, true); err == nil {
			tok.Encode("ab [UNK] é")
		}
	})
}
